package provisiontest

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/queue"
)

func later(t *testing.T, e Env) {
	p := newPost(t, e, "")
	q := &queue.Events{SQS: e.SQS, URL: p.url, Now: e.Now}
	if err := q.Later(t.Context(), e.Now().Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	if early := p.handed(p.url, 10); len(early) != 0 {
		t.Errorf("handed over at once: %+v", early)
	}
	e.Wait(3 * time.Second)
	if got := p.poll(false); len(got) != 1 || p.wakes != 1 || len(p.book.events) != 0 {
		t.Errorf("handed over %+v, %d wakes, recorded %v", got, p.wakes, p.book.has())
	}
	p.quiet()
}

func reports(t *testing.T, e Env) {
	p := newPost(t, e, "")
	tell := func(by queue.SendAPI, about fleet.MachineID) {
		t.Helper()
		q := &queue.Reports{SQS: by, URL: p.url}
		if err := q.Send(t.Context(), fleet.Report{Machine: about, At: e.Now(), Kind: fleet.ReportReady}); err != nil {
			t.Fatal(err)
		}
	}
	tell(e.SQS, machine) // no machine sends as the manager
	if got := p.poll(true); len(got) != 1 || got[0].Attributes["SenderId"] == "" || len(p.book.events) != 0 {
		t.Errorf("handed over %+v, recorded %v", got, p.book.has())
	}
	if !e.right(t, SendersAlike) || e.As == nil {
		return
	}
	const other = fleet.MachineID("i-0fedcba9876543210")
	tell(e.As(machine), other)
	tell(e.As(machine), machine)
	if got := p.poll(true); len(got) != 2 {
		t.Errorf("handed over %+v", got)
	}
	var got []fleet.MachineID
	for _, event := range p.book.events {
		got = append(got, event.Report.Machine)
	}
	if diff := cmp.Diff([]fleet.MachineID{machine}, got); diff != "" {
		t.Errorf("believed about (-want +got):\n%s", diff)
	}
}

// looks reads the queue as Lambda does for its function: one message of a group
// after the other.
func looks(t *testing.T, e Env) {
	p := newPost(t, e, ".fifo")
	second := e.Now().Truncate(time.Second)
	ask := func(after time.Duration, full bool) {
		t.Helper()
		q := &queue.Looks{SQS: e.SQS, URL: p.url, Now: func() time.Time { return second.Add(after) }}
		do := q.Wake
		if full {
			do = q.Full
		}
		if err := do(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	const ms = time.Millisecond
	for _, after := range []time.Duration{0, 100 * ms, 240 * ms, 300 * ms} {
		ask(after, false)
	}
	ask(0, true)
	ask(900*ms, true)
	var got []string
	for range 4 {
		list := p.handed(p.url, 1)
		if len(list) == 0 {
			break
		}
		w := queue.DecodeWake([]byte(aws.ToString(list[0].Body)))
		got = append(got, fmt.Sprintf("%s full=%t", w.At.Sub(second), w.Full))
		if beside := p.handed(p.url, 10); len(beside) != 0 {
			t.Errorf("a second look beside the first: %+v", beside)
		}
		p.drop(list[0])
	}
	if diff := cmp.Diff([]string{"0s full=false", "300ms full=false", "0s full=true"}, got); diff != "" {
		t.Errorf("wakes (-want +got):\n%s", diff)
	}
	if !e.right(t, DeletedForgotten) {
		return
	}
	ask(50*ms, false) // its quarter was looked at, so it stands for nothing new
	p.quiet()
}

func (p *post) drop(m types.Message) {
	p.t.Helper()
	out, err := p.e.SQS.DeleteMessageBatch(p.t.Context(), &sqs.DeleteMessageBatchInput{
		QueueUrl: aws.String(p.url), Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("0"), ReceiptHandle: m.ReceiptHandle}},
	})
	if err != nil || len(out.Failed) != 0 {
		p.t.Fatalf("delete: %+v, error %v", out, err)
	}
}
