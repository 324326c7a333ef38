//go:build !lambda

package wire

import (
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/cost"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/fleet/replay"
	"github.com/runfleet/runfleet/provision/catalog"
)

// Replay is what a trace is replayed against, as a fleet file says: its pools,
// limits and hours, the types that they may launch at list prices, and what the
// reconciler and GitHub keep to. Boot and seed are the caller's.
func Replay(f *config.File) replay.Config {
	c := replay.Config{
		Fleet: f.Fleet(), Windows: f.Windows(), Coalesce: reconcile.Coalesce,
		Mints:   replay.Mints{PerMinute: reconcile.MintsPerMinute, PerHour: reconcile.MintsPerHour},
		Rates:   cost.Rates{Hour: map[cost.Machine]float64{}, GiBMonth: cost.GP3GiBMonth, Address: cost.AddressHour},
		Volumes: map[string]replay.Volume{},
	}
	for _, p := range f.Pools {
		recipe := fleet.Recipe{Pool: p.Name, Template: p.Name}
		for _, name := range types(p) {
			t, ok := catalog.Lookup(name)
			for _, market := range []fleet.Market{fleet.Spot, fleet.OnDemand} {
				spot := market == fleet.Spot
				if !ok || spot && !t.SpotSupported {
					continue
				}
				recipe.Offers = append(recipe.Offers, fleet.Offer{Type: name, Market: market})
				c.Rates.Hour[cost.Machine{Type: name, Market: market}] = t.Price(spot)
			}
		}
		c.Recipes = append(c.Recipes, recipe)
		c.Volumes[p.Name] = replay.Volume{DiskGiB: p.DiskGiB, Public: f.AWS.PublicIP}
	}
	return c
}
