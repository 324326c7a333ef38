package chaos_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/chaos"
)

// began is when every drill here begins. Its victims are i-1 and i-2; they are
// warned two minutes later and go after four.
var began = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// at is so many minutes after the drill began.
func at(minutes float64) time.Time { return began.Add(time.Duration(minutes * float64(time.Minute))) }

func machine(id fleet.MachineID, s fleet.MachineState, m fleet.Market) fleet.Machine {
	return fleet.Machine{ID: id, Pool: "arm64", State: s, Offer: fleet.Offer{Market: m}}
}

// on is a job that ran on a machine of the fleet, from before the drill.
func on(id fleet.JobID, attempt int, m fleet.MachineID) fleet.Job {
	return fleet.Job{
		Key: fleet.JobKey{ID: id, Attempt: attempt}, Run: 7, Name: "build", Status: fleet.Running,
		Runner: fleet.RunnerName("acme", m, 1), QueuedAt: at(-10), StartedAt: at(-9),
	}
}

// done is the job when GitHub had it done.
func done(j fleet.Job, conclusion string, minutes float64) fleet.Job {
	j.Status, j.Conclusion, j.DoneAt = fleet.Done, conclusion, at(minutes)
	return j
}

func queued(j fleet.Job, minutes float64) fleet.Job {
	j.Status, j.Runner, j.QueuedAt, j.StartedAt = fleet.Queued, "", at(minutes), time.Time{}
	return j
}

// since is the job when it began to run so many minutes after the drill.
func since(j fleet.Job, minutes float64) fleet.Job { j.StartedAt = at(minutes); return j }

func named(j fleet.Job, name string) fleet.Job { j.Name = name; return j }

// seen is a drill that is long over: both victims went, nothing is left.
func seen(jobs ...fleet.Job) chaos.Seen {
	warn := func(id fleet.MachineID, k fleet.NoticeKind, minutes, end float64) fleet.Notice {
		n := fleet.Notice{Machine: id, Kind: k, At: at(minutes)}
		if end > 0 {
			n.Deadline = at(end)
		}
		return n
	}
	return chaos.Seen{
		At: at(45), Fleet: "acme", Drill: fleet.Drill{ID: "d", Pool: "arm64", Count: 2, Notice: 4 * time.Minute},
		Experiment: fleet.Experiment{
			ID: "EXP1", State: fleet.ExperimentCompleted, Reason: "Experiment completed.",
			StartedAt: began, EndedAt: at(2), Victims: []fleet.MachineID{"i-1", "i-2"},
		},
		Before: []fleet.MachineID{"i-1", "i-2", "i-3"},
		Now: []fleet.Machine{
			machine("i-1", fleet.Terminated, fleet.Spot), machine("i-3", fleet.Up, fleet.Spot), machine("i-4", fleet.Up, fleet.OnDemand),
		},
		Notices: []fleet.Notice{
			warn("i-1", fleet.Rebalance, 0, 0), warn("i-2", fleet.Rebalance, 0, 0),
			warn("i-1", fleet.Interruption, 2, 4), warn("i-2", fleet.Interruption, 2, 4),
		},
		Jobs: jobs,
	}
}

// told is a verdict as lines.
func told(v chaos.Verdict) []string {
	lines := []string{string(v.Result)}
	for _, f := range v.Fates {
		line := fmt.Sprintf("%d/%d on %s %s", f.Job.ID, f.Job.Attempt, f.Machine, f.Outcome)
		if f.Again != (chaos.Again{}) {
			line += strings.TrimRight(fmt.Sprintf(", then %d/%d on %s %s", f.Again.Job.ID, f.Again.Job.Attempt, f.Again.Machine, f.Again.Market), " ")
		}
		lines = append(lines, line)
	}
	return append(lines, v.Why...)
}

const proofless = "no job was interrupted: only the machines were put to the proof"

type verdict struct {
	name string
	seen chaos.Seen
	with func(*chaos.Seen)
	want []string
}

func judge(t *testing.T, cases []verdict) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.seen
			if tt.with != nil {
				tt.with(&s)
			}
			if diff := cmp.Diff(tt.want, told(chaos.Judge(s))); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatBecomesOfJobs(t *testing.T) {
	judge(t, []verdict{
		{"an interrupted job is green by its second attempt", seen(done(on(1, 1, "i-1"), "failure", 4), done(on(2, 2, "i-4"), "success", 20)), nil,
			[]string{"passed", "1/1 on i-1 re-run, then 2/2 on i-4 on-demand"}},
		{"two of one run are re-run together, one of which was still being set up", seen(
			done(named(on(1, 1, "i-1"), "a"), "failure", 4), done(since(named(on(2, 1, "i-2"), "b"), 3), "cancelled", 3.5),
			done(named(on(3, 2, "i-4"), "a"), "success", 20), done(named(on(4, 2, "i-9"), "b"), "success", 20),
		), nil, []string{"passed", "1/1 on i-1 re-run, then 3/2 on i-4 on-demand", "2/1 on i-2 re-run, then 4/2 on i-9"}},
		{"a job that ends before its machine is in time", seen(done(on(1, 1, "i-1"), "success", 3)), nil,
			[]string{"passed", "1/1 on i-1 in time", proofless}},
		{"a job that failed before the notice failed by itself", seen(done(on(1, 1, "i-1"), "failure", 1)), nil,
			[]string{"passed", "1/1 on i-1 by itself", proofless}},
		{"a job that somebody cancelled is not the drill's to heal", seen(done(on(1, 1, "i-1"), "cancelled", 3)), nil,
			[]string{"passed", "1/1 on i-1 cancelled", proofless}},
		{"what GitHub no longer shows was interrupted", seen(done(on(1, 1, "i-1"), fleet.ConclusionGone, 20)), nil,
			[]string{"open", "1/1 on i-1 unsettled", "job 1 of run 7, on i-1: it was not re-run"}},
		{"an honest failure beside an interrupted job is none of the drill's", seen(
			done(named(on(1, 1, "i-1"), "a"), "failure", 4), done(named(on(2, 1, "i-3"), "b"), "failure", 4), done(named(on(3, 2, "i-4"), "a"), "success", 20),
		), nil, []string{"passed", "1/1 on i-1 re-run, then 3/2 on i-4 on-demand"}},
		{"jobs on other machines, of other runs, and of before count nothing", seen(
			done(on(1, 1, "i-3"), "failure", 4), done(on(2, 1, "i-1"), "failure", -1), queued(on(3, 1, "i-1"), 1),
		), nil, []string{"passed", proofless}},
		{"a re-run that fails is no healing", seen(done(on(1, 1, "i-1"), "failure", 4), done(on(2, 2, "i-4"), "failure", 20)), nil,
			[]string{"failed", "1/1 on i-1 not healed, then 2/2 on i-4 on-demand", "job 1 of run 7, on i-1: attempt 2 ended failure"}},
		{"a third attempt may heal", seen(done(on(1, 1, "i-1"), "failure", 4), done(on(2, 2, "i-3"), "failure", 12), done(on(3, 3, "i-4"), "success", 30)), nil,
			[]string{"passed", "1/1 on i-1 re-run, then 3/3 on i-4 on-demand"}},
		{"a re-run that a victim had too is the same job", seen(done(on(1, 1, "i-1"), "failure", 4), done(on(2, 2, "i-2"), "failure", 6), done(on(3, 3, "i-4"), "success", 30)), nil,
			[]string{"passed", "1/1 on i-1 re-run, then 3/3 on i-4 on-demand", "2/2 on i-2 re-run, then 3/3 on i-4 on-demand"}},
		{"another run's job heals nothing", seen(done(on(1, 1, "i-1"), "failure", 4), func() fleet.Job { j := done(on(2, 2, "i-4"), "success", 20); j.Run = 8; return j }()), nil,
			[]string{"open", "1/1 on i-1 unsettled", "job 1 of run 7, on i-1: it was not re-run"}},
		{"another name heals nothing", seen(done(on(1, 1, "i-1"), "failure", 4), done(named(on(2, 2, "i-4"), "test"), "success", 20)), nil,
			[]string{"open", "1/1 on i-1 unsettled", "job 1 of run 7, on i-1: it was not re-run"}},
		{"the echo of a finished job under the next attempt heals nothing", seen(
			done(on(1, 1, "i-1"), "failure", 4), done(on(5, 1, "i-3"), "success", 1), done(on(5, 2, "i-3"), "success", 1), done(on(1, 2, "i-1"), "failure", 4),
		), nil, []string{"open", "1/1 on i-1 unsettled", "job 1 of run 7, on i-1: it was not re-run"}},
		{"two of one name need two green re-runs", seen(
			done(on(1, 1, "i-1"), "failure", 4), done(on(2, 1, "i-2"), "failure", 4), done(on(3, 2, "i-4"), "success", 20), done(on(4, 2, "i-3"), "failure", 20),
		), nil, []string{
			"failed", "1/1 on i-1 re-run, then 3/2 on i-4 on-demand", "2/1 on i-2 not healed, then 4/2 on i-3 spot", "job 2 of run 7, on i-2: attempt 2 ended failure",
		}},
	})
}

func TestWhatIsAwaitedAndForHowLong(t *testing.T) {
	interrupted := done(on(1, 1, "i-1"), "failure", 4)
	until := func(minutes float64) func(*chaos.Seen) { return func(s *chaos.Seen) { s.At = at(minutes) } }
	judge(t, []verdict{
		{"a re-run that is due", seen(interrupted), until(64), []string{"open", "1/1 on i-1 unsettled", "job 1 of run 7, on i-1: it was not re-run"}},
		{"and does not come", seen(interrupted), until(65), []string{"failed", "1/1 on i-1 not healed", "job 1 of run 7, on i-1: it was not re-run, 1h1m0s later"}},
		{"a run that goes on for hours is waited for", seen(interrupted, named(on(2, 1, "i-3"), "long")), until(300),
			[]string{"open", "1/1 on i-1 unsettled", "job 1 of run 7, on i-1: its run goes on, and is re-run when it is complete"}},
		{"and patience begins when it is complete", seen(interrupted, done(named(on(2, 1, "i-3"), "long"), "success", 300)), until(350),
			[]string{"open", "1/1 on i-1 unsettled", "job 1 of run 7, on i-1: it was not re-run"}},
		{"a re-run that waits for a runner", seen(interrupted, queued(on(2, 2, ""), 10)), until(69),
			[]string{"open", "1/1 on i-1 unsettled, then 2/2 on", "job 1 of run 7, on i-1: attempt 2 waits for a runner"}},
		{"and gets none", seen(interrupted, queued(on(2, 2, ""), 10)), until(71),
			[]string{"failed", "1/1 on i-1 not healed, then 2/2 on", "job 1 of run 7, on i-1: attempt 2 waits for a runner, 1h1m0s later"}},
		{"a re-run that runs, however long", seen(interrupted, on(2, 2, "i-4")), until(400),
			[]string{"open", "1/1 on i-1 unsettled, then 2/2 on i-4 on-demand", "job 1 of run 7, on i-1: attempt 2 runs"}},
		{"GitHub has not noticed yet", seen(on(1, 1, "i-1")), until(10), []string{"open", "1/1 on i-1 unsettled", "job 1 of run 7, on i-1: it is still running as GitHub sees it"}},
		{"and never does", seen(on(1, 1, "i-1")), until(70), []string{"failed", "1/1 on i-1 not healed", "job 1 of run 7, on i-1: it is still running as GitHub sees it, 1h6m0s later"}},
		{"patience can be short", seen(interrupted), func(s *chaos.Seen) { s.Patience = time.Minute },
			[]string{"failed", "1/1 on i-1 not healed", "job 1 of run 7, on i-1: it was not re-run, 41m0s later"}},
		{"what is lost is said while something else is open", seen(
			done(named(on(1, 1, "i-1"), "a"), "failure", 4), done(named(on(2, 2, "i-4"), "a"), "failure", 20), named(on(3, 2, "i-2"), "b"),
		), nil, []string{
			"open", "1/1 on i-1 not healed, then 2/2 on i-4 on-demand", "3/2 on i-2 unsettled",
			"job 1 of run 7, on i-1: attempt 2 ended failure", "job 3 of run 7, on i-2: it is still running as GitHub sees it",
		}},
	})
}

func TestTheExperimentAndWhatItLeaves(t *testing.T) {
	state := func(state fleet.ExperimentState, reason string, victims ...fleet.MachineID) func(*chaos.Seen) {
		return func(s *chaos.Seen) {
			s.Experiment.State, s.Experiment.Reason, s.Experiment.Victims = state, reason, victims
			if !state.Over() {
				s.Experiment.EndedAt = time.Time{}
			}
		}
	}
	early := func(minutes float64, then func(*chaos.Seen)) func(*chaos.Seen) {
		return func(s *chaos.Seen) {
			then(s)
			s.At, s.Notices = at(minutes), s.Notices[:2]
			s.Now = append([]fleet.Machine{machine("i-1", fleet.Up, fleet.Spot), machine("i-2", fleet.Up, fleet.Spot)}, s.Now[1:]...)
		}
	}
	judge(t, []verdict{
		{"not started yet", seen(), func(s *chaos.Seen) { s.Experiment = fleet.Experiment{} }, []string{"open", "the experiment is pending"}},
		{"nobody picked yet", seen(), state(fleet.ExperimentInitiating, ""), []string{"open", "the experiment is initiating"}},
		{"it finds nobody", seen(), state(fleet.ExperimentFailed, "InvalidTarget: victims"), []string{"void", "the experiment failed without a victim: InvalidTarget: victims"}},
		{"the safety lever", seen(), state(fleet.ExperimentCancelled, "the safety lever is engaged"), []string{"void", "the experiment cancelled without a victim: the safety lever is engaged"}},
		{"it finds nobody and leaves its template", seen(), func(s *chaos.Seen) {
			state(fleet.ExperimentFailed, "InvalidTarget")(s)
			s.Left = []string{"its template"}
		}, []string{"void", "the experiment failed without a victim: InvalidTarget", "its template is left"}},
		{"it runs, and its victims are to go", seen(on(1, 1, "i-1")), early(1, state(fleet.ExperimentRunning, "", "i-1", "i-2")), []string{
			"open", "1/1 on i-1 unsettled", "the experiment is running", "job 1 of run 7, on i-1: it is still running as GitHub sees it", "i-1 goes at 12:04:00", "i-2 goes at 12:04:00",
		}},
		{"it is being stopped", seen(on(1, 1, "i-1")), early(1, state(fleet.ExperimentStopping, "", "i-1", "i-2")), []string{"open", "the experiment is stopping"}},
		{"stopped before the notices it proves nothing", seen(on(1, 1, "i-1")), early(30, state(fleet.ExperimentStopped, "Experiment stopped.", "i-1", "i-2")),
			[]string{"void", "the experiment stopped before anybody was warned: Experiment stopped."}},
		{"stopped after some notices it proves those", seen(done(on(1, 1, "i-1"), "failure", 4), done(on(2, 2, "i-4"), "success", 20), named(on(3, 1, "i-2"), "b")), func(s *chaos.Seen) {
			state(fleet.ExperimentStopped, "", "i-1", "i-2")(s)
			s.Notices = s.Notices[:3]
		}, []string{"passed", "1/1 on i-1 re-run, then 2/2 on i-4 on-demand"}},
		{"a victim that does not go", seen(), func(s *chaos.Seen) { s.Now[0].State = fleet.Up }, []string{"failed", "i-1 is still there, 41m0s after its end"}},
		{"a victim that may still go", seen(), func(s *chaos.Seen) { s.Now[0].State, s.At = fleet.Up, at(6.9) }, []string{"open", "i-1 goes at 12:04:00"}},
		{"a template that is being cleaned up", seen(), func(s *chaos.Seen) { s.Left, s.At = []string{"its template"}, at(4.9) }, []string{"open", "its template is still there"}},
		{"a template that is left", seen(), func(s *chaos.Seen) { s.Left = []string{"its template"} }, []string{"failed", "its template is left"}},
		{"no notice was heard, and all is well", seen(done(on(1, 1, "i-1"), "failure", 14), done(on(2, 2, "i-4"), "success", 20)), func(s *chaos.Seen) { s.Notices = nil }, []string{
			"passed", "1/1 on i-1 re-run, then 2/2 on i-4 on-demand",
			"no notice of i-1 reached the fleet: it was lost, or the machine left before", "no notice of i-2 reached the fleet: it was lost, or the machine left before",
		}},
	})
}
