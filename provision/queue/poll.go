package queue

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// PollAPI is all of SQS that polling needs. The SDK's client has it.
type PollAPI interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

const (
	longPoll   = 20 // seconds, the most that SQS waits
	batchSize  = 10 // messages, the most that SQS hands over
	pollPause  = time.Second
	mostPause  = time.Minute
	deleteTime = 10 * time.Second // also while the program stops
)

// Poller takes a queue's messages in, for a manager that is no function.
type Poller struct {
	SQS     PollAPI
	URL     string
	Reports bool // it is the reports' queue
	Intake  *Intake
	Wake    func() // called after something was recorded
	Log     *slog.Logger
	// After is a timer: time.After, or a scaled one.
	After func(time.Duration) <-chan time.Time
}

// Run polls until the context ends. What was recorded is deleted still.
func (p *Poller) Run(ctx context.Context) error {
	pause := pollPause
	for ctx.Err() == nil {
		err := p.poll(ctx)
		if err == nil || ctx.Err() != nil {
			pause = pollPause
			continue
		}
		p.Log.WarnContext(ctx, "queue not polled", "queue", p.URL, "again_in", pause, "error", err)
		select {
		case <-ctx.Done():
		case <-p.After(pause):
		}
		pause = min(2*pause, mostPause)
	}
	return nil
}

// poll takes in one batch.
func (p *Poller) poll(ctx context.Context) error {
	out, err := p.SQS.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(p.URL), WaitTimeSeconds: longPoll, MaxNumberOfMessages: batchSize,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameSenderId, types.MessageSystemAttributeNameApproximateReceiveCount,
		},
	})
	if err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	if len(out.Messages) == 0 {
		return nil
	}
	// A stop does not cut it short: what is recorded is to be deleted.
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTime)
	defer cancel()
	batch := make([]Received, len(out.Messages))
	for i, m := range out.Messages {
		times, _ := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
		batch[i] = Received{
			ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), Times: times, Reports: p.Reports,
			Sender: m.Attributes[string(types.MessageSystemAttributeNameSenderId)],
		}
	}
	taken := p.Intake.Take(whole, batch)
	p.Log.LogAttrs(ctx, slog.LevelInfo, "messages", taken.Log()...)
	if taken.Wake {
		p.Wake()
	}
	return p.delete(whole, out.Messages, taken.Failed)
}

// delete deletes what was taken in. What stays by mistake is known when it comes
// again.
func (p *Poller) delete(ctx context.Context, messages []types.Message, failed []string) error {
	stays := map[string]bool{}
	for _, id := range failed {
		stays[id] = true
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(p.URL)}
	for i, m := range messages {
		if !stays[aws.ToString(m.MessageId)] {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
		}
	}
	if len(in.Entries) == 0 {
		return nil
	}
	out, err := p.SQS.DeleteMessageBatch(ctx, in)
	if err != nil {
		return fmt.Errorf("delete %d messages: %w", len(in.Entries), err)
	}
	if n := len(out.Failed); n > 0 {
		return fmt.Errorf("delete: %d of %d messages stay, the first for %s", n, len(in.Entries), aws.ToString(out.Failed[0].Code))
	}
	return nil
}
