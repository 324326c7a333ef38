package replay

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// ErrStopped says that Config.Tell ended a replay.
var ErrStopped = errors.New("stopped")

// Run replays a trace against a fleet. Its memory grows with what is alive at
// once, and by nine bytes a job.
func Run(t Trace, c Config) (Report, error) {
	p := newPlay(t, c)
	for steps := 0; ; steps++ {
		if c.Tell != nil && steps%tellEvery == 0 && !c.Tell(p.progress()) {
			return p.report(), ErrStopped
		}
		more, err := p.step()
		if err != nil || !more {
			return p.report(), err
		}
	}
}

const (
	tellEvery = 2048           // steps
	settled   = 48 * time.Hour // after the last job everything must be at rest
	mostLooks = 100_000        // looks at one instant
)

// play is a trace while it is replayed.
type play struct {
	Config
	trace  Trace
	at     time.Duration // since the trace's begin
	limit  time.Duration
	next   int // the job that arrives next
	hub    hub
	events heap[event]
	order  uint64        // of events, so that those of one instant keep theirs
	look   time.Duration // when the next one is due
	full   time.Duration // when the next full look is
	unseen []*life       // what that one will see
	looked [2]time.Time  // the last full look, and the one before
	state  fleet.State
	boots  map[string]time.Duration
	scopes map[string]fleet.Scope // of standing pools
	hours  map[string]fleet.Hours
	turns  time.Time // when they change
	pace   pace
	lives  map[fleet.MachineID]*life
	alive  int
	stands bool // some pool does, and its machines are still paid for
	tally
}

// scope is where all jobs of a trace are queued.
var scope = fleet.Scope{Installation: 1, Owner: "trace"}

// tally is a report as it grows.
type tally struct {
	out      Report
	byPool   [][]time.Duration       // that jobs waited, by the pool that served them
	runSpans map[int32]time.Duration // the longest wait of each run
	poolLive []int
}

func newPlay(t Trace, c Config) *play {
	c.Fleet.Accounts, c.Fleet.Pools = nil, slices.Clone(c.Fleet.Pools)
	p := &play{
		Config: c, trace: t, hub: newHub(t, c.Fleet.Pools), look: never, full: never, limit: t.Span() + settled,
		lives: map[fleet.MachineID]*life{}, boots: map[string]time.Duration{}, pace: newPace(c),
	}
	p.events.less = func(a, b event) bool { return a.at < b.at || a.at == b.at && a.order < b.order }
	p.out.Pools = make([]PoolReport, len(c.Fleet.Pools))
	p.byPool, p.poolLive = make([][]time.Duration, len(c.Fleet.Pools)), make([]int, len(c.Fleet.Pools))
	p.runSpans = map[int32]time.Duration{}
	for i, pool := range c.Fleet.Pools {
		p.boots[pool.Name] = c.Boot.P50
		p.out.Pools[i].Name = pool.Name
	}
	p.assemble()
	return p
}

// now is the instant as the fleet knows it.
func (p *play) now() time.Time { return p.trace.Begin.Add(p.at) }

// step lets everything of the next instant happen. It reports whether there is
// more to come.
func (p *play) step() (bool, error) {
	lost, job := p.hub.givesUpAt()
	at := min(p.look, lost)
	if p.next < len(p.trace.Jobs) {
		at = min(at, p.trace.Jobs[p.next].Ready)
	} else if len(p.state.Jobs)+len(p.state.Machines) == 0 {
		return false, nil
	}
	if p.events.len() > 0 {
		at = min(at, p.events.first().at)
	}
	if at > p.limit {
		return false, fmt.Errorf("the fleet does not come to rest: %d jobs and %d machines are left %s after the last job",
			p.hub.open, p.alive, settled)
	}
	p.at = at
	if lost <= at {
		p.giveUp(job)
	}
	for p.events.len() > 0 && p.events.first().at == at {
		p.happen(p.events.pop())
	}
	for p.next < len(p.trace.Jobs) && p.trace.Jobs[p.next].Ready == at {
		p.arrive(int32(p.next))
		p.next++
	}
	if p.stands && p.next == len(p.trace.Jobs) && p.hub.open == 0 {
		p.disband()
	}
	if p.look <= at {
		return true, p.lookNow()
	}
	return true, nil
}

func (p *play) push(e event) {
	e.order = p.order
	p.order++
	p.events.push(e)
}

func (p *play) happen(e event) {
	switch e.kind {
	case jobEnds:
		if e.life.busy() {
			p.finish(e.life)
		}
	case runnerListens:
		if l := e.life; l.try == e.try && l.starts() == e.start && !l.ended && !l.off() {
			p.online(l)
		}
	case machineStopped:
		e.life.stand.stopped = true
		p.see(e.life)
	case jobCancelled:
		if p.hub.phase[e.job] == waits {
			p.drop(e.job, "cancelled")
			p.out.Jobs.Cancelled++
			p.wake(p.at + p.Coalesce)
		}
	}
}

// arrive queues a job at GitHub, which tells the fleet of it.
func (p *play) arrive(i int32) {
	j := p.trace.Jobs[i]
	p.out.Jobs.Total++
	switch {
	case !p.hub.served[j.Class]:
		p.out.Jobs.NoPool++
		return
	case j.Duration == 0 && j.Cancel == 0:
		p.out.Jobs.Unknown++
		return
	}
	now := p.now()
	p.state.Jobs = append(p.state.Jobs, fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(i) + 1, Attempt: 1}, Run: fleet.RunID(j.Run) + 1,
		Class: fleet.Class{Scope: scope, Labels: p.trace.Classes[j.Class].Labels}, Workflow: p.trace.Workflows[j.Workflow],
		Status: fleet.Queued, QueuedAt: now, RecordedAt: now, ChangedAt: now,
	})
	p.hub.phase[i] = waits
	p.hub.open++
	p.hub.waiting[j.Class].push(i)
	if j.Cancel > 0 {
		p.push(event{at: j.Ready + j.Cancel, kind: jobCancelled, job: i})
	}
	if l := p.hub.takeRunner(j.Class); l != nil {
		p.begin(i, l)
	}
	p.wake(p.at + p.Coalesce)
}

// online is the first sign of a machine's runner since its launch or start.
func (p *play) online(l *life) {
	l.taken, l.up = true, true
	p.note(listens, l)
	if !p.listen(l) || l.stand != nil {
		p.see(l)
	}
	if l.stand != nil {
		l.stand.ready = p.at
	}
}

// listen has a runner take the job that waits longest, or wait for one. It
// reports whether it has one.
func (p *play) listen(l *life) bool {
	l.online = p.at
	if i, ok := p.hub.jobFor(l.pool); ok {
		p.begin(i, l)
		p.wake(p.at + p.Coalesce)
		return true
	}
	p.hub.listening[l.pool].push(listener{l, p.at})
	return false
}

// begin gives a job to a runner.
func (p *play) begin(i int32, l *life) {
	j := p.trace.Jobs[i]
	p.hub.phase[i] = runs
	l.job, l.worked, l.served = i, p.at, true
	p.note(begins, l)
	row := p.job(i)
	row.Status, row.Runner, row.StartedAt, row.ChangedAt, row.Verdict = fleet.Running, l.name, p.now(), p.now(), fleet.Verdict{}
	ends := p.at + j.Duration
	if j.Cancel > 0 {
		ends = max(p.at, j.Ready+j.Cancel)
	}
	p.push(event{at: ends, kind: jobEnds, life: l})
	p.count(j, l)
}

// finish ends a machine's job, and with it the machine, unless it stands. In
// service the event wakes a look. It would plan nothing: until a full look sees
// that the machine is gone, at most a minute later, the fleet counts it as it did
// before; and an open pool's machine stands on.
func (p *play) finish(l *life) {
	p.leave(l, "success")
	switch {
	case l.stand == nil:
		p.end(l)
	case !p.listen(l) && p.hours[p.out.Pools[l.pool].Name].Closed:
		p.wake(p.at + p.Coalesce)
	}
	if p.eager {
		p.wake(p.at + p.Coalesce)
	}
}

// leave is the end of a machine's job.
func (p *play) leave(l *life, conclusion string) {
	p.drop(l.job, conclusion)
	p.note(leaves, l)
	if l.stand != nil {
		l.stand.work += p.at - l.worked
		l.job = -1
	}
}

// drop ends a job that waits or runs.
func (p *play) drop(i int32, conclusion string) {
	p.hub.phase[i] = over
	p.hub.open--
	row := p.job(i)
	row.Status, row.Conclusion, row.DoneAt, row.ChangedAt, row.Verdict = fleet.Done, conclusion, p.now(), p.now(), fleet.Verdict{}
}

func (p *play) giveUp(i int32) {
	p.drop(i, "cancelled")
	p.out.Jobs.GaveUp++
	p.wake(p.at + p.Coalesce)
}
