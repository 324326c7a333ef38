package queue

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/runfleet/runfleet/fleet"
)

// SendAPI is all of SQS that sending needs. The SDK's client has it.
type SendAPI interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// Reports sends reports to a standard queue. SQS itself says to the receiver
// who sent one (SenderId), so none is signed.
type Reports struct {
	SQS SendAPI
	URL string // of the queue
}

// Send sends a report. An error leaves open whether it arrived.
func (r *Reports) Send(ctx context.Context, report fleet.Report) error {
	body, err := EncodeReport(report)
	if err != nil {
		return err
	}
	_, err = r.SQS.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(r.URL), MessageBody: aws.String(string(body))})
	if err != nil {
		return fmt.Errorf("send report %s of %s: %w", report.Kind, report.Machine, err)
	}
	return nil
}
