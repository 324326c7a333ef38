package config

import (
	"net/url"
	"path"
	"strings"
)

// Queues are the SQS queues that a server polls by itself. Both are optional.
type Queues struct {
	Events  string // URL: EventBridge's messages about machines
	Reports string // URL: what agents tell
}

func queueKeys() object[Queues] {
	return object[Queues]{
		keys: []key[Queues]{
			field("events", "URL of the queue for EventBridge's messages about machines.", text{check: wrongQueue, max: 1024},
				func(q *Queues) *string { return &q.Events }),
			field("reports", "URL of the queue for the reports of machines, where nobody else may send.", text{check: wrongQueue, max: 1024},
				func(q *Queues) *string { return &q.Reports }),
		},
	}
}

// wrongQueue allows standard queues: what comes late or twice does no harm, and
// EventBridge and machines name no message group.
func wrongQueue(s string) string {
	u, err := url.Parse(s)
	if err != nil || wrongURL(s) != "" || strings.Trim(u.Path, "/") == "" {
		return "must be a queue's URL such as https://sqs.us-east-1.amazonaws.com/123456789012/runfleet-events"
	}
	if path.Ext(u.Path) == ".fifo" {
		return "must be a standard queue, not a FIFO queue"
	}
	return ""
}

// queueRules reports one queue for both: machines may send reports, and must not
// be believed as events.
func (f *File) queueRules() {
	if q := f.AWS.Queues; q.Events != "" && q.Events == q.Reports {
		f.read.at("aws.queues.reports", "same as aws.queues.events", "give reports a queue of their own")
	}
}

// warnReports tells of machines whose reports go to another queue than the one
// that serve reads. A deployment of functions may mean it; serve would hear of no
// notice by them.
func (f *File) warnReports(r *reading) {
	to, read := f.Machine.Reports, f.AWS.Queues.Reports
	switch {
	case to == "" || to == read:
	case read == "":
		r.at("machine.reports", "serve reads no queue of reports", "name it under aws.queues.reports instead")
	default:
		r.at("machine.reports", "serve reads another queue, aws.queues.reports", "leave this one out")
	}
}
