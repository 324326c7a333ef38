package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/chaos"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// mostJobs is how many jobs of the runs that drills struck are looked at.
const mostJobs = 20_000

// How a drill stands that was not run, or not yet; chaos says how others do.
const (
	drillOrdered chaos.Result = "ordered" // no manager took it up yet
	drillRefused chaos.Result = "refused"
)

// judged is a drill and what it came to so far.
type judged struct {
	fleet.DrillRun
	Verdict chaos.Verdict
}

// drills are those that the ledger knows, oldest first, each judged by what it
// knows; those that are only ordered come last.
func drills(ctx context.Context, b book) ([]judged, error) {
	var runs []fleet.RunID
	for _, d := range b.state.Drills {
		runs = append(runs, d.Runs...)
	}
	var jobs []fleet.Job
	if len(runs) > 0 {
		var err error
		if jobs, err = b.store.Jobs(ctx, ledger.Query{Runs: runs, Limit: mostJobs}); err != nil {
			return nil, err
		}
	}
	seen := fleet.Snapshot{At: lastLook(b.state), Fleet: fleet.Fleet{Name: b.Name}, State: b.state}
	var all []judged
	first := "" // the drill that goes on
	for _, d := range slices.SortedFunc(slices.Values(b.state.Drills), func(x, y fleet.DrillRun) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Drill.ID, y.Drill.ID))
	}) {
		if !d.Settled() {
			first = d.Drill.ID
		}
		if d.Refused != "" {
			all = append(all, judged{d, chaos.Verdict{Result: drillRefused, Why: []string{d.Refused}, Before: d.RanBefore}})
			continue
		}
		all = append(all, judged{d, chaos.Judge(chaos.See(seen, d, jobs))})
	}
	if b.manager() == managerNone {
		for i := range all {
			if v := &all[i].Verdict; v.Result == chaos.Open {
				v.Why = append(v.Why, "no manager runs, so nothing goes on: "+b.remedy())
			}
		}
	}
	return append(all, ordered(b, first)...), nil
}

// ordered are the drills that no manager took up yet, in the order in which one
// will. One at a time is run.
func ordered(b book, first string) (all []judged) {
	for _, o := range slices.SortedFunc(slices.Values(b.state.Orders), func(x, y fleet.Order) int { return cmp.Compare(x.ID, y.ID) }) {
		taken := slices.ContainsFunc(b.state.Drills, func(d fleet.DrillRun) bool { return d.Drill.ID == o.ID })
		if o.Kind != fleet.Inject || o.Drill == nil || taken || !o.Holds(b.at) {
			continue
		}
		why := "the manager's next look takes it up"
		switch {
		case b.manager() == managerNone:
			why = "no manager runs: " + b.remedy()
		case first != "":
			why = "drill " + first + " goes first"
		}
		all = append(all, judged{
			fleet.DrillRun{Drill: *o.Drill, By: o.By, Reason: o.Reason},
			chaos.Verdict{Result: drillOrdered, Why: []string{why}},
		})
		first = o.ID
	}
	return all
}

// drillOf is one drill, the newest if id is empty.
func drillOf(ctx context.Context, b book, id string) (judged, error) {
	all, err := drills(ctx, b)
	if err != nil {
		return judged{}, err
	}
	for _, d := range slices.Backward(all) {
		if id == "" || d.Drill.ID == id {
			return d, nil
		}
	}
	if id == "" {
		return judged{}, fmt.Errorf("the ledger knows of no drill in the last week: %w (drill spot orders one)", ledger.ErrUnknown)
	}
	return judged{}, fmt.Errorf("drill %s: %w (drill list shows the known ones)", id, ledger.ErrUnknown)
}
