package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const (
	lookGroup = "looks" // the one message group: looks are serial
	quarter   = 250 * time.Millisecond
	skew      = 50 * time.Millisecond // by which clocks of AWS's hosts may differ
)

// Looks is the queue of wakes, for those who send.
type Looks struct {
	SQS SendAPI
	URL string // of a FIFO queue
	Now func() time.Time
}

// Wake asks for a look that sees what was recorded before the call.
func (q *Looks) Wake(ctx context.Context) error {
	at := q.Now()
	return q.send(ctx, kindWake, at, at.UnixMilli()/quarter.Milliseconds())
}

// Full asks for a look at all that EC2 and GitHub have, once a second at most.
func (q *Looks) Full(ctx context.Context) error {
	at := q.Now()
	return q.send(ctx, kindFull, at, at.Unix())
}

func (q *Looks) send(ctx context.Context, kind string, at time.Time, span int64) error {
	err := send(ctx, q.SQS, &sqs.SendMessageInput{
		QueueUrl: aws.String(q.URL), MessageBody: aws.String(wakeBody(kind, at)),
		MessageGroupId: aws.String(lookGroup), MessageDeduplicationId: aws.String(fmt.Sprintf("%s-%d", kind, span)),
	})
	if err != nil {
		return fmt.Errorf("send %s: %w", kind, err)
	}
	return nil
}

// DecodeWake reads a message of the looks' queue. Whatever it says, it asks for
// a look: one that this version cannot read is a wake without an instant.
func DecodeWake(body []byte) Wake {
	m, err := messageOf(body)
	if err != nil {
		return Wake{}
	}
	return Wake{At: m.At, Full: m.Kind == kindFull}
}

// Due is when a look for a wake may begin: when no wake that stands for the same
// quarter of a second can come any more.
func (w Wake) Due() time.Time {
	if w.At.IsZero() || w.Full {
		return w.At
	}
	return w.At.Truncate(quarter).Add(quarter + skew)
}
