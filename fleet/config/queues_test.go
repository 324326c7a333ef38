package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReportsThatServeDoesNotReadAreWarnedOf(t *testing.T) {
	const queue = "https://sqs.us-east-1.amazonaws.com/1/"
	pool := "  - {name: a, labels: [self-hosted], arch: arm64, max: 1, prepared: true}\n" +
		"machine: {runner: {version: 2.337.0}"
	for _, tt := range []struct{ name, reports, read, want string }{
		{"no queue at all", "", "", ""},
		{"the queue that serve reads", "", queue + "reports", ""},
		{"the same by both names", queue + "reports", queue + "reports", ""},
		{"a queue that nothing reads", queue + "other", "",
			"f:14:48: machine.reports: serve reads no queue of reports; name it under aws.queues.reports instead"},
		{"another one", queue + "other", queue + "reports",
			"f:15:48: machine.reports: serve reads another queue, aws.queues.reports; leave this one out"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := head(t) + pool
			if tt.reports != "" {
				text += ", reports: " + tt.reports
			}
			if tt.read != "" {
				text = strings.Replace(text, "aws:\n", "aws:\n  queues: {reports: \""+tt.read+"\"}\n", 1)
			}
			got := Problems(parse(t, "f", []byte(text+"}\n")).Warnings()).Error()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
