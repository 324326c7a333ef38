package chaos

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// See is what the ledger's row of a drill, its machines and its jobs show. Jobs
// may be all that the ledger has; those of other runs are left out.
func See(fleetName string, d fleet.DrillRun, machines []fleet.Machine, jobs []fleet.Job, at time.Time) Seen {
	s := Seen{At: at, Fleet: fleetName, Drill: d.Drill, Experiment: d.Experiment, Before: d.Before, Notices: d.Notices}
	for _, m := range machines {
		if m.Pool == d.Drill.Pool && !m.Gone() {
			s.Now = append(s.Now, m)
		}
	}
	if !d.Cleaned && d.Experiment.ID != "" {
		s.Left = []string{"the experiment's template"}
	}
	struck := map[fleet.RunID]bool{}
	for _, j := range jobs {
		id, _, ours := fleet.ParseRunnerName(fleetName, j.Runner)
		struck[j.Run] = struck[j.Run] || ours && slices.Contains(d.Experiment.Victims, id)
	}
	for _, j := range jobs {
		if struck[j.Run] {
			s.Jobs = append(s.Jobs, j)
		}
	}
	return s
}
