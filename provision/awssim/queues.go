package awssim

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// SQS has the SDK's methods that the fleet and its machines call, and those that
// make a queue and end it.
type SQS struct {
	a      *Account
	sender string // as receivers are told
}

// SQS is the account's queues, in the SDK's method set, for somebody whom
// receivers know as sender: of a machine, ROLE-ID:INSTANCE-ID.
func (a *Account) SQS(sender string) *SQS { return &SQS{a, sender} }

// queue is one queue of SQS.
type queue struct {
	name     string
	fifo     bool
	hidden   time.Duration        // a message that was handed over
	tries    int                  // times that one is handed over; 0: for ever
	dead     *queue               // where it goes then
	messages []*mail              // by their sending
	known    map[string]bool      // ids of all that were ever sent to it
	sent     map[string]time.Time // deduplication ids
	stirred  chan struct{}        // closed when a message may be had
}

// Default and largest values, in seconds. Source: SQS's API reference.
const (
	usualHidden = 30
	mostHidden  = 43200
	mostDelay   = 900
	mostWait    = 20
	mostSize    = 1 << 20 // bytes of a body
	mostBatch   = 10
	sameWithin  = 5 * time.Minute // two messages with one deduplication id are one
)

var queueName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

// CreateQueue makes a queue, or names the one that is there with the same
// attributes. It knows VisibilityTimeout, FifoQueue and RedrivePolicy.
func (s *SQS) CreateQueue(ctx context.Context, in *sqs.CreateQueueInput, _ ...func(*sqs.Options)) (*sqs.CreateQueueOutput, error) {
	return answer(ctx, s.a, request{service: "sqs", op: "CreateQueue"}, func() (*sqs.CreateQueueOutput, error) {
		made, err := s.a.newQueue(aws.ToString(in.QueueName), in.Attributes)
		if err != nil {
			return nil, err
		}
		switch old := s.a.queues[s.a.url(made.name)]; {
		case old == nil:
			s.a.queues[s.a.url(made.name)] = made
		case old.hidden != made.hidden || old.tries != made.tries || old.dead != made.dead:
			return nil, &types.QueueNameExists{Message: aws.String("A queue already exists with the same name and a different value for an attribute.")}
		}
		return &sqs.CreateQueueOutput{QueueUrl: aws.String(s.a.url(made.name))}, nil
	})
}

func (a *Account) url(name string) string {
	return "https://sqs." + a.cfg.Region + ".amazonaws.com/" + a.cfg.Account + "/" + name
}

func (a *Account) newQueue(name string, attributes map[string]string) (*queue, error) {
	q := &queue{name: name, hidden: usualHidden * time.Second, known: map[string]bool{}, sent: map[string]time.Time{}, stirred: make(chan struct{})}
	short, suffixed := strings.CutSuffix(name, ".fifo")
	if !queueName.MatchString(short) {
		return nil, wrongValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	for key, value := range attributes {
		switch key {
		case string(types.QueueAttributeNameFifoQueue):
			q.fifo = value == "true"
		case string(types.QueueAttributeNameVisibilityTimeout):
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 || n > mostHidden {
				return nil, &types.InvalidAttributeValue{Message: aws.String("Invalid value for the parameter VisibilityTimeout.")}
			}
			q.hidden = time.Duration(n) * time.Second
		case string(types.QueueAttributeNameRedrivePolicy):
			if err := a.redrive(q, value); err != nil {
				return nil, err
			}
		default:
			return nil, &types.InvalidAttributeName{Message: aws.String("awssim knows no attribute " + key)}
		}
	}
	if q.fifo != suffixed {
		return nil, wrongValue("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	}
	return q, nil
}

// redrive reads where messages go that nobody takes. A queue's own dead letters
// are of its kind.
func (a *Account) redrive(q *queue, policy string) error {
	var p struct {
		Target string      `json:"deadLetterTargetArn"`
		Tries  json.Number `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
		return &types.InvalidAttributeValue{Message: aws.String("Invalid value for the parameter RedrivePolicy.")}
	}
	tries, _ := p.Tries.Int64()
	q.tries, q.dead = int(tries), a.queues[a.url(p.Target[strings.LastIndex(p.Target, ":")+1:])]
	if q.dead == nil || q.dead.fifo != strings.HasSuffix(q.name, ".fifo") || tries < 1 || tries > 1000 {
		return wrongValue("Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist, is of another kind, or maxReceiveCount is not between 1 and 1000.", policy)
	}
	return nil
}

func wrongValue(format string, args ...any) error {
	return refuse("InvalidParameterValue", format, args...)
}

// DeleteQueue ends a queue and all that is in it.
func (s *SQS) DeleteQueue(ctx context.Context, in *sqs.DeleteQueueInput, _ ...func(*sqs.Options)) (*sqs.DeleteQueueOutput, error) {
	return answer(ctx, s.a, request{service: "sqs", op: "DeleteQueue"}, func() (*sqs.DeleteQueueOutput, error) {
		_, err := s.a.queue(in.QueueUrl)
		delete(s.a.queues, aws.ToString(in.QueueUrl))
		return &sqs.DeleteQueueOutput{}, err
	})
}

func (a *Account) queue(url *string) (*queue, error) {
	if q := a.queues[aws.ToString(url)]; q != nil {
		return q, nil
	}
	return nil, &types.QueueDoesNotExist{Message: aws.String("The specified queue does not exist.")}
}

// SendMessage keeps a message until somebody deletes it. In a FIFO queue, one
// with the deduplication id of another of the last five minutes is that other,
// also when that was deleted since.
func (s *SQS) SendMessage(ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	return answer(ctx, s.a, request{service: "sqs", op: "SendMessage"}, func() (*sqs.SendMessageOutput, error) {
		q, err := s.a.queue(in.QueueUrl)
		if err == nil {
			err = checkMessage(q, in)
		}
		if err != nil {
			return nil, err
		}
		id, now := s.a.messageID(q.name), s.a.cfg.Now()
		if key := aws.ToString(in.MessageDeduplicationId); q.fifo {
			if at, known := q.sent[key]; known && now.Sub(at) < sameWithin {
				return &sqs.SendMessageOutput{MessageId: aws.String(id)}, nil
			}
			q.sent[key] = now
		}
		q.known[id] = true
		wait := time.Duration(in.DelaySeconds) * time.Second
		q.messages = append(q.messages, &mail{
			id: id, body: aws.ToString(in.MessageBody), sender: s.sender, group: aws.ToString(in.MessageGroupId), from: now.Add(wait),
		})
		s.a.stir(q, wait)
		return &sqs.SendMessageOutput{MessageId: aws.String(id)}, nil
	})
}

func checkMessage(q *queue, in *sqs.SendMessageInput) error {
	size := len(aws.ToString(in.MessageBody))
	switch {
	case len(in.MessageAttributes)+len(in.MessageSystemAttributes) > 0:
		return refuse("UnsupportedOperation", "awssim knows no attributes of messages")
	case size == 0:
		return refuse("MissingParameter", "The request must contain the parameter MessageBody.")
	case size > mostSize:
		return wrongValue("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", mostSize)
	case in.DelaySeconds < 0 || in.DelaySeconds > mostDelay:
		return wrongValue("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= %d.", in.DelaySeconds, mostDelay)
	case q.fifo && in.DelaySeconds != 0:
		return wrongValue("Value %d for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.", in.DelaySeconds)
	case q.fifo && aws.ToString(in.MessageGroupId) == "":
		return refuse("MissingParameter", "The request must contain the parameter MessageGroupId.")
	case q.fifo && aws.ToString(in.MessageDeduplicationId) == "":
		return wrongValue("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case !q.fifo && cmp.Or(aws.ToString(in.MessageGroupId), aws.ToString(in.MessageDeduplicationId)) != "":
		return refuse("UnsupportedOperation", "awssim knows groups in FIFO queues only")
	}
	return nil
}
