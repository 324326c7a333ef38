package reconcile

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// post is where lost deliveries are read back from.
type post struct {
	events []fleet.Event
	upTo   time.Time
	err    error
	since  []time.Time // of each call
	apps   []int64     // 1 if empty
	asked  []int64     // the App of each call
	refuse map[int64]error
	onLost func()
}

func (p *post) Senders() []int64 {
	if len(p.apps) == 0 {
		return []int64{1}
	}
	return p.apps
}

func (p *post) Lost(_ context.Context, app int64, since time.Time) ([]fleet.Event, time.Time, error) {
	p.since, p.asked = append(p.since, since), append(p.asked, app)
	if p.onLost != nil {
		p.onLost()
	}
	if err := p.refuse[app]; err != nil {
		return nil, since, err
	}
	return p.events, p.upTo, p.err
}

// idle is a registered machine whose runner waits, and its registration.
func idle(id string, since time.Duration) fleet.Change {
	m := fleet.Machine{
		ID: fleet.MachineID(id), Pool: "arm", Template: "lt-1:1", State: fleet.Up, LaunchedAt: noon.Add(-since), SeenAt: noon,
		Scope: acme, Try: 1, RunnerID: 1, MintedAt: noon.Add(-since), ReadyAt: noon.Add(-since), Taken: true,
	}
	x := fleet.Runner{Name: fleet.RunnerName("f", m.ID, 1), ID: 1, Scope: acme, Online: true, FirstAt: noon.Add(-since), SeenAt: noon}
	return fleet.Change{Machines: []fleet.Machine{m}, Runners: []fleet.Runner{x}}
}

// shows puts the ledger's machines and registrations into EC2 and GitHub too.
func (r *rig) shows(c fleet.Change) {
	r.has(c)
	r.yard.shown = append(r.yard.shown, c.Machines...)
	r.hub.runners = append(r.hub.runners, c.Runners...)
	for _, x := range c.Runners {
		r.hub.next = max(r.hub.next, x.ID)
	}
}

func TestOnceSaysWhenToLookAgain(t *testing.T) {
	asked := func(r *rig) {
		r.queue(1, acme)
		j := r.state().Jobs[0]
		j.Launches, j.LaunchedAt = 1, noon
		r.has(fleet.Change{Jobs: []fleet.Job{j}})
		r.now = noon.Add(90 * time.Second)
	}
	for _, tt := range []struct {
		name string
		with func(*rig)
		want time.Duration // from the look
	}{
		{"a fleet with nothing in it, in ten minutes", func(*rig) {}, restEvery},
		{"one with jobs that no pool fits, ten minutes after they heard so", func(r *rig) {
			j := fleet.Job{Key: fleet.JobKey{ID: 1, Attempt: 1}, Class: fleet.Class{Scope: acme, Labels: "gpu"}, Status: fleet.Queued, QueuedAt: noon}
			r.hears(fleet.Event{ID: "d", At: noon, Job: &j})
			r.look()
			r.now = noon.Add(time.Minute)
		}, restEvery - time.Minute},
		{"a fleet with a job that waits, in a minute", func(r *rig) {
			r.yard.recipes = nil
			r.queue(1, acme)
		}, fullEvery},
		{"a fleet whose full look failed, in a minute", func(r *rig) {
			r.yard.recipes = nil
			r.queue(1, acme)
			r.refuse["machines"], r.refuse["runners"] = errOdd, errOdd
		}, fullEvery},
		{"when lost deliveries are due before that", func(r *rig) { r.Deliveries = &post{} }, readBackEvery},
		{"at once when those of another App are", func(r *rig) { r.Deliveries = &post{apps: []int64{1, 2}} }, 0},
		{"when the plan says so", func(r *rig) { r.shows(idle("i-1", 100*time.Second)) }, 20 * time.Second},
		{"at once after something was done", func(r *rig) { r.queue(1, acme) }, 0},
		{"at once after something was refused", func(r *rig) {
			r.queue(1, acme)
			r.refuse["launch"] = fleet.ErrConfig
		}, 0},
		{"at once after something was not answered", func(r *rig) {
			r.queue(1, acme)
			r.refuse["launch"] = fleet.ErrUnknownOutcome
		}, 0},
		{"at once after an old launch was settled", func(r *rig) {
			in := three(3)
			in.ReservedAt = noon.Add(-10 * time.Minute)
			r.has(fleet.Change{Reserve: []fleet.Intent{in}, Marks: map[string]string{markLooked: stamp(noon.Add(-time.Minute))}})
		}, 0},
		{"at once when GitHub is to be asked", asked, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			tt.with(r)
			at := r.now
			if got := r.look().Sub(at); got != tt.want {
				t.Errorf("in %s, want %s", got, tt.want)
			}
		})
	}
}

// failing is a ledger that does not take part of what it is told.
type failing struct {
	ledger.Ledger
	read, settle error
}

func (f *failing) Read(ctx context.Context) (fleet.State, error) {
	if f.read != nil {
		return fleet.State{}, f.read
	}
	return f.Ledger.Read(ctx)
}

func (f *failing) Settle(ctx context.Context, c fleet.Change) error {
	if f.settle != nil && len(c.Settle) > 0 {
		return f.settle
	}
	return f.Ledger.Settle(ctx, c)
}

func TestALedgerThatCannotBeReadIsTriedInASecond(t *testing.T) {
	r := rigged(t)
	r.queue(1, acme)
	r.Ledger = &failing{Ledger: r.Ledger, read: ledger.ErrBusy}
	wake, err := r.Once(t.Context())
	if !errors.Is(err, ledger.ErrBusy) || wake.Sub(noon) != time.Second || len(r.asked()) > 0 {
		t.Errorf("wake in %s, error %v", wake.Sub(noon), err)
	}
}

func TestAnOutcomeThatIsNotRecordedCostsNoSecondMachine(t *testing.T) {
	r := rigged(t)
	r.queue(2, acme)
	broken := &failing{Ledger: r.Ledger, settle: ledger.ErrBusy}
	r.Ledger = broken
	if _, err := r.Once(t.Context()); !errors.Is(err, ledger.ErrBusy) {
		t.Errorf("error %v", err)
	}
	broken.settle = nil
	r.due = noon.Add(time.Second)
	r.play(time.Minute)
	if len(r.yard.shown) != 2 || len(r.yard.sent) != 2 || r.yard.sent[0].ID != r.yard.sent[1].ID {
		t.Errorf("%d machines of the launches %v", len(r.yard.shown), r.yard.sent)
	}
	if s := r.state(); len(s.Machines) != 2 || len(s.Intents) != 0 {
		t.Errorf("%d machines, open intents %v", len(s.Machines), s.Intents)
	}
}

func TestAJobThatWasRecordedBeforeTheStartIsServed(t *testing.T) {
	r := rigged(t)
	r.queue(1, acme)
	r.now = noon.Add(time.Hour) // nobody was there
	r.play(time.Second)
	if diff := cmp.Diff([]string{"launch 1 spot", "mint rf-f-i-1-1", "put i-1"}, r.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestOneLifeOfOneJob(t *testing.T) {
	r := rigged(t)
	r.queue(1, acme)
	r.play(5 * time.Second)
	delete(r.shelf.configs, "i-1") // the agent takes it
	r.hub.runners[0].Online, r.hub.runners[0].Busy = true, true
	job := r.hub.jobs[1]
	job.Status, job.Runner, job.StartedAt = fleet.Running, "rf-f-i-1-1", r.now
	r.hears(fleet.Event{ID: "running", At: r.now, Job: &job})
	r.play(3 * time.Minute)
	r.hub.runners = nil
	job.Status, job.Conclusion, job.DoneAt = fleet.Done, "success", r.now
	r.hears(fleet.Event{ID: "done", At: r.now, Job: &job})
	r.due = r.now
	r.play(3 * time.Minute)
	if diff := cmp.Diff([]string{"launch 1 spot", "mint rf-f-i-1-1", "put i-1", "end i-1"}, r.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	s := r.state()
	if len(s.Jobs)+len(s.Machines)+len(s.Runners)+len(s.Intents) != 0 {
		t.Errorf("left over: %+v", s)
	}
}

func TestAPlanIsADryRun(t *testing.T) {
	r := rigged(t)
	r.queue(1, acme)
	r.yard.shown = []fleet.Machine{{ID: "i-7", Pool: "old", LaunchedAt: noon.Add(-time.Hour), State: fleet.Up}}
	before := r.state()
	seen, plan, err := r.Plan(t.Context())
	if err != nil || len(plan.Intents) != 1 || len(seen.State.Machines) != 1 {
		t.Errorf("plan %+v of machines %v, error %v", plan.Intents, seen.State.Machines, err)
	}
	if diff := cmp.Diff(before, r.state()); diff != "" {
		t.Errorf("the ledger (-before +after):\n%s", diff)
	}
	if calls := r.asked(); len(calls) > 0 {
		t.Errorf("asked for %q", calls)
	}
}
