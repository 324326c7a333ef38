package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// notice has Spot say something of a machine so many seconds ago.
func notice(s *fleet.Snapshot, m string, kind fleet.NoticeKind, since int) {
	s.State.Notices = append(s.State.Notices, fleet.Notice{Machine: fleet.MachineID(m), Kind: kind, At: ago(since), Deadline: ago(since - 120)})
}

// ran is a job of run 9 that ran on a machine until so many seconds ago.
func ran(id int, m, conclusion string, until int) fleet.Job {
	j := on(queued(id, arm, 900), fleet.Done, m, until)
	j.Run, j.Name, j.Conclusion, j.StartedAt = 9, "build", conclusion, ago(800)
	return j
}

// hit is the row of such a job, 100 seconds after the notice.
func hit(id int, m, conclusion string) fleet.Interrupted {
	return fleet.Interrupted{
		Job: fleet.JobKey{ID: fleet.JobID(id), Attempt: 1}, Run: 9, Name: "build", Scope: acme, Repo: "acme/w",
		Machine: fleet.MachineID(m), At: ago(100), Conclusion: conclusion,
	}
}

func interrupted(s *fleet.Snapshot, rows ...fleet.Interrupted) {
	s.State.Interrupted = append(s.State.Interrupted, rows...)
}

// next is the job in the attempt after.
func next(id int, status fleet.JobStatus) fleet.Job {
	j := queued(id, arm, 60)
	j.Key.Attempt, j.Run, j.Name, j.Status = 2, 9, "build", status
	return j
}

func TestAMachineThatSpotTakesBackIsNoSupply(t *testing.T) {
	const end = "end i-1: Spot takes it back, and it runs no job"
	decisions(t, []decision{
		{"an idle one is ended and replaced", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
			notice(s, "i-1", fleet.Interruption, 1)
			wait(s, queued(1, arm, 61))
		}, []string{"launch 1 arm spot", end, "job 1 launching"}},
		{"one that boots, too", func(s *fleet.Snapshot) {
			put(s, machine("i-1", "arm", 10))
			notice(s, "i-1", fleet.Interruption, 1)
			wait(s, queued(1, arm, 61))
		}, []string{"launch 1 arm spot", end, "job 1 launching"}},
		{"a recommendation changes nothing", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 60), 50, 5)
			notice(s, "i-1", fleet.Rebalance, 1)
			wait(s, queued(1, arm, 61))
		}, []string{"job 1 covered"}},
		{"a busy one goes on, and its job is noted", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 900), 890, 880)
			notice(s, "i-1", fleet.Interruption, 1)
			j := on(queued(1, arm, 900), fleet.Running, "i-1", 800)
			j.Run = 9
			wait(s, j)
		}, []string{"interrupted 1 on i-1 [] again 0 []"}},
		{"a notice of a machine that nobody knows is forgotten after a while", func(s *fleet.Snapshot) {
			notice(s, "i-9", fleet.Interruption, 601)
			notice(s, "i-8", fleet.Interruption, 599)
		}, []string{"forget i-9"}},
	})
}

func TestAnInterruptedJobIsRunAgainOnce(t *testing.T) {
	const reason = "rerun 9: Spot took i-1 while job 1 ran"
	decisions(t, []decision{
		{"when it failed, that is noted first, because its row goes", func(s *fleet.Snapshot) {
			interrupted(s, hit(1, "i-1", ""))
			wait(s, ran(1, "i-1", "failure", 5))
		}, []string{"close 1", "interrupted 1 on i-1 [failure] again 0 []"}},
		{"then its run is re-run", func(s *fleet.Snapshot) { interrupted(s, hit(1, "i-1", "failure")) }, []string{reason}},
		{"a job that failed right after the notice, noted and re-run by the next look", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 900), 890, 880)
			notice(s, "i-1", fleet.Interruption, 100)
			wait(s, ran(1, "i-1", "failure", 5))
		}, []string{"interrupted 1 on i-1 [failure] again 0 []"}},
		{"a job that ended well in time needs none", func(s *fleet.Snapshot) {
			interrupted(s, hit(1, "i-1", ""))
			wait(s, ran(1, "i-1", "success", 5))
		}, []string{"close 1", "interrupted 1 on i-1 [success] again 0 []"}},
		{"one that failed before the notice is not Spot's fault", func(s *fleet.Snapshot) {
			putMinted(s, machine("i-1", "arm", 900), 890, 880)
			notice(s, "i-1", fleet.Interruption, 3)
			wait(s, ran(1, "i-1", "failure", 5))
		}, nil},
		{"one that somebody cancelled is not run again", func(s *fleet.Snapshot) {
			interrupted(s, hit(1, "i-1", ""))
			wait(s, ran(1, "i-1", "cancelled", 5))
		}, []string{"close 1", "interrupted 1 on i-1 [cancelled] again 0 []somebody cancelled it"}},
		{"one that was stopped while it was set up is", func(s *fleet.Snapshot) {
			interrupted(s, hit(1, "i-1", ""))
			j := ran(1, "i-1", "cancelled", 5)
			j.StartedAt = ago(20)
			wait(s, j)
		}, []string{"close 1", "interrupted 1 on i-1 [cancelled] again 0 []"}},
		{"by the next look", func(s *fleet.Snapshot) { interrupted(s, hit(1, "i-1", "cancelled")) }, []string{reason}},
		{"two jobs of a run are one re-run", func(s *fleet.Snapshot) {
			interrupted(s, hit(1, "i-1", "failure"), hit(2, "i-2", "failure"))
		}, []string{reason}},
		{"while GitHub is asked, it is not asked again", func(s *fleet.Snapshot) {
			interrupted(s, hit(1, "i-1", "failure"))
			s.State.Intents = []fleet.Intent{{ID: "r", ReservedAt: ago(5), Rerun: &fleet.Rerun{Run: 9}}}
		}, nil},
		{"a run that was not over is asked for again after a minute", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.TriedAt = ago(60)
			interrupted(s, i)
		}, []string{reason}},
		{"a second earlier it is not", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.TriedAt = ago(59)
			interrupted(s, i)
		}, nil},
		{"what GitHub refused is asked for again after a longer pause", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.Why, i.Refused, i.TriedAt = "no permission", 2, ago(240)
			interrupted(s, i)
		}, []string{reason}},
		{"a second earlier it is not", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.Why, i.Refused, i.TriedAt = "no permission", 2, ago(239)
			interrupted(s, i)
		}, nil},
		{"nor after the sixth time", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.Why, i.Refused, i.TriedAt = "no permission", 6, ago(9000)
			interrupted(s, i)
		}, nil},
		{"the second job of a run that was re-run is in the same re-run", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.RerunAt = ago(5)
			interrupted(s, i, hit(2, "i-2", "failure"))
		}, []string{"interrupted 2 on i-2 [failure] again 0 []"}},
		{"a job of the re-run that is interrupted again is not re-run", func(s *fleet.Snapshot) {
			i, j := hit(1, "i-1", "failure"), hit(2, "i-2", "failure")
			i.RerunAt, j.Job.Attempt = ago(50), 2
			interrupted(s, i, j)
		}, []string{"interrupted 2 on i-2 [failure] again 0 []its run was re-run once already"}},
		{"its next life is found by its name", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.RerunAt = ago(50)
			interrupted(s, i)
			putMinted(s, machine("i-2", "arm", 60), 50, 30)
			other := next(5, fleet.Running)
			other.Name = "lint"
			wait(s, on(next(4, fleet.Running), fleet.Running, "i-2", 20), on(other, fleet.Running, "i-3", 20))
		}, []string{"interrupted 1 on i-1 [failure] again 4 []"}},
		{"and so is how that ended", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.RerunAt, i.Again = ago(50), fleet.JobKey{ID: 4, Attempt: 2}
			interrupted(s, i)
			j := on(next(4, fleet.Done), fleet.Done, "i-2", 5)
			j.Conclusion = "success"
			wait(s, j)
		}, []string{"close 4", "interrupted 1 on i-1 [failure] again 4 [success]"}},
	})
}

func TestAReRunGetsMachinesThatStay(t *testing.T) {
	mended := func(s *fleet.Snapshot) {
		i := hit(1, "i-1", "failure")
		i.RerunAt, i.Again = ago(50), fleet.JobKey{ID: 4, Attempt: 2}
		interrupted(s, i)
		wait(s, next(4, fleet.Queued))
	}
	decisions(t, []decision{
		{"on demand from a spot-first pool", mended, []string{"launch 1 arm on-demand", "job 4 launching"}},
		{"beside others on Spot", func(s *fleet.Snapshot) {
			mended(s)
			wait(s, queued(7, arm, 5))
		}, []string{"launch 1 arm spot", "launch 1 arm on-demand", "job 4 launching", "job 7 launching"}},
		{"on demand while GitHub is asked for the re-run: its jobs come before its answer", func(s *fleet.Snapshot) {
			interrupted(s, hit(1, "i-1", "failure"))
			s.State.Intents = []fleet.Intent{{ID: "r", ReservedAt: ago(5), Rerun: &fleet.Rerun{Run: 9}}}
			wait(s, next(4, fleet.Queued))
		}, []string{"launch 1 arm on-demand", "job 4 launching"}},
		{"on demand when GitHub's answer was lost", func(s *fleet.Snapshot) {
			i := hit(1, "i-1", "failure")
			i.TriedAt = ago(5)
			interrupted(s, i)
			wait(s, next(4, fleet.Queued))
		}, []string{"launch 1 arm on-demand", "job 4 launching"}},
		{"on Spot when somebody ran a run again that needed no mending", func(s *fleet.Snapshot) {
			interrupted(s, hit(1, "i-1", "success"))
			wait(s, next(4, fleet.Queued))
		}, []string{"launch 1 arm spot", "job 4 launching"}},
		{"from a pool that buys Spot only, there", func(s *fleet.Snapshot) {
			mended(s)
			s.Fleet.Pools[0].Market = fleet.Spot
		}, []string{"launch 1 arm spot", "job 4 launching"}},
		{"and none on Spot where on-demand has none left", func(s *fleet.Snapshot) {
			mended(s)
			holds(s, fleet.OfferKey(odA))
		}, []string{"job 4 no-capacity"}},
	})
}

func TestAStoryOfAnInterruptionIsKeptForADay(t *testing.T) {
	s := base()
	i := hit(1, "i-1", "failure")
	i.At = noon.Add(-24 * time.Hour)
	interrupted(&s, i)
	if diff := cmp.Diff([]fleet.JobKey{i.Job}, fleet.Decide(s).Resumed); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

func TestTheWorseNoticeStays(t *testing.T) {
	first := fleet.Notice{Machine: "i-1", Kind: fleet.Interruption, At: ago(9), Deadline: ago(-100)}
	for _, tt := range []struct {
		name       string
		have, with fleet.Notice
		want       fleet.Notice
	}{
		{"an interruption follows a recommendation", fleet.Notice{Machine: "i-1", Kind: fleet.Rebalance, At: ago(60)}, first, first},
		{"a recommendation that comes late changes nothing", first, fleet.Notice{Machine: "i-1", Kind: fleet.Rebalance, At: ago(1)}, first},
		{"one that is told twice keeps its deadline", first, fleet.Notice{Machine: "i-1", Kind: fleet.Interruption, At: ago(1), Deadline: ago(-500)}, first},
		{"a deadline that was unknown is learned", fleet.Notice{Machine: "i-1", Kind: fleet.Interruption, At: ago(9)}, first, first},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, changed := tt.have.Heed(tt.with)
			if diff := cmp.Diff(tt.want, got); diff != "" || changed != (got != tt.have) {
				t.Errorf("changed %t (-want +got):\n%s", changed, diff)
			}
		})
	}
}
