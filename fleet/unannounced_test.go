package fleet_test

import (
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

// asked is a job that GitHub said to wait.
func asked(id, since int) fleet.Job {
	j := queued(id, arm, 300-id)
	j.AskedAt = ago(since)
	return j
}

func TestABusyRunnersJobIsFoundOut(t *testing.T) {
	busy := func(s *fleet.Snapshot, id string, since int) {
		m, r := minted(machine(id, "arm", 900), 890, 800)
		r.Busy, r.BusyAt = true, ago(since)
		put(s, m, r)
	}
	decisions(t, []decision{
		{"a job that may be its is asked about a minute after it was seen busy", func(s *fleet.Snapshot) {
			busy(s, "i-1", 60)
			wait(s, queued(1, arm, 300))
		}, []string{"job 1 covered", "ask 1"}},
		{"not earlier: it may not have begun it", func(s *fleet.Snapshot) {
			busy(s, "i-1", 59)
			wait(s, queued(1, arm, 300))
		}, []string{"job 1 covered"}},
		{"a job that waits all the same is not its, and launched for", func(s *fleet.Snapshot) {
			busy(s, "i-1", 120)
			wait(s, asked(1, 60))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"what GitHub said within the minute does not count", func(s *fleet.Snapshot) {
			busy(s, "i-1", 120)
			wait(s, asked(1, 61))
		}, []string{"job 1 covered", "ask 1"}},
		{"then the others are asked about", func(s *fleet.Snapshot) {
			busy(s, "i-1", 200)
			wait(s, asked(1, 60), queued(2, arm, 200))
		}, []string{"launch 1 arm spot", "job 1 covered", "job 2 launching", "ask 2"}},
		{"not more often than once a minute", func(s *fleet.Snapshot) {
			busy(s, "i-1", 200)
			wait(s, asked(1, 59), queued(2, arm, 200))
		}, []string{"launch 1 arm spot", "job 1 covered", "job 2 launching"}},
		{"two that are busy stand for two jobs", func(s *fleet.Snapshot) {
			busy(s, "i-1", 10)
			busy(s, "i-2", 20)
			wait(s, queued(1, arm, 300), queued(2, arm, 200))
		}, []string{"job 1 covered", "job 2 covered"}},
		{"but not for one that waits", func(s *fleet.Snapshot) {
			busy(s, "i-1", 200)
			busy(s, "i-2", 200)
			wait(s, asked(1, 59), queued(2, arm, 200))
		}, []string{"launch 1 arm spot", "job 1 covered", "job 2 launching"}},
		{"one of another scope stands for none", func(s *fleet.Snapshot) {
			busy(s, "i-1", 200)
			wait(s, elsewhere(queued(1, arm, 200), "zeta"))
		}, []string{"launch 1 arm spot", "job 1 launching"}},
	})
}
