package fleet

import (
	"cmp"
	"slices"
	"time"
)

// Rules of time that no pool sets.
const (
	endGrace      = time.Minute      // a machine powers itself off after its job
	orphanBound   = 2 * time.Minute  // and two full looks
	withdrawAfter = 4 * time.Minute  // GitHub removes idle registrations within minutes
	idledOut      = 5 * time.Minute  // idle this long while a job of its class waits
	onlineWithin  = time.Minute      // of an agent that has its config, if it has it
	mintAgain     = 5 * time.Second  // after a mint that came to nothing
	retryAfter    = time.Minute      // after a refused end or removal
	resendFor     = 5 * time.Minute  // client tokens are trusted this long
	believedFor   = 90 * time.Second // a job is believed to wait this long after word of it
	planSize      = 80               // intents in one plan: what one DynamoDB transaction takes
	askSize       = 20               // questions to GitHub in one look
	// sweepSize is how many leftovers of each kind one plan sweeps, the next plans
	// the rest: SSM deletes some ten configs a second, an act has twenty, and an
	// intent must fit an item of DynamoDB (400 KB).
	sweepSize = 100
)

// Decide says what to do next. It is pure: the same snapshot gives the same
// plan, whatever the order of its parts. Every action carries a reason, every
// job that gets none carries a verdict.
func Decide(s Snapshot) Plan {
	v := settle(s)     // what is true: machines, runners, jobs and intents matched
	v.resume()         // what Spot interrupted is run again
	v.drill()          // what operators have broken on purpose
	v.release()        // who must go, and why
	v.cover()          // demand against what is there and coming
	v.supply()         // mint, start, launch: within caps, hours, budget, allowance
	return v.explain() // a verdict for each job left over, and when to look again
}

// view is a snapshot with its parts matched, and the plan as it grows.
type view struct {
	Snapshot
	plan     Plan
	pools    []poolView
	machines []machineView
	classes  []*classView
	byID     map[MachineID]int
	setbacks map[SetbackKey]Setback
	struck   map[SetbackKey]bool // struck in this plan, once is enough
	total    int                 // machines that count against the fleet's cap
	generic  int                 // machines launched or reserved and not yet minted
	tried    map[SetbackKey]bool // by a start in this plan, on probation
	ended    map[string]bool     // registrations of machines forgotten in this plan
	minted   map[int64]int       // registrations in this plan, by installation
	vanished map[place]int       // machines that may have had a job; nil: none
	paused   bool
	found    int // launches left for jobs that a search found
	// foundAgain is when one of those comes back; zero if none was made lately.
	foundAgain time.Time
}

// poolView is a pool and what the snapshot says of it.
type poolView struct {
	Pool
	recipe  Recipe
	count   int // pending, running and reserved machines
	busy    int // of them
	boot    time.Duration
	hours   Hours
	paused  bool
	scope   Scope              // of a standing pool; zero while it is not known
	launch  map[Market]*Launch // growing in this plan
	generic []int              // machines that could be claimed, soonest first
	coming  int                // reserved machines, not yet launched
	claims  []claim
	starts  int // stopped machines that jobs claim
}

// machineView is a machine and what the snapshot says of it.
type machineView struct {
	*Machine      // its row; never written
	pool      int // index of its pool; -1 when it left the file
	phase     Phase
	why       string    // it is in this phase
	job       *Job      // the job it runs or ran, when known
	served    time.Time // a standing one: when the last job began that is done and still known
	runner    *Runner
	notice    *Notice // Spot's; nil: none
	report    *Report // its agent's last one; nil: none
	scope     Scope   // where it is or will be registered
	intent    bool    // an intent about it is open
	minting   bool    // and it is a mint
	leaving   bool    // and it is to end
	held      bool
	drained   bool
	halted    bool
	haltedWhy string
}

// classView is a class with jobs that wait, oldest first.
type classView struct {
	Class
	apart   bool // its jobs come from forks, which one pool serves
	jobs    []*Job
	oldest  time.Time
	pools   []int       // that fit, in order of preference
	served  bool        // some pool fits, and the account is allowed
	covered int         // jobs, the oldest ones
	guessed int         // of them by busy runners whose job is not known
	asked   []time.Time // when GitHub was asked about each job, in order
	by      []cover
	launch  []cover
	why     Verdict // of jobs that are neither covered nor launched for

	late       int  // jobs that wait longer than their alert allows
	lateOldest *Job // of them
}

// cover says how many jobs of a class a pool's machines account for.
type cover struct {
	pool   int
	jobs   int
	market Market // of a launch
	starts bool   // the machines are stopped, and started for them
	gone   bool   // the machines vanished, and may have had them
}

// wake asks for another look at an instant, if it lies ahead.
func (v *view) wake(at time.Time) {
	if !at.After(v.At) {
		return
	}
	if v.plan.Wake.IsZero() || at.Before(v.plan.Wake) {
		v.plan.Wake = at
	}
}

// past reports whether a span since an instant is over, and asks for a look
// when it will be.
func (v *view) past(since time.Time, span time.Duration) bool {
	end := since.Add(span)
	if v.At.Before(end) {
		v.wake(end)
		return false
	}
	return true
}

// strike remembers one more failure, once per key and plan.
func (v *view) strike(k SetbackKey, detail string) {
	if v.struck[k] {
		return
	}
	v.struck[k] = true
	s := v.setbacks[k]
	s.Key = k
	s = s.Strike(v.At, detail)
	v.setbacks[k] = s
	v.plan.Setbacks = append(v.plan.Setbacks, s)
}

// sorted returns xs in order, copied only if it is not. Rows are some hundred
// bytes long: they are compared where they stand, and moved once.
func sorted[T any](xs []T, compare func(a, b *T) int) []T {
	inOrder := true
	for i := 1; i < len(xs) && inOrder; i++ {
		inOrder = compare(&xs[i-1], &xs[i]) <= 0
	}
	if inOrder {
		return xs
	}
	order := make([]*T, len(xs))
	for i := range xs {
		order[i] = &xs[i]
	}
	slices.SortFunc(order, compare)
	moved := make([]T, len(xs))
	for i, x := range order {
		moved[i] = *x
	}
	return moved
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func compareMachines(a, b *Machine) int { return cmp.Compare(a.ID, b.ID) }
func compareRunners(a, b *Runner) int   { return cmp.Compare(a.Name, b.Name) }
func compareIntents(a, b *Intent) int   { return cmp.Compare(a.ID, b.ID) }
func compareOrders(a, b *Order) int     { return cmp.Compare(a.ID, b.ID) }
func compareJobs(a, b *Job) int         { return a.Key.Compare(b.Key) }
