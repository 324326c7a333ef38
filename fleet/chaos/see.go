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
	seen.Traces = traces(s, d.Experiment.Victims)
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

// traces are what victims left behind, as far as the ledger knows, and the last
// full look if it is in the snapshot. A machine's row goes when what it
// left is cleared; registrations that stay all the same are listed by the next
// full look.
func traces(s fleet.Snapshot, victims []fleet.MachineID) map[fleet.MachineID][]string {
	var all map[fleet.MachineID][]string
	add := func(id fleet.MachineID, what string) {
		if !slices.Contains(victims, id) || slices.Contains(all[id], what) {
			return
		}
		if all == nil {
			all = map[fleet.MachineID][]string{}
		}
		all[id] = append(all[id], what)
	}
	for _, m := range s.State.Machines {
		if m.Gone() {
			add(m.ID, "its row in the ledger")
		}
	}
	for _, r := range s.State.Runners {
		if id, _, ours := fleet.ParseRunnerName(s.Fleet.Name, r.Name); ours {
			add(id, "registration "+r.Name)
		}
	}
	parameters := slices.Clone(s.Leftovers.Parameters)
	for _, in := range s.State.Intents {
		switch {
		case in.Sweep != nil:
			parameters = append(parameters, in.Sweep.Parameters...)
		case in.Withdraw != nil:
			parameters = append(parameters, in.Withdraw.Machine)
		}
	}
	for _, id := range parameters {
		add(id, "its parameter")
	}
	return all
}
