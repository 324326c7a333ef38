package chaos

import (
	"slices"

	"github.com/runfleet/runfleet/fleet"
)

// See is what the ledger's row of a drill, its state and its jobs show at an
// instant. Jobs may be all that the ledger has; those of other runs are left
// out.
func See(s fleet.Snapshot, d fleet.DrillRun, jobs []fleet.Job) Seen {
	seen := Seen{
		At: s.At, Fleet: s.Fleet.Name, Drill: d.Drill, Experiment: d.Experiment, Notices: d.Notices,
		Before: d.RanBefore, After: d.RanAfter, AfterAt: d.AfterAt,
		Markets: map[fleet.MachineID]fleet.Market{},
	}
	for _, i := range s.State.Interrupted {
		seen.Markets[i.On] = i.Market
	}
	for _, m := range s.State.Machines {
		if m.Pool == d.Drill.Pool && !m.Gone() {
			seen.Now = append(seen.Now, m)
		}
	}
	if !d.Cleaned && d.Experiment.ID != "" {
		seen.Left = []string{"the experiment's template"}
	}
	struck := map[fleet.RunID]bool{}
	for _, j := range jobs {
		id, _, ours := fleet.ParseRunnerName(s.Fleet.Name, j.Runner)
		struck[j.Run] = struck[j.Run] || ours && slices.Contains(d.Experiment.Victims, id)
	}
	for _, j := range jobs {
		if struck[j.Run] {
			seen.Jobs = append(seen.Jobs, j)
		}
	}
	return seen
}
