package reconcile

import (
	"context"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// post is where lost deliveries are read back from.
type post struct {
	events []fleet.Event
	upTo   time.Time
	err    error
	since  []time.Time // of each call
}

func (p *post) Lost(_ context.Context, since time.Time) ([]fleet.Event, time.Time, error) {
	p.since = append(p.since, since)
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
