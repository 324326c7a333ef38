package reconcile

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestWhatComesOfAMintThatIsSentAgain(t *testing.T) {
	const name = "rf-f-i-1-1"
	left := func(online, busy, stored bool) func(*rig) {
		return func(r *rig) {
			r.hub.runners = []fleet.Runner{{Name: name, ID: 5, Scope: acme, Online: online, Busy: busy}}
			if stored {
				r.shelf.configs["i-1"] = noon
			}
		}
	}
	failed := []string{"settle m-i-1", "i-1, try 1, tried"}
	doubtful := []string{"settle m-i-1", "i-1, try 1, runner 5 of acme, taken, resent, tried"}
	used := []string{"settle m-i-1", "i-1, try 1, runner 5 of acme, taken, ready, tried"}
	for _, tt := range []struct {
		name  string
		with  func(*rig)
		asked []string
		want  []string
	}{
		{"where nothing came of the first, the second may be one too many all the same", func(*rig) {}, []string{"mint " + name, "put i-1"},
			[]string{"settle m-i-1", "i-1, try 1, runner 1 of acme, resent"}},
		{"a config that still waits goes, and its registration", left(false, false, true), []string{"mint " + name, "withdraw i-1", "remove 5"}, failed},
		{"where none waits the agent may have just taken it: its registration stays", left(false, false, false), []string{"mint " + name, "withdraw i-1"}, doubtful},
		{"where SSM does not say too", func(r *rig) {
			left(false, false, true)(r)
			r.refuse["withdraw"] = fleet.ErrThrottled
		}, []string{"mint " + name, "withdraw i-1"}, doubtful},
		{"one whose runner is online has its machine", left(true, false, false), []string{"mint " + name}, used},
		{"where GitHub does not say whose the name is, it stays open", func(r *rig) {
			left(false, false, false)(r)
			r.refuse["runners"] = fleet.ErrUnknownOutcome
		}, []string{"mint " + name}, nil},
		{"limited, it stays open: the first may have stored a config", refusing("mint", limited(7)), []string{"mint " + name}, nil},
		{"not answered, it stays open too", refusing("mint", fleet.ErrUnknownOutcome), []string{"mint " + name}, nil},
		{"but not longer than five minutes", func(r *rig) {
			r.refuse["mint"] = fleet.ErrUnknownOutcome
			r.now = noon.Add(mintLimit)
		}, []string{"mint " + name}, []string{"settle m-i-1", "i-1, try 1, resent, tried"}},
		{"refused for good, its machine remembers what the first may have stored", refusing("mint", fleet.ErrConfig), []string{"mint " + name},
			[]string{"settle m-i-1", "i-1, try 1, resent, tried", "strike 1 mint arm/acme"}},
		{"a name that nobody can see is left behind", refusing("mint", fleet.ErrTaken), []string{"mint " + name, "withdraw i-1"}, failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.machines(1)
			tt.with(r)
			in := minting("i-1", acme, 1)
			in.Tries, in.SentAt = 2, r.now
			if diff := cmp.Diff(tt.want, r.acted(in)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, r.asked()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARegistrationInDoubtIsTakenBackAfterAMinute(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*rig)
		want string
	}{
		{"if no runner came, and its machine gets another", func(*rig) {}, "i-1, try 2, runner 1 of acme, tried"},
		{"unless its runner came online", func(r *rig) { r.hub.runners[0].Online = true }, "i-1, try 1, runner 5 of acme, taken, resent, ready, tried"},
		{"unless it came between the last full look and then", func(r *rig) {
			r.play(55 * time.Second)
			r.hub.runners[0].Online = true
		}, "i-1, try 1, runner 5 of acme, taken, tried"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.machines(1)
			r.look()
			r.now = noon.Add(10 * time.Second)
			r.queue(1, acme)
			r.hub.runners = []fleet.Runner{{Name: "rf-f-i-1-1", ID: 5, Scope: acme}}
			in := minting("i-1", acme, 1)
			in.Tries = 2
			r.has(r.act(r.t.Context(), r.snapshot(), []fleet.Intent{in}).Change)
			tt.with(r)
			r.play(noon.Add(75 * time.Second).Sub(r.now))
			if got := row(r.state().Machines[0]); got != tt.want {
				t.Errorf("machine %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAJobThatWasDoneWhileNobodyHeardIsNotLaunchedForAgain(t *testing.T) {
	for _, tt := range []struct {
		name     string
		done     bool // or it still waits
		launches int
		status   fleet.JobStatus
	}{
		{"its machine is gone, and GitHub says that it had the job", true, 1, fleet.Done},
		{"its machine is gone without it", false, 2, fleet.Queued},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.queue(1, acme)
			r.play(2 * time.Second)
			if tt.done {
				j := r.hub.jobs[1]
				j.Status, j.Conclusion, j.Runner, j.StartedAt, j.DoneAt = fleet.Done, "success", "rf-f-i-1-1", r.now, r.now
				r.hub.jobs[1] = j
			}
			r.hub.runners, r.yard.shown[0].State = nil, fleet.Terminated
			clear(r.shelf.configs)
			r.memory = memory{} // another process
			r.due = r.now
			r.play(3 * time.Second)
			if n := len(r.yard.sent); n != tt.launches {
				t.Errorf("%d launches", n)
			}
			for _, j := range r.state().Jobs {
				if j.Status != tt.status {
					t.Errorf("job %s", j.Status)
				}
			}
		})
	}
}

func TestARestartedManagerSeesWhatItsPredecessorLaunched(t *testing.T) {
	r := rigged(t)
	r.Alone = true
	r.lose["launch"] = fleet.ErrUnknownOutcome
	r.queue(1, acme)
	r.look()
	r.memory = memory{} // another process
	r.now = r.now.Add(time.Second)
	r.look()
	want := []string{"i-1, try 1, runner 1 of acme"} // not adopted: it was asked for
	if diff := cmp.Diff(want, r.machineRows()); diff != "" {
		t.Errorf("machines (-want +got):\n%s", diff)
	}
	if s := r.state(); len(r.yard.sent) != 1 || len(s.Intents) != 0 {
		t.Errorf("%d launches, open intents %v", len(r.yard.sent), s.Intents)
	}
}
