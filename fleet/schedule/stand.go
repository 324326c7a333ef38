package schedule

import "github.com/runfleet/runfleet/fleet"

// Stand says where each pool of a snapshot stands in its hours, with the orders
// of operators laid over its windows and its boot estimate as the lead. A pool
// without windows is left out: it never closes, and an order about the hours of
// all pools is not about it, as it has no word for what jobs meet then.
func Stand(s fleet.Snapshot, windows map[string]Windows) map[string]fleet.Hours {
	hours := map[string]fleet.Hours{}
	for _, p := range s.Fleet.Pools {
		w, timed := windows[p.Name]
		if !timed {
			continue
		}
		lead, ok := s.Boots[p.Name]
		if !ok {
			lead = fleet.DefaultBoot
		}
		hours[p.Name] = w.At(s.At, lead, Overrides(s.State.Orders, p.Name)...)
	}
	return hours
}
