package replay

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// givesUp is how long GitHub lets a job wait for a runner.
const givesUp = 24 * time.Hour

// hub is GitHub as far as a replay needs it: jobs that wait and runners that
// listen. It pairs them as GitHub does, by labels alone.
type hub struct {
	jobs  []Job
	phase []phase // of each job of the trace
	// takes lists for a class the pools whose runners hold its labels, gives
	// for a pool the classes that these are.
	takes, gives [][]int
	served       []bool // classes that some pool fits
	classes      []int  // these, by their index
	waiting      []fifo[int32]
	listening    []fifo[listener]
	open         int // jobs that wait or run
}

// listener is a runner that waits for a job, and since when. A standing
// machine's is one again after each job.
type listener struct {
	*life
	since time.Duration
}

func (l listener) still() bool { return l.listens() && l.online == l.since }

// phase is how far a job of the trace came.
type phase uint8

const (
	unready phase = iota
	waits
	runs
	over
)

func newHub(t Trace, pools []fleet.Pool) hub {
	h := hub{
		jobs: t.Jobs, phase: make([]phase, len(t.Jobs)),
		takes: make([][]int, len(t.Classes)), gives: make([][]int, len(pools)), served: make([]bool, len(t.Classes)),
		waiting: make([]fifo[int32], len(t.Classes)), listening: make([]fifo[listener], len(pools)),
	}
	for c, class := range t.Classes {
		for p, pool := range pools {
			if pool.Labels.Holds(class.Labels) {
				h.takes[c], h.gives[p] = append(h.takes[c], p), append(h.gives[p], c)
			}
			h.served[c] = h.served[c] || pool.Fits(class.Labels)
		}
		if h.served[c] {
			h.classes = append(h.classes, c)
		}
	}
	return h
}

// takeRunner takes the runner that listens longest and holds the class's
// labels; nil if none does.
func (h *hub) takeRunner(class int32) *life {
	var best *fifo[listener]
	for _, p := range h.takes[class] {
		f := &h.listening[p]
		for f.len() > 0 && !f.first().still() {
			f.pop()
		}
		if f.len() > 0 && (best == nil || f.first().since < best.first().since) {
			best = f
		}
	}
	if best == nil {
		return nil
	}
	return best.pop().life
}

// jobFor is the job that waits longest for a runner of the pool; false if none
// does.
func (h *hub) jobFor(pool int) (best int32, ok bool) {
	for _, c := range h.gives[pool] {
		if i, some := h.oldest(c); some && (!ok || i < best) {
			best, ok = i, true
		}
	}
	return best, ok
}

// oldest is the job of a class that waits longest.
func (h *hub) oldest(class int) (int32, bool) {
	f := &h.waiting[class]
	for f.len() > 0 && h.phase[f.first()] != waits {
		f.pop()
	}
	if f.len() == 0 {
		return 0, false
	}
	return f.first(), true
}

// givesUpAt is when GitHub next ends a job that waited too long, and the job.
func (h *hub) givesUpAt() (at time.Duration, job int32) {
	at = never
	for _, c := range h.classes {
		if i, ok := h.oldest(c); ok && h.jobs[i].Ready+givesUp < at {
			at, job = h.jobs[i].Ready+givesUp, i
		}
	}
	return at, job
}
