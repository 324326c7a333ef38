package fleet_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestAReportPassesANoticeOn(t *testing.T) {
	deadline := noon.Add(2 * time.Minute)
	for _, tt := range []struct {
		name string
		in   fleet.Report
		want fleet.Notice
		ok   bool
	}{
		{"a recommendation", fleet.Report{Machine: "i-1", At: noon, Kind: fleet.ReportRebalance}, fleet.Notice{Machine: "i-1", Kind: fleet.Rebalance, At: noon}, true},
		{"an interruption, with its deadline", fleet.Report{Machine: "i-1", At: noon, Kind: fleet.ReportNotice, Deadline: deadline},
			fleet.Notice{Machine: "i-1", Kind: fleet.Interruption, At: noon, Deadline: deadline}, true},
		{"the end is none", fleet.Report{Machine: "i-1", At: noon, Kind: fleet.ReportEnded, Outcome: fleet.OutcomeInterrupted}, fleet.Notice{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := tt.in.Notice(); ok != tt.ok || ok && got != tt.want {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}
