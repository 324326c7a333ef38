package fleet_test

import (
	"fmt"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

// found is a job that a search found.
func found(j fleet.Job) fleet.Job {
	j.Found = true
	return j
}

// launchedFor is a job that was launched for so many seconds ago.
func launchedFor(j fleet.Job, since int) fleet.Job {
	j.Launches, j.LaunchedAt = 1, ago(since)
	return j
}

func TestLaunchesForFoundJobsAreCappedByTheMinute(t *testing.T) {
	decisions(t, []decision{
		{"announced jobs go first, whatever their age", func(s *fleet.Snapshot) {
			s.Fleet.Limits.FoundPerMinute = 1
			wait(s, found(queued(1, arm, 9)), found(queued(2, arm, 8)), queued(3, arm, 5))
		}, []string{"launch 2 arm spot", "job 1 launching", "job 2 paced", "job 3 launching"}},
		{"one limit holds for all classes", func(s *fleet.Snapshot) {
			s.Fleet.Limits.FoundPerMinute = 1
			wait(s, found(queued(1, arm, 9)), found(queued(2, x64, 8)))
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 paced"}},
		{"launches of the last minute count", func(s *fleet.Snapshot) {
			s.Fleet.Limits.FoundPerMinute = 1
			put(s, machine("i-1", "arm", 59))
			wait(s, launchedFor(found(queued(1, arm, 99)), 59), found(queued(2, arm, 8)))
		}, []string{"mint i-1 try 1", "job 1 covered", "job 2 paced"}},
		{"older ones do not", func(s *fleet.Snapshot) {
			s.Fleet.Limits.FoundPerMinute = 1
			put(s, machine("i-1", "arm", 60))
			wait(s, launchedFor(found(queued(1, arm, 99)), 60), found(queued(2, arm, 8)))
		}, []string{"launch 1 arm spot", "mint i-1 try 1", "job 1 covered", "job 2 launching"}},
		{"without a limit in the file there are sixty", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max = 100
			for i := range fleet.DefaultFound {
				wait(s, found(queued(i+1, arm, 99-i)))
			}
		}, append([]string{"launch 60 arm spot"}, launching(60)...)},
		{"covered jobs take nothing of it", func(s *fleet.Snapshot) {
			s.Fleet.Limits.FoundPerMinute = 1
			put(s, machine("i-1", "arm", 5))
			wait(s, found(queued(1, arm, 9)), found(queued(2, arm, 8)))
		}, []string{"launch 1 arm spot", "mint i-1 try 1", "job 1 covered", "job 2 launching"}},
	})
}

func TestAPacedFoundJobIsLookedAtWhenTheMinuteIsOver(t *testing.T) {
	s := base()
	s.Fleet.Limits.FoundPerMinute = 1
	put(&s, machine("i-1", "arm", 20))
	wait(&s, launchedFor(found(queued(1, arm, 99)), 20), found(queued(2, arm, 8)))
	if p := fleet.Decide(s); p.Wake.After(noon.Add(40e9)) || p.Wake.IsZero() {
		t.Errorf("looks again at %s", p.Wake)
	}
}

func launching(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("job %d launching", i+1))
	}
	return lines
}
