//go:build !lambda

package wire

import (
	"context"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/webhooks"
)

// ahead is how far the fleet's clock is ahead of everybody else's. What AWS,
// GitHub and machines say of instants is put by the fleet's clock where it enters
// the core, and back where it leaves. The adapters know nothing of it: requests
// are signed, tokens run out and answers are waited for by the real clock. To
// hand them the fleet's was considered: a registration token would be over before
// it came, and a machine would be launched hours before its launch.
type ahead time.Duration

// now is the fleet's time.
func (a ahead) now() time.Time { return time.Now().Add(time.Duration(a)) }

// ours is an instant by the fleet's clock. The zero time stays what it is.
func (a ahead) ours(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(time.Duration(a))
}

// theirs is the instant by everybody else's clock.
func (a ahead) theirs(t time.Time) time.Time { return (-a).ours(t) }

// heard records what is heard by the real clock.
func (a ahead) heard(to webhooks.Recorder) webhooks.Recorder {
	if a == 0 {
		return to
	}
	return shiftedRecorder{to, a}
}

// shift puts a Reconciler on the fleet's clock.
func (a ahead) shift(r *reconcile.Reconciler) {
	r.Now = a.now
	if a == 0 {
		return
	}
	r.Cloud, r.Sweeper, r.Configs = shiftedCloud{r.Cloud, a}, shiftedSweeper{r.Sweeper, a}, shiftedConfigs{r.Configs, a}
	r.Runs, r.Accounts, r.Deliveries = shiftedRuns{r.Runs, a}, shiftedAccounts{r.Accounts, a}, shiftedDeliveries{r.Deliveries, a}
	r.Search, r.Guards = shiftedSearch{r.Search, a}, shiftedGuards{r.Guards, a}
	if r.Faults != nil {
		r.Faults = shiftedFaults{r.Faults, a}
	}
	told := r.Meters
	r.Meters = func() fleet.Meters { return a.meters(told()) }
}

func (a ahead) job(j fleet.Job) fleet.Job {
	for _, t := range []*time.Time{&j.QueuedAt, &j.StartedAt, &j.DoneAt, &j.RecordedAt, &j.ChangedAt, &j.AskedAt, &j.LaunchedAt} {
		*t = a.ours(*t)
	}
	return j
}

func (a ahead) event(e fleet.Event) fleet.Event {
	e.At = a.ours(e.At)
	if e.Job != nil {
		j := a.job(*e.Job)
		e.Job = &j
	}
	if e.Notice != nil {
		n := *e.Notice
		n.At, n.Deadline = a.ours(n.At), a.ours(n.Deadline)
		e.Notice = &n
	}
	if e.Report != nil {
		r := *e.Report
		r.At, r.Deadline, r.JobFrom, r.JobUntil = a.ours(r.At), a.ours(r.Deadline), a.ours(r.JobFrom), a.ours(r.JobUntil)
		e.Report = &r
	}
	return e
}

func (a ahead) events(list []fleet.Event) []fleet.Event {
	shifted := make([]fleet.Event, len(list))
	for i, e := range list {
		shifted[i] = a.event(e)
	}
	return shifted
}

func (a ahead) machines(list []fleet.Machine) []fleet.Machine {
	for i := range list {
		list[i].LaunchedAt = a.ours(list[i].LaunchedAt)
	}
	return list
}

func (a ahead) meters(list fleet.Meters) fleet.Meters {
	for i := range list {
		m := &list[i]
		m.ResetAt, m.PausedUntil, m.SeenAt = a.ours(m.ResetAt), a.ours(m.PausedUntil), a.ours(m.SeenAt)
	}
	return list
}

func (a ahead) experiment(e fleet.Experiment) fleet.Experiment {
	e.StartedAt, e.EndedAt = a.ours(e.StartedAt), a.ours(e.EndedAt)
	return e
}

// when are the times at which things were made.
func when[K comparable](a ahead, at map[K]time.Time) map[K]time.Time {
	for k, t := range at {
		at[k] = a.ours(t)
	}
	return at
}

type shiftedRecorder struct {
	webhooks.Recorder
	ahead
}

func (s shiftedRecorder) Record(ctx context.Context, events ...fleet.Event) ([]bool, error) {
	return s.Recorder.Record(ctx, s.events(events)...)
}

type shiftedCloud struct {
	reconcile.Cloud
	ahead
}

func (s shiftedCloud) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	got, err := s.Cloud.Launch(ctx, id, l)
	got.Machines = s.machines(got.Machines)
	return got, err
}

func (s shiftedCloud) Machines(ctx context.Context) ([]fleet.Machine, error) {
	list, err := s.Cloud.Machines(ctx)
	return s.machines(list), err
}

type shiftedSweeper struct {
	reconcile.Sweeper
	ahead
}

func (s shiftedSweeper) Leftovers(ctx context.Context) (ec2Fleets, templates map[string]time.Time, err error) {
	ec2Fleets, templates, err = s.Sweeper.Leftovers(ctx)
	return when(s.ahead, ec2Fleets), when(s.ahead, templates), err
}

type shiftedConfigs struct {
	reconcile.Configs
	ahead
}

func (s shiftedConfigs) Stored(ctx context.Context) (map[fleet.MachineID]time.Time, error) {
	at, err := s.Configs.Stored(ctx)
	return when(s.ahead, at), err
}

type shiftedRuns struct {
	reconcile.Runs
	ahead
}

func (s shiftedRuns) Job(ctx context.Context, j fleet.Job) (fleet.Job, error) {
	seen, err := s.Runs.Job(ctx, (-s.ahead).job(j)) // what GitHub does not tell stays as it was
	return s.job(seen), err
}

type shiftedAccounts struct {
	reconcile.Accounts
	ahead
}

func (s shiftedAccounts) Enrolment(ctx context.Context, at fleet.Scope) (fleet.Enrolment, time.Time, error) {
	e, until, err := s.Accounts.Enrolment(ctx, at)
	return e, s.ours(until), err
}

type shiftedDeliveries struct {
	reconcile.Deliveries
	ahead
}

func (s shiftedDeliveries) Lost(ctx context.Context, app int64, since time.Time) ([]fleet.Event, time.Time, error) {
	events, upTo, err := s.Deliveries.Lost(ctx, app, s.theirs(since))
	return s.events(events), s.ours(upTo), err
}

type shiftedSearch struct {
	reconcile.Search
	ahead
}

func (s shiftedSearch) Pushed(ctx context.Context, in fleet.Installation, page int) ([]fleet.Pushed, bool, error) {
	list, more, err := s.Search.Pushed(ctx, in, page)
	for i := range list {
		list[i].At = s.ours(list[i].At)
	}
	return list, more, err
}

func (s shiftedSearch) Jobs(ctx context.Context, r fleet.Run) ([]fleet.Job, error) {
	list, err := s.Search.Jobs(ctx, r)
	for i, j := range list {
		list[i] = s.job(j)
	}
	return list, err
}

type shiftedGuards struct {
	reconcile.Guards
	ahead
}

func (s shiftedGuards) RunnerRelease(ctx context.Context, at fleet.Scope, version string) (fleet.RunnerRelease, error) {
	r, err := s.Guards.RunnerRelease(ctx, at, version)
	r.EndsAt = s.ours(r.EndsAt)
	return r, err
}

type shiftedFaults struct {
	reconcile.Faults
	ahead
}

func (s shiftedFaults) Start(ctx context.Context, d fleet.Drill) (fleet.Experiment, error) {
	e, err := s.Faults.Start(ctx, d)
	return s.experiment(e), err
}

func (s shiftedFaults) Follow(ctx context.Context, experiment string) (fleet.Experiment, error) {
	e, err := s.Faults.Follow(ctx, experiment)
	return s.experiment(e), err
}
