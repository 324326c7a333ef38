package awssim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// mail is a message in a queue.
type mail struct {
	id, body, sender, group string
	from                    time.Time // it is handed over, not before
	times                   int       // that it was
	receipt                 string    // of the last time
}

// stir wakes those who wait for a message, once one may be had.
func (a *Account) stir(q *queue, after time.Duration) {
	now := func() {
		close(q.stirred)
		q.stirred = make(chan struct{})
	}
	if after <= 0 {
		now()
		return
	}
	a.after(after, now)
}

func (a *Account) messageID(queue string) string {
	x, y := a.bits("message", queue), a.bits("message", queue)
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", x>>32, x>>16&0xffff, x&0xffff, y>>48, y&0xffffffffffff)
}

// ReceiveMessage hands over up to ten messages. With a wait it returns when there
// is one, the account's clock says that the wait is over, or the context ends: it
// blocks, so another goroutine must move that clock.
func (s *SQS) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	var q *queue
	var more, over chan struct{}
	out, err := answer(ctx, s.a, request{service: "sqs", op: "ReceiveMessage"}, func() (*sqs.ReceiveMessageOutput, error) {
		var err error
		if q, err = s.a.queue(in.QueueUrl); err == nil {
			err = checkPoll(in)
		}
		if err != nil {
			return nil, err
		}
		list := s.a.hand(q, in)
		if len(list) == 0 && in.WaitTimeSeconds > 0 {
			more, over = q.stirred, make(chan struct{})
			s.a.after(time.Duration(in.WaitTimeSeconds)*time.Second, func() { close(over) })
		}
		return &sqs.ReceiveMessageOutput{Messages: list}, nil
	})
	for err == nil && more != nil && len(out.Messages) == 0 {
		select {
		case <-ctx.Done():
			return nil, &smithy.CanceledError{Err: ctx.Err()}
		case <-over:
			return out, nil
		case <-more:
			s.a.do(func() { out.Messages, more = s.a.hand(q, in), q.stirred })
		}
	}
	return out, err
}

func checkPoll(in *sqs.ReceiveMessageInput) error {
	switch {
	case in.MaxNumberOfMessages < 0 || in.MaxNumberOfMessages > mostBatch:
		return wrongValue("Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and %d, if provided.", in.MaxNumberOfMessages, mostBatch)
	case in.WaitTimeSeconds < 0 || in.WaitTimeSeconds > mostWait:
		return wrongValue("Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= %d, if provided.", in.WaitTimeSeconds, mostWait)
	case in.VisibilityTimeout != 0 || in.ReceiveRequestAttemptId != nil || len(in.MessageAttributeNames) > 0:
		return refuse("UnsupportedOperation", "awssim hands messages over as their queue says")
	}
	return nil
}

// hand is the next messages, which then are hidden. One that was handed over too
// often goes to the dead letters instead. A group of a FIFO queue stands still
// while one of its messages is hidden.
func (a *Account) hand(q *queue, in *sqs.ReceiveMessageInput) []types.Message {
	now, most := a.cfg.Now(), max(int(in.MaxNumberOfMessages), 1)
	var list []types.Message
	var left []*mail
	busy := map[string]bool{}
	for _, m := range q.messages {
		switch {
		case m.from.After(now):
			busy[m.group] = q.fifo
		case len(list) == most, busy[m.group]:
		case q.dead != nil && m.times >= q.tries:
			q.dead.messages, q.dead.known[m.id] = append(q.dead.messages, m), true
			a.stir(q.dead, 0)
			continue
		default:
			m.times++
			m.from, m.receipt = now.Add(q.hidden), fmt.Sprint(m.id, "/", m.times)
			list = append(list, m.shown(in.MessageSystemAttributeNames))
			a.stir(q, q.hidden)
		}
		left = append(left, m)
	}
	q.messages = left
	return list
}

// shown is a message as an answer has it, with what was asked for.
func (m *mail) shown(names []types.MessageSystemAttributeName) types.Message {
	shown := types.Message{
		MessageId: aws.String(m.id), Body: aws.String(m.body), ReceiptHandle: aws.String(m.receipt), Attributes: map[string]string{},
	}
	for _, n := range names {
		switch n {
		case types.MessageSystemAttributeNameSenderId:
			shown.Attributes[string(n)] = m.sender
		case types.MessageSystemAttributeNameApproximateReceiveCount:
			shown.Attributes[string(n)] = strconv.Itoa(m.times)
		}
	}
	return shown
}

// DeleteMessageBatch deletes up to ten messages, each by its receipt. An old
// receipt, after its message was handed over again, deletes nothing, and a
// standard queue does not say so. Source: SQS's API reference, DeleteMessage.
func (s *SQS) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	return answer(ctx, s.a, request{service: "sqs", op: "DeleteMessageBatch"}, func() (*sqs.DeleteMessageBatchOutput, error) {
		q, err := s.a.queue(in.QueueUrl)
		if err == nil {
			err = checkEntries(in.Entries)
		}
		if err != nil {
			return nil, err
		}
		out := &sqs.DeleteMessageBatchOutput{}
		for _, e := range in.Entries {
			if !q.delete(aws.ToString(e.ReceiptHandle)) {
				out.Failed = append(out.Failed, types.BatchResultErrorEntry{
					Id: e.Id, Code: aws.String("ReceiptHandleIsInvalid"), SenderFault: true, Message: aws.String("The input receipt handle is invalid."),
				})
				continue
			}
			out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
		}
		return out, nil
	})
}

func checkEntries(entries []types.DeleteMessageBatchRequestEntry) error {
	seen := map[string]bool{}
	for _, e := range entries {
		if seen[aws.ToString(e.Id)] {
			return &types.BatchEntryIdsNotDistinct{Message: aws.String("Id " + aws.ToString(e.Id) + " repeated.")}
		}
		seen[aws.ToString(e.Id)] = true
	}
	switch {
	case len(entries) == 0:
		return &types.EmptyBatchRequest{Message: aws.String("There should be at least one DeleteMessageBatchRequestEntry in the request.")}
	case len(entries) > mostBatch:
		return &types.TooManyEntriesInBatchRequest{Message: aws.String("Maximum number of entries per request are 10.")}
	}
	return nil
}

// delete takes a message out by its receipt, and says whether that is one.
func (q *queue) delete(receipt string) bool {
	id, _, ok := strings.Cut(receipt, "/")
	if !ok || !q.known[id] {
		return false
	}
	q.messages = slices.DeleteFunc(q.messages, func(m *mail) bool { return m.receipt == receipt })
	return true
}
