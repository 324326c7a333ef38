package provisiontest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/queue"
)

const (
	hidden = 2 // seconds that a message is hidden which was handed over
	tries  = 3 // before it goes to the dead letters
	again  = hidden*time.Second + 500*time.Millisecond
)

// post is a queue of a test's own, with its dead letters and with a ledger.
type post struct {
	t         *testing.T
	e         Env
	url, dead string
	book      *book
	log       bytes.Buffer
	wakes     int
}

// newPost makes the queues as a deployment does. A FIFO queue has the suffix
// ".fifo".
func newPost(t *testing.T, e Env, suffix string) *post {
	t.Helper()
	p := &post{t: t, e: e, book: &book{}}
	p.dead = p.create("dead"+suffix, nil)
	p.url = p.create("live"+suffix, map[string]string{
		"VisibilityTimeout": fmt.Sprint(hidden),
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s-dead%s","maxReceiveCount":%d}`, e.Region, e.Account, e.Fleet, suffix, tries),
	})
	if e.Paid {
		e.Wait(time.Second) // SQS wants it after a queue was made
	}
	return p
}

func (p *post) create(name string, attributes map[string]string) string {
	p.t.Helper()
	all := map[string]string{}
	maps.Copy(all, attributes)
	if strings.HasSuffix(name, ".fifo") {
		all["FifoQueue"] = "true"
	}
	out, err := p.e.SQS.CreateQueue(p.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(p.e.Fleet + "-" + name), Attributes: all})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if _, err := p.e.SQS.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}); err != nil {
			p.t.Error(err)
		}
	})
	return aws.ToString(out.QueueUrl)
}

// event is about a job of a number.
func (p *post) event(job int) fleet.Event {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	return fleet.Event{ID: fmt.Sprint("guid-", job), Kind: "workflow_job.queued", At: at, Job: &fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(job), Attempt: 1}, Run: 5, Repo: "acme/widgets", Name: "build",
		Class:  fleet.Class{Scope: fleet.Scope{Installation: 1, Owner: "acme"}, Labels: fleet.NewLabels("self-hosted", "arm64")},
		Status: fleet.Queued, QueuedAt: at,
	}}
}

func (p *post) send(events ...fleet.Event) {
	p.t.Helper()
	q := &queue.Events{SQS: p.e.SQS, URL: p.url, Now: p.e.Now}
	if _, err := q.Record(p.t.Context(), events...); err != nil {
		p.t.Fatal(err)
	}
}

// raw sends a text.
func (p *post) raw(body string) {
	p.t.Helper()
	if _, err := p.e.SQS.SendMessage(p.t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(p.url), MessageBody: aws.String(body)}); err != nil {
		p.t.Fatal(err)
	}
}

// oncePolled is SQS for a poller that polls one time.
type oncePolled struct {
	SQSAPI
	end   context.CancelFunc
	began chan struct{}
	got   []types.Message
}

func (o *oncePolled) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, options ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	select {
	case <-o.began:
		o.end()
		return nil, ctx.Err()
	default:
		close(o.began)
	}
	out, err := o.SQSAPI.ReceiveMessage(ctx, in, options...)
	if err == nil {
		o.got = out.Messages
	}
	return out, err
}

// pollLimit bounds a poll of a queue that should have something.
const pollLimit = 30 * time.Second

// poll has a poller take in one batch.
func (p *post) poll(reports bool) []types.Message { return p.polled(reports, make(chan struct{})) }

// polled is poll, and closes a channel when it begins.
func (p *post) polled(reports bool, began chan struct{}) []types.Message {
	ctx, end := context.WithTimeout(p.t.Context(), pollLimit)
	defer end()
	once := &oncePolled{SQSAPI: p.e.SQS, end: end, began: began}
	log := slog.New(slog.NewTextHandler(&p.log, nil))
	poller := &queue.Poller{
		SQS: once, URL: p.url, Reports: reports, Wake: func() { p.wakes++ }, Log: log,
		Intake: &queue.Intake{Recorder: p.book, Now: p.e.Now, Log: log},
		After: func(time.Duration) <-chan time.Time {
			now := make(chan time.Time)
			close(now)
			return now
		},
	}
	if err := poller.Run(ctx); err != nil {
		p.t.Error(err)
	}
	return once.got
}

// until polls until something is so.
func (p *post) until(what string, done func() bool) {
	p.t.Helper()
	for nothing := 0; nothing < 2; { // one answer may be lost
		if len(p.poll(false)) == 0 {
			nothing++
		}
		if done() {
			return
		}
		p.e.Wait(again)
	}
	p.t.Fatalf("never: %s; the log says:\n%s", what, p.log.String())
}

// handed is what a queue hands over now, one message if not more are asked for.
func (p *post) handed(url string, most int32) []types.Message {
	p.t.Helper()
	out, err := p.e.SQS.ReceiveMessage(p.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(url), MaxNumberOfMessages: most})
	if err != nil {
		p.t.Fatal(err)
	}
	return out.Messages
}

// quiet checks that nothing is left in the queue, hidden or not.
func (p *post) quiet() {
	p.t.Helper()
	p.e.Wait(again)
	for _, m := range p.handed(p.url, 10) {
		p.t.Errorf("left in the queue: %s", aws.ToString(m.Body))
	}
}

var errRefused = errors.New("refused")

// book is a ledger: it knows events by their IDs, and refuses one if it is told.
type book struct {
	mu     sync.Mutex
	events []fleet.Event
	known  int    // events that it had already
	refuse string // the ID of one
	before func() // runs once, before the next is recorded
}

// Record keeps what is news.
func (b *book) Record(_ context.Context, events ...fleet.Event) (fresh []bool, err error) {
	b.mu.Lock()
	before := b.before
	b.before = nil
	b.mu.Unlock()
	if before != nil {
		before()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range events {
		if e.ID == b.refuse {
			return nil, errRefused
		}
		news := !slices.Contains(b.has(), e.ID)
		if fresh = append(fresh, news); !news {
			b.known++
			continue
		}
		b.events = append(b.events, e)
	}
	return fresh, nil
}

// has is the IDs of what is recorded, sorted.
func (b *book) has() (ids []string) {
	for _, e := range b.events {
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	return ids
}
