package awssim

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// line is a queue of a region, for a test.
type line struct {
	*region
	sqs *SQS
	url *string
}

func lineUp(t *testing.T, name string, attributes map[string]string) *line {
	t.Helper()
	r := open(t, nil)
	l := &line{r, r.SQS("AIDA"), nil}
	for _, dead := range []string{"dead", "dead.fifo"} {
		in := &sqs.CreateQueueInput{QueueName: aws.String(dead)}
		if strings.HasSuffix(dead, ".fifo") {
			in.Attributes = map[string]string{"FifoQueue": "true"}
		}
		if _, err := l.sqs.CreateQueue(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	out, err := l.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	l.url = out.QueueUrl
	return l
}

// take is what is handed over now, by its bodies.
func (l *line) take(most int32) (bodies []string, receipts []string) {
	l.t.Helper()
	out, err := l.sqs.ReceiveMessage(l.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: l.url, MaxNumberOfMessages: most})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, m := range out.Messages {
		bodies, receipts = append(bodies, *m.Body), append(receipts, *m.ReceiptHandle)
	}
	return bodies, receipts
}

// creating, sending, taking and dropping are calls of a line.
func creating(name, key, value string) func(*line) error {
	return func(l *line) error {
		_, err := l.sqs.CreateQueue(l.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{key: value}})
		return err
	}
}

func sending(in sqs.SendMessageInput) func(*line) error {
	return func(l *line) error {
		in.QueueUrl = l.url
		_, err := l.sqs.SendMessage(l.t.Context(), &in)
		return err
	}
}

func taking(in sqs.ReceiveMessageInput) func(*line) error {
	return func(l *line) error {
		in.QueueUrl = l.url
		_, err := l.sqs.ReceiveMessage(l.t.Context(), &in)
		return err
	}
}

func dropping(ids ...string) func(*line) error {
	return func(l *line) error {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: l.url}
		for _, id := range ids {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(id), ReceiptHandle: aws.String("x")})
		}
		_, err := l.sqs.DeleteMessageBatch(l.t.Context(), in)
		return err
	}
}

func ending(l *line) error {
	if _, err := l.sqs.DeleteQueue(l.t.Context(), &sqs.DeleteQueueInput{QueueUrl: l.url}); err != nil {
		l.t.Error(err)
	}
	return taking(sqs.ReceiveMessageInput{})(l)
}

func TestWhatAQueueRefuses(t *testing.T) {
	body := aws.String("body")
	for _, tt := range []struct {
		name string
		fifo bool
		call func(*line) error
		want string
	}{
		{"another queue of the name", false, creating("line", "VisibilityTimeout", "7"), "QueueNameExists"},
		{"more than twelve hours", false, creating("other", "VisibilityTimeout", "43201"), "InvalidAttributeValue"},
		{"dead letters of another kind", false, creating("other", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:dead.fifo","maxReceiveCount":5}`), "InvalidParameterValue"},
		{"dead letters to nowhere", false, creating("other", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:none","maxReceiveCount":5}`), "InvalidParameterValue"},
		{"what this simulation does not know", false, creating("other", "KmsMasterKeyId", "x"), "InvalidAttributeName"},
		{"a FIFO queue without its suffix", false, creating("other", "FifoQueue", "true"), "InvalidParameterValue"},
		{"an odd name", false, creating("a b", "VisibilityTimeout", "7"), "InvalidParameterValue"},
		{"no body", false, sending(sqs.SendMessageInput{}), "MissingParameter"},
		{"more than a mebibyte", false, sending(sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", mostSize+1))}), "InvalidParameterValue"},
		{"a delay beyond a quarter of an hour", false, sending(sqs.SendMessageInput{MessageBody: body, DelaySeconds: 901}), "InvalidParameterValue"},
		{"a delay of one message of a group", true, sending(sqs.SendMessageInput{MessageBody: body, MessageGroupId: body, MessageDeduplicationId: body, DelaySeconds: 1}), "InvalidParameterValue"},
		{"no group", true, sending(sqs.SendMessageInput{MessageBody: body, MessageDeduplicationId: body}), "MissingParameter"},
		{"nothing to know a repeat by", true, sending(sqs.SendMessageInput{MessageBody: body, MessageGroupId: body}), "InvalidParameterValue"},
		{"more than ten at once", false, taking(sqs.ReceiveMessageInput{MaxNumberOfMessages: 11}), "InvalidParameterValue"},
		{"a wait beyond twenty seconds", false, taking(sqs.ReceiveMessageInput{WaitTimeSeconds: 21}), "InvalidParameterValue"},
		{"no deletes", false, dropping(), "EmptyBatchRequest"},
		{"eleven deletes", false, dropping(strings.Split("abcdefghijk", "")...), "TooManyEntriesInBatchRequest"},
		{"one delete twice", false, dropping("a", "a"), "BatchEntryIdsNotDistinct"},
		{"a queue that was ended", false, ending, "QueueDoesNotExist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := lineUp(t, "line", nil)
			if tt.fifo {
				l = lineUp(t, "line.fifo", map[string]string{"FifoQueue": "true"})
			}
			if got := code(tt.call(l)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAReceiptOfNoMessageIsRefusedAndAnOldOneDeletesNothing(t *testing.T) {
	l := lineUp(t, "line", map[string]string{"VisibilityTimeout": "10"})
	if _, err := l.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: l.url, MessageBody: aws.String("a")}); err != nil {
		t.Fatal(err)
	}
	_, old := l.take(10)
	l.pass(11 * time.Second)
	_, young := l.take(10)
	drop := func(receipt string) (failed int) {
		out, err := l.sqs.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{
			QueueUrl: l.url, Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("0"), ReceiptHandle: &receipt}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Failed)
	}
	if got := []int{drop("x"), drop("x/1"), drop(old[0])}; cmp.Diff([]int{1, 1, 0}, got) != "" {
		t.Errorf("refused %v", got)
	}
	l.pass(11 * time.Second)
	if left, _ := l.take(10); len(left) != 1 {
		t.Errorf("left %v", left)
	}
	if drop(young[0]) != 0 {
		t.Error("refused")
	}
}
