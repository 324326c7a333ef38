package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func TestTheLastReportOfAMachineStays(t *testing.T) {
	at := func(kind fleet.ReportKind, seconds int) fleet.Report {
		return fleet.Report{Machine: "i-1", Kind: kind, At: ago(-seconds)}
	}
	ready, ended := fleet.ReportReady, fleet.ReportEnded
	for _, tt := range []struct {
		name      string
		row, next fleet.Report
		news      bool
	}{
		{"a later one replaces it", at(ready, 0), at(ended, 5), true},
		{"one that came twice is no news", at(ready, 0), at(ready, 0), false},
		{"one that came late is none", at(ended, 5), at(ready, 0), false},
		{"the end is the last word, by whatever clock", at(ready, 5), at(ended, 0), true},
		{"a standing machine begins anew", at(ended, 0), at(ready, 600), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.row
			if tt.news {
				want = tt.next
			}
			got, news := fleet.ApplyReport(&tt.row, fleet.Event{Report: &tt.next})
			if diff := cmp.Diff(want, got); diff != "" || news != tt.news {
				t.Errorf("news %v, row (-want +got):\n%s", news, diff)
			}
		})
	}
	first := at(ready, 0)
	if got, news := fleet.ApplyReport(nil, fleet.Event{Report: &first}); !news || got != first {
		t.Errorf("the first: %+v, news %v", got, news)
	}
}

// report has a machine's agent say something so many seconds ago.
func report(s *fleet.Snapshot, m string, kind fleet.ReportKind, outcome fleet.Outcome, since int) {
	s.State.Reports = append(s.State.Reports, fleet.Report{Machine: fleet.MachineID(m), Kind: kind, Outcome: outcome, Reason: "so it is", At: ago(since)})
}

func TestAMachineThatAsksIsRegisteredBeforeItsBootEstimate(t *testing.T) {
	decisions(t, []decision{
		{"without a word it boots still", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "x64", 10))
			wait(s, queued(1, x64, 20))
		}, []string{"job 1 covered"}},
		{"by its word it is ready", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "x64", 10))
			report(s, "i-1", fleet.ReportReady, "", 1)
			wait(s, queued(1, x64, 20))
		}, []string{"mint i-1 try 1", "job 1 covered"}},
		{"and so are not the others", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "x64", 10))
			put(s, machine("i-2", "x64", 10))
			report(s, "i-2", fleet.ReportReady, "", 1)
			wait(s, queued(1, x64, 20), queued(2, x64, 20))
		}, []string{"mint i-2 try 1", "job 1 covered", "job 2 covered"}},
		{"it is registered for a job alone", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "x64", 10))
			report(s, "i-1", fleet.ReportReady, "", 1)
		}, nil},
		{"a standing one is, too", func(s *fleet.Snapshot) {
			standing("", func(*fleet.Snapshot) {}).with(s)
			m := machine("i-1", "build", 10)
			m.Standing, m.Offer = true, odA
			put(s, m)
			report(s, "i-1", fleet.ReportReady, "", 1)
		}, []string{"launch 1 build on-demand", "mint i-1 try 1"}},
		{"of a machine that nobody knows it is kept for a while", func(s *fleet.Snapshot) {
			report(s, "i-9", fleet.ReportReady, "", 599)
		}, nil},
		{"and forgotten then", func(s *fleet.Snapshot) {
			report(s, "i-9", fleet.ReportReady, "", 601)
		}, []string{"forget i-9"}},
	})
}

func TestAMachineThatPowersOffIsNoSupply(t *testing.T) {
	const end = "end i-1: its agent powers it off (so it is), grace of 1m0s is over"
	const strike = "strike 1 boot arm/lt-1:1"
	gone := func(s *fleet.Snapshot) { s.State.Machines[0].State = fleet.Terminated }
	decisions(t, []decision{
		{"a registered one is replaced at once, and powers off by itself", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 0)
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeCrashed, 5)
			wait(s, queued(1, arm, 61))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"one that waited in vain, too, and no job is given to it", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 900))
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeNoConfig, 5)
			wait(s, queued(1, arm, 61))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"it counts against the caps while EC2 shows it", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max = 1
			put(s, machine("i-1", "arm", 60))
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeBroken, 5)
			wait(s, queued(1, arm, 61))
		}, []string{"job 1 full"}},
		{"one that runs on after its grace is ended, and struck if it could not run a runner", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 200), 100, 0)
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeRefused, 61)
		}, []string{end, strike}},
		{"one that was not needed is not struck", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 200))
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeNoConfig, 61)
		}, []string{end}},
		{"one that is gone by its own fault is struck when it is buried", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 200))
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeBroken, 61)
			gone(s)
		}, []string{"forget i-1", strike}},
		{"one that we ended is struck already", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 200))
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeBroken, 61)
			gone(s)
			s.State.Machines[0].EndedAt = ago(30)
		}, []string{"forget i-1"}},
		{"one whose runner came up is not struck", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 200, 100)
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeCrashed, 61)
		}, []string{end}},
		{"while GitHub says that its job runs, that is the truth", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 200, 100)
			wait(s, on(queued(1, arm, 310), fleet.Running, "i-1", 100))
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeDone, 30)
		}, nil},
		{"but it is asked when the grace is over", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 300), 200, 100)
			wait(s, on(queued(1, arm, 310), fleet.Running, "i-1", 100))
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeDone, 61)
		}, []string{"ask 1"}},
		{"a standing one comes back", func(s *fleet.Snapshot) {
			standing("", func(*fleet.Snapshot) {}).with(s)
			enrolled(s, "i-1", func(*fleet.Machine, *fleet.Runner) {})
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeStopped, 300)
		}, []string{"launch 1 build on-demand"}}, // its second
		{"an operator's hold stands above it", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 200))
			report(s, "i-1", fleet.ReportEnded, fleet.OutcomeBroken, 61)
			order(s, fleet.Hold, "i-1")
		}, nil},
	})
}
