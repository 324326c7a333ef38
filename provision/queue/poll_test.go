package queue

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// answers is an SQS that hands over what a test has in mind, poll by poll, and
// then ends the polling.
type answers struct {
	polls   []func() ([]types.Message, error)
	end     context.CancelFunc
	deleted []string // receipts
	stays   bool     // what is deleted
	refuse  error    // to delete
}

func (a *answers) ReceiveMessage(_ context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if in.WaitTimeSeconds != 20 || in.MaxNumberOfMessages != 10 || len(in.MessageSystemAttributeNames) != 2 {
		return nil, errors.New("polled in another way")
	}
	if len(a.polls) == 0 {
		a.end()
		return nil, context.Canceled
	}
	next := a.polls[0]
	a.polls = a.polls[1:]
	list, err := next()
	return &sqs.ReceiveMessageOutput{Messages: list}, err
}

func (a *answers) DeleteMessageBatch(_ context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	out := &sqs.DeleteMessageBatchOutput{}
	for _, e := range in.Entries {
		a.deleted = append(a.deleted, *e.ReceiptHandle)
		if a.stays {
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String("ReceiptHandleIsInvalid")})
		}
	}
	return out, a.refuse
}

// handed is messages as SQS hands them over.
func handed(all ...Received) func() ([]types.Message, error) {
	var list []types.Message
	for _, m := range all {
		list = append(list, types.Message{
			MessageId: aws.String(m.ID), Body: aws.String(m.Body), ReceiptHandle: aws.String("receipt-" + m.ID),
			Attributes: map[string]string{"SenderId": m.Sender, "ApproximateReceiveCount": "2"},
		})
	}
	return func() ([]types.Message, error) { return list, nil }
}

func failing(err error) func() ([]types.Message, error) {
	return func() ([]types.Message, error) { return nil, err }
}

// poll runs a poller until the answers are over.
func poll(t *testing.T, a *answers, b *book) (wakes int, pauses []time.Duration, log string) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	a.end = end
	var text bytes.Buffer
	in, _ := intake(b)
	in.Log = slog.New(slog.NewTextHandler(&text, nil))
	p := &Poller{
		SQS: a, URL: "events", Intake: in, Wake: func() { wakes++ }, Log: in.Log,
		After: func(d time.Duration) <-chan time.Time {
			pauses = append(pauses, d)
			now := make(chan time.Time, 1)
			now <- noon
			return now
		},
	}
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return wakes, pauses, text.String()
}

func TestWhatIsRecordedIsDeletedAndNothingElse(t *testing.T) {
	a := &answers{polls: []func() ([]types.Message, error){
		handed(of("a", 1), Received{ID: "x", Body: "poison"}, of("b", 9)), handed(), handed(Received{ID: "x", Body: "poison"}), handed(of("c", 3)),
	}}
	wakes, pauses, log := poll(t, a, &book{refuse: 9})
	if diff := cmp.Diff([]string{"receipt-a", "receipt-c"}, a.deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	if wakes != 2 || len(pauses) != 0 {
		t.Errorf("%d wakes, pauses %v", wakes, pauses)
	}
	for _, want := range []string{"msg=messages known=1 malformed=1 unrecorded=1", "times=2"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
}

func TestAQueueThatDoesNotAnswerIsAskedEverMoreSeldom(t *testing.T) {
	down := failing(errBusy)
	a := &answers{polls: []func() ([]types.Message, error){
		down, down, down, down, down, down, down, down, handed(of("a", 1)), down,
	}}
	_, pauses, log := poll(t, a, &book{})
	s := time.Second
	if diff := cmp.Diff([]time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s, s}, pauses); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
	if !strings.Contains(log, "queue not polled") {
		t.Error("nobody is told")
	}
}

func TestWhatCannotBeDeletedIsTold(t *testing.T) {
	for _, a := range []*answers{{refuse: errBusy}, {stays: true}} {
		a.polls = []func() ([]types.Message, error){handed(of("a", 1))}
		wakes, pauses, log := poll(t, a, &book{})
		if wakes != 1 || len(pauses) != 1 || !strings.Contains(log, "delete") {
			t.Errorf("%d wakes, pauses %v:\n%s", wakes, pauses, log)
		}
	}
}
