package reconcile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// GitHub's limits on registrations: 900 points a minute at 5 points a write,
// and 10,000 an hour (actions_runner_registration) where its answers do not say
// another number.
const (
	MintsPerMinute = 180
	MintsPerHour   = 10_000
	// mintsPerScope is what several Apps may register a minute between them:
	// GitHub takes 1,500 in five minutes for a repository or organisation.
	mintsPerScope = 300
)

// window counts uses within a trailing span, so that no span of that length
// ever holds more than the limit, wherever it begins.
type window struct {
	span time.Duration
	used []time.Time
}

// left is how many of limit uses remain at an instant.
func (w *window) left(at time.Time, limit int) int {
	w.used = slices.DeleteFunc(w.used, func(t time.Time) bool { return !t.After(at.Add(-w.span)) })
	return max(0, limit-len(w.used))
}

func (w *window) use(at time.Time) { w.used = append(w.used, at) }

// mintWindow is what an installation registered lately.
type mintWindow struct{ minute, hour window }

func (r *Reconciler) mintsOf(installation int64) *mintWindow {
	if r.memory.mints == nil {
		r.memory.mints = map[int64]*mintWindow{}
	}
	w := r.memory.mints[installation]
	if w == nil {
		w = &mintWindow{minute: window{span: time.Minute}, hour: window{span: time.Hour}}
		r.memory.mints[installation] = w
	}
	return w
}

// allowance says what the limits leave at the snapshot's instant.
func (r *Reconciler) allowance(s fleet.Snapshot) fleet.Allowance {
	a := fleet.Allowance{Launches: -1, Configs: -1, Mints: map[int64]fleet.Mints{}}
	if r.Room != nil {
		a.Launches, a.Configs = r.Room()
	}
	if limit := s.Fleet.Limits.LaunchesPerMinute; limit > 0 {
		left := max(0, limit-launchedLately(s))
		if a.Launches < 0 || left < a.Launches {
			a.Launches = left
		}
	}
	if r.memory.throttled.After(s.At) {
		a.Launches = 0
	}
	for _, j := range s.State.Jobs {
		id := j.Class.Scope.Installation
		if _, ok := a.Mints[id]; !ok && j.Status == fleet.Queued {
			a.Mints[id] = r.mintsAt(id, s.At)
		}
	}
	for _, scope := range s.Scopes { // standing machines register without a job
		a.Mints[scope.Installation] = r.mintsAt(scope.Installation, s.At)
	}
	return a
}

func (r *Reconciler) mintsAt(installation int64, at time.Time) fleet.Mints {
	w, minute := r.mintsOf(installation), cmp.Or(r.MintsPerMinute, MintsPerMinute)
	known := r.meters()
	minute = min(minute*known.Apps(installation), max(minute, mintsPerScope))
	hour, told := known.Registrations(installation, at)
	if !told {
		hour = w.hour.left(at, MintsPerHour)
	}
	return fleet.Mints{
		Now:     min(w.minute.left(at, minute), hour),
		PerBoot: minute * int(fleet.DefaultBoot/time.Second) / 60,
		Limited: r.memory.unminted[installation],
	}
}

// launchedLately is how many machines were launched or started within a minute,
// or may yet be by what is open, as the ledger knows it: a process that looks may
// be new.
func launchedLately(s fleet.Snapshot) (n int) {
	since := s.At.Add(-time.Minute)
	for _, m := range s.State.Machines {
		if m.LaunchedAt.After(since) {
			n++
		}
		if m.StartedAt.After(since) {
			n++
		}
	}
	for _, in := range s.State.Intents {
		switch {
		case in.Launch != nil:
			n += in.Launch.Count
		case in.Start != nil:
			n++
		}
	}
	return n
}

// templateID is a recipe's template without its version.
func templateID(template string) string {
	id, _, _ := strings.Cut(template, ":")
	return id
}

func (r *Reconciler) spendMint(installation int64) {
	r.lock.Lock()
	defer r.lock.Unlock()
	w, at := r.mintsOf(installation), r.Now()
	w.minute.use(at)
	w.hour.use(at)
}

func (r *Reconciler) pauseLaunches() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.memory.throttled = r.Now().Add(throttlePause)
}
