package schedule

import "github.com/runfleet/runfleet/fleet"

// Stand says where each pool of a snapshot stands in its hours, with the orders
// of operators laid over its windows and its boot estimate as the lead. A pool
// without windows never closes by itself; one that never closes is left out.
func Stand(s fleet.Snapshot, windows map[string]Windows) map[string]fleet.Hours {
	hours := map[string]fleet.Hours{}
	for _, p := range s.Fleet.Pools {
		w, timed := windows[p.Name]
		overrides := Overrides(s.State.Orders, p.Name)
		if !timed && len(overrides) == 0 {
			continue
		}
		lead, ok := s.Boots[p.Name]
		if !ok {
			lead = fleet.DefaultBoot
		}
		hours[p.Name] = w.At(s.At, lead, overrides...)
	}
	return hours
}
