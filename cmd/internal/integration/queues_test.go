package integration_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// interruption is EventBridge's message about a machine.
const interruption = `{"version":"0","id":"12345678-1234-1234-1234-123456789012","detail-type":"EC2 Spot Instance Interruption Warning",` +
	`"source":"aws.ec2","account":"123456789012","time":%q,"region":"us-east-1","resources":[],"detail":{"instance-id":%q,"instance-action":"terminate"}}`

// mail is the queues of a fleet that is served.
type mail struct {
	*site
	sqs             *sqs.Client
	events, reports string
}

func newMail(s *site) *mail {
	s.t.Helper()
	m := &mail{site: s, sqs: sqs.NewFromConfig(s.aws.config)}
	for name, url := range map[string]*string{"events": &m.events, "reports": &m.reports} {
		out, err := m.sqs.CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(s.fleet + "-" + name)})
		if err != nil {
			s.t.Fatal(err)
		}
		*url = aws.ToString(out.QueueUrl)
	}
	return m
}

func (m *mail) send(queue, body string) {
	m.t.Helper()
	if _, err := m.sqs.SendMessage(m.t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String(body)}); err != nil {
		m.t.Fatal(err)
	}
}

// keeps waits until a queue has one message, which somebody was handed.
func (m *mail) keeps(queue string) {
	m.t.Helper()
	until(m.t, soon, queue+" keeps one message", func() string {
		out, err := m.sqs.GetQueueAttributes(m.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: aws.String(queue), AttributeNames: []types.QueueAttributeName{
			types.QueueAttributeNameApproximateNumberOfMessagesNotVisible, types.QueueAttributeNameApproximateNumberOfMessages,
		}})
		if err != nil {
			m.t.Fatal(err)
		}
		if out.Attributes["ApproximateNumberOfMessagesNotVisible"] != "1" || out.Attributes["ApproximateNumberOfMessages"] != "0" {
			return fmt.Sprint(out.Attributes)
		}
		return ""
	})
}

func TestServeHearsOfNoticesByTheQueuesThatItsFileNames(t *testing.T) {
	t.Parallel()
	s := newSite(t, "queues")
	m := newMail(s)
	text, err := os.ReadFile(s.write("ledger", spotPool))
	if err != nil {
		t.Fatal(err)
	}
	file := s.file("ledger.yaml", strings.Replace(string(text), "aws:\n", fmt.Sprintf("aws:\n  queues: {events: %q, reports: %q}\n", m.events, m.reports), 1))
	manager := s.serve(file)
	s.hub.queue(time.Minute, "self-hosted", "spot")
	first := aws.ToString(s.machine("spot").InstanceId)
	s.config(first)

	m.send(m.reports, fmt.Sprintf(`{"v":1,"kind":"notice","machine":%q,"at":"2026-11-25T12:00:00Z"}`, first)) // moto's sender is no machine
	manager.says("forged")
	if alive := idsOf(s.alive("spot")); len(alive) != 1 || alive[0] != first {
		t.Errorf("after a report that nobody can have sent: %v", alive)
	}
	m.send(m.events, "poison")
	m.send(m.events, fmt.Sprintf(interruption, time.Now().UTC().Format(time.RFC3339), first))
	until(t, soon, "another machine takes its place", func() string {
		if alive := idsOf(s.alive("spot")); len(alive) != 1 || alive[0] == first {
			return fmt.Sprint(alive)
		}
		return ""
	})
	manager.says("Spot takes it back")
	m.keeps(m.events) // the poison
	m.keeps(m.reports)
}

const spotPool = "  - {name: spot, labels: [self-hosted, linux, spot], arch: arm64, types: [m7g.large], image: IMAGE-arm64, prepared: true, market: spot, max: 5}\n"
