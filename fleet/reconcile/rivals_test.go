package reconcile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// jitter is an EC2 that gives other goroutines some turns before each answer.
type jitter struct{ Cloud }

func (j jitter) yield() {
	for range rand.IntN(20) {
		runtime.Gosched()
	}
}

func (j jitter) Machines(ctx context.Context) ([]fleet.Machine, error) {
	defer j.yield()
	return j.Cloud.Machines(ctx)
}

func (j jitter) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	defer j.yield()
	return j.Cloud.Launch(ctx, id, l)
}

// TestTwoManagersAtOnceAreAsGoodAsOne has two managers look at once, minute by
// minute, each look a full one, while jobs come, run and end.
func TestTwoManagersAtOnceAreAsGoodAsOne(t *testing.T) {
	onEachLedger(t, func(t *testing.T, r *rig, rival *Reconciler) {
		r.Cloud, rival.Cloud = jitter{r.Cloud}, jitter{rival.Cloud}
		r.Parallel, rival.Parallel = 4, 4
		jobs := 0
		for minute := range 20 {
			if minute < 12 {
				n := rand.IntN(4)
				r.queue(n, acme)
				jobs += n
			}
			for range 4 {
				var both sync.WaitGroup
				for _, m := range []*Reconciler{r.Reconciler, rival} {
					both.Go(func() {
						if _, err := m.Once(t.Context()); err != nil && !errors.Is(err, ledger.ErrConflict) {
							t.Error(err)
						}
					})
				}
				both.Wait()
				r.agree(minute)
			}
			r.work()
			r.now = r.now.Add(time.Minute)
		}
		if len(r.yard.shown) != jobs || len(r.hub.jobs) != jobs {
			t.Errorf("%d jobs took %d machines", len(r.hub.jobs), len(r.yard.shown))
		}
		if s := r.state(); len(s.Machines)+len(s.Intents)+len(s.Jobs)+len(r.shelf.configs) != 0 {
			t.Errorf("left: %v, open intents %v, %d jobs, configs %v", r.rows(), s.Intents, len(s.Jobs), r.shelf.configs)
		}
		for _, line := range r.asked() {
			if strings.HasPrefix(line, "mint") && !strings.HasSuffix(line, "-1") {
				t.Errorf("a second try: %s", line)
			}
		}
	})
}

// TestARivalAtEveryReserveLaunchesNothingTwice has another manager look, reserve
// and act between each look of one and its own reservation, under a cap that all
// jobs together exceed.
func TestARivalAtEveryReserveLaunchesNothingTwice(t *testing.T) {
	onEachLedger(t, func(t *testing.T, r *rig, rival *Reconciler) {
		pools := r.Fleet()
		pools.Pools[0].Max = 3
		r.Reconciler.Fleet, rival.Fleet = func() fleet.Fleet { return pools }, func() fleet.Fleet { return pools }
		races := 0
		r.Ledger = &contested{r.Ledger, 0, func(int) {
			races++
			if _, err := rival.Once(t.Context()); err != nil {
				t.Error(err)
			}
		}}
		for minute := range 20 {
			if minute < 5 {
				r.queue(2, acme)
			}
			for range 3 {
				if _, err := r.Once(t.Context()); err != nil && !errors.Is(err, ledger.ErrConflict) {
					t.Error(err)
				}
				alive := 0
				for _, m := range r.yard.shown {
					if !m.Gone() {
						alive++
					}
				}
				if alive > 3 {
					t.Fatalf("minute %d: %d machines, the cap is 3", minute, alive)
				}
				r.agree(minute)
			}
			r.work()
			r.now = r.now.Add(time.Minute)
		}
		if len(r.yard.shown) != 10 || races < 20 {
			t.Errorf("10 jobs took %d machines, with %d races", len(r.yard.shown), races)
		}
		if s := r.state(); len(s.Machines)+len(s.Intents)+len(s.Jobs)+len(r.shelf.configs) != 0 {
			t.Errorf("left: %v, open intents %v, %d jobs, configs %v", r.rows(), s.Intents, len(s.Jobs), r.shelf.configs)
		}
	})
}

// agree checks that the ledger knows all that was done.
func (r *rig) agree(minute int) {
	r.t.Helper()
	rows := map[fleet.MachineID]fleet.Machine{}
	for _, m := range r.state().Machines {
		rows[m.ID] = m
	}
	for _, m := range r.yard.shown {
		if row, ok := rows[m.ID]; !m.Gone() && (!ok || !row.AdoptedAt.IsZero()) {
			r.t.Errorf("minute %d: of %s the ledger knows %+v", minute, m.ID, row)
		}
	}
	for _, x := range r.hub.runners {
		id, try, _ := fleet.ParseRunnerName("f", x.Name)
		if row := rows[id]; row.EndedAt.IsZero() && (row.Try != try || row.RunnerID != x.ID) {
			r.t.Errorf("minute %d: of registration %s the ledger knows %+v", minute, x.Name, row)
		}
	}
}

// work is the machines' own part: whoever has a config takes a job, and who had
// one ends it and powers off.
func (r *rig) work() {
	for i, m := range r.yard.shown {
		at := slices.IndexFunc(r.hub.runners, func(x fleet.Runner) bool { return x.Name == fleet.RunnerName("f", m.ID, 1) })
		if at < 0 || m.Gone() {
			continue
		}
		x := &r.hub.runners[at]
		if x.Busy {
			r.moves(x.Name, fleet.Running, fleet.Done)
			r.hub.runners = slices.Delete(r.hub.runners, at, at+1)
			r.yard.shown[i].State = fleet.Terminated
			continue
		}
		delete(r.shelf.configs, m.ID)
		x.Online, x.Busy = true, true
		r.moves(x.Name, fleet.Queued, fleet.Running)
	}
}

// moves moves the first job that stands at a status, on a runner.
func (r *rig) moves(runner string, from, to fleet.JobStatus) {
	for id := fleet.JobID(1); int(id) <= len(r.hub.jobs); id++ {
		j := r.hub.jobs[id]
		if j.Status != from || from == fleet.Running && j.Runner != runner {
			continue
		}
		j.Status, j.Runner, j.StartedAt = to, runner, r.now
		if to == fleet.Done {
			j.Conclusion, j.DoneAt = "success", r.now
		}
		r.hub.jobs[id] = j
		r.hears(fleet.Event{ID: fmt.Sprint(to, id), At: r.now, Job: &j})
		return
	}
}
