package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/runfleet/runfleet/provision/awsproxy"
)

// feed does what AWS does between queues, the function's URL, the minute and the
// functions, until the test ends. It returns the URL.
func (d *deployment) feed() (url string) {
	ctx := d.t.Context()
	d.ends.Go(func() { d.poll(ctx, d.events, d.intake) })
	d.ends.Go(func() { d.poll(ctx, d.events, d.intake) })
	d.ends.Go(func() { d.poll(ctx, d.reports, d.intake) })
	// SQS hands out one batch of a message group at a time.
	d.ends.Go(func() { d.poll(ctx, d.looks, d.look) })
	d.ends.Go(func() {
		again := time.NewTicker(tickTime)
		defer again.Stop()
		for {
			d.tick.invoke(ctx, []byte(`{}`), nil)
			select {
			case <-ctx.Done():
				return
			case <-again.C:
			}
		}
	})
	front := httptest.NewServer(http.HandlerFunc(d.called))
	d.t.Cleanup(func() {
		front.Close()
		d.ends.Wait() // their context is over
	})
	return front.URL
}

// called is the URL of the function webhook.
func (d *deployment) called(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	payload, err := json.Marshal(map[string]any{
		"version": "2.0", "rawPath": r.URL.Path, "headers": headers, "body": string(body), "isBase64Encoded": false,
		"requestContext": map[string]any{"http": map[string]string{"method": r.Method, "path": r.URL.Path, "sourceIp": "192.0.2.1"}},
	})
	if err != nil {
		d.t.Error(err)
		return
	}
	got := d.webhook.invoke(r.Context(), payload, nil)
	var answer struct {
		StatusCode int
		Headers    map[string]string
		Body       string
	}
	if got.lost || json.Unmarshal(got.body, &answer) != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.WriteString(w, answer.Body) // who hung up needs no answer
}

// poll hands a queue's messages to a function, batch by batch, and deletes what
// it does not name as failed. Every third batch it hands over twice, and at once:
// an event may come again, and a look may go on when its wake does. Such a batch
// has no murderer: whose write is whose could not be told.
func (d *deployment) poll(ctx context.Context, queue string, f *function) {
	for n := 0; ctx.Err() == nil; {
		out, err := d.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(queue), MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: []string{"sender"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		})
		if err != nil && ctx.Err() == nil {
			d.t.Error(err)
			return
		}
		if err != nil || len(out.Messages) == 0 {
			continue
		}
		payload := batch(queue, out.Messages)
		var begun func(*sandbox, *invocation)
		if n++; n%3 != 0 {
			begun = d.murderer(out.Messages)
		} else {
			if queue == d.events {
				d.twice.Add(1)
			}
			d.ends.Go(func() { f.invoke(ctx, payload, nil) })
		}
		if got := f.invoke(ctx, payload, begun); !got.lost && !got.failed {
			d.delete(ctx, queue, out.Messages, got.body)
		}
	}
}

// batch is messages as Lambda hands them over.
func batch(queue string, messages []types.Message) []byte {
	type record struct {
		ID         string            `json:"messageId"`
		Receipt    string            `json:"receiptHandle"`
		Body       string            `json:"body"`
		Attributes map[string]string `json:"attributes"`
		Source     string            `json:"eventSource"`
		ARN        string            `json:"eventSourceARN"`
		Region     string            `json:"awsRegion"`
	}
	var all struct{ Records []record }
	for _, m := range messages {
		if sender, ok := m.MessageAttributes["sender"]; ok {
			m.Attributes["SenderId"] = aws.ToString(sender.StringValue) // moto has one sender for all
		}
		all.Records = append(all.Records, record{
			aws.ToString(m.MessageId), aws.ToString(m.ReceiptHandle), aws.ToString(m.Body), m.Attributes, "aws:sqs", arn(queue), region,
		})
	}
	payload, err := json.Marshal(all)
	if err != nil {
		panic(err) // texts only
	}
	return payload
}

func (d *deployment) delete(ctx context.Context, queue string, messages []types.Message, answer []byte) {
	var left struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if err := json.Unmarshal(answer, &left); err != nil {
		d.t.Errorf("answer %s: %v", answer, err)
	}
	stays := map[string]bool{}
	for _, f := range left.BatchItemFailures {
		stays[f.ItemIdentifier] = true
	}
	for _, m := range messages {
		if stays[aws.ToString(m.MessageId)] {
			continue
		}
		_, err := d.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String(queue), ReceiptHandle: m.ReceiptHandle})
		if err != nil && ctx.Err() == nil {
			d.t.Error(err)
		}
	}
}

// murderer is what kills the sandbox that has a batch of events, once it wrote one
// of them, if that was asked for. A batch without any has none.
func (d *deployment) murderer(messages []types.Message) func(*sandbox, *invocation) {
	ids := deliveriesOf(messages)
	if len(ids) == 0 || !d.kill.CompareAndSwap(true, false) {
		return nil
	}
	return func(s *sandbox, in *invocation) {
		var once sync.Once
		d.wire.Watch(func(c awsproxy.Call) {
			if c.Operation != "TransactWriteItems" || !slices.ContainsFunc(ids, func(id string) bool { return bytes.Contains(c.Body, []byte(id)) }) {
				return
			}
			once.Do(func() {
				d.wire.Watch(nil)
				if !s.kill(in) {
					d.kill.Store(true) // it was too quick: the next one
				}
			})
		})
	}
}

// deliveriesOf are the ids of the deliveries that messages hold.
func deliveriesOf(messages []types.Message) (ids []string) {
	for _, m := range messages {
		var e struct{ ID string }
		if json.Unmarshal([]byte(aws.ToString(m.Body)), &e) == nil && e.ID != "" {
			ids = append(ids, e.ID)
		}
	}
	return ids
}
