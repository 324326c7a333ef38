package fleet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// spotB is a second offer of the pool arm.
var spotB = fleet.Offer{Type: "c7g.large", Zone: "b", Market: fleet.Spot, Subnet: "s-b"}

func TestALaunchChoosesItsMarket(t *testing.T) {
	spot, od := fleet.OfferKey(spotA), fleet.OfferKey(odA)
	market := func(s *fleet.Snapshot, m fleet.Market) { s.Fleet.Pools[0].Market = m }
	decisions(t, []decision{
		{"a spot pool never buys on demand", func(s *fleet.Snapshot) {
			market(s, fleet.Spot)
			holds(s, spot)
			jobs(s, 1, arm)
		}, []string{"job 1 no-capacity"}},
		{"an on-demand pool never buys spot", func(s *fleet.Snapshot) {
			market(s, fleet.OnDemand)
			holds(s, od)
			jobs(s, 1, arm)
		}, []string{"job 1 no-capacity"}},
		{"spot-first buys spot although on-demand is set back", func(s *fleet.Snapshot) {
			market(s, fleet.SpotFirst)
			holds(s, od)
			jobs(s, 1, arm)
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"spot-first buys spot while one spot offer is left", func(s *fleet.Snapshot) {
			s.Recipes[0].Offers = []fleet.Offer{spotA, spotB, odA}
			holds(s, spot)
			jobs(s, 2, arm)
		}, []string{"launch 2 arm spot", "job 1 launching", "job 2 launching"}},
		{"spot-first tries spot on probation before on-demand", func(s *fleet.Snapshot) {
			expired(s, spot)
			jobs(s, 2, arm)
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 no-capacity"}},
		{"a launch under probation is one machine for all classes together", func(s *fleet.Snapshot) {
			expired(s, spot)
			jobs(s, 1, arm)
			jobs(s, 1, arms)
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 no-capacity"}},
		{"a clean offer beside one on probation takes any number", func(s *fleet.Snapshot) {
			s.Recipes[0].Offers = []fleet.Offer{spotA, spotB, odA}
			expired(s, spot)
			jobs(s, 2, arm)
		}, []string{"launch 2 arm spot", "job 1 launching", "job 2 launching"}},
		{"without any offer left there is no capacity", func(s *fleet.Snapshot) {
			holds(s, spot)
			holds(s, od)
			jobs(s, 1, arm)
		}, []string{"job 1 no-capacity"}},
	})
}

func TestALaunchNamesItsOffers(t *testing.T) {
	s := base()
	empty := fleet.Offer{Type: "m7g.large", Zone: "a", Market: fleet.Spot}
	s.Recipes[0].Offers = []fleet.Offer{spotA, empty, odA, spotB}
	expired(&s, fleet.OfferKey(spotA))
	holds(&s, fleet.OfferKey(empty))
	jobs(&s, 2, arm)
	want := []fleet.Intent{{Reason: "2 jobs wait and no machine is coming", Launch: &fleet.Launch{
		Pool: "arm", Template: "lt-1:1", Market: fleet.Spot, Offers: []fleet.Offer{spotB, spotA}, Count: 2,
	}}}
	if diff := cmp.Diff(want, fleet.Decide(s).Intents); diff != "" {
		t.Errorf("intents (-want +got):\n%s", diff)
	}
}

func TestAJobOverflows(t *testing.T) {
	linux := fleet.NewLabels("linux")
	decisions(t, []decision{
		{"it moves on when the first pool is at its cap", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max = 1
			jobs(s, 2, linux)
		}, []string{"launch 1 arm spot", "launch 1 x64 on-demand", "job 1 launching", "job 2 launching"}},
		{"it moves on when the first pool has no offers left", func(s *fleet.Snapshot) {
			holds(s, fleet.OfferKey(spotA))
			s.Recipes[0].Offers = []fleet.Offer{spotA}
			jobs(s, 1, linux)
		}, []string{"launch 1 x64 on-demand", "job 1 launching"}},
		{"it moves on when the first pool is paused", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "arm")
			jobs(s, 1, linux)
		}, []string{"launch 1 x64 on-demand", "job 1 launching"}},
		{"it moves on when the first pool's machines do not boot", func(s *fleet.Snapshot) {
			holds(s, fleet.BootKey("arm", "lt-1:1"))
			jobs(s, 1, linux)
		}, []string{"launch 1 x64 on-demand", "job 1 launching"}},
		{"it stays if the first pool does not overflow", func(s *fleet.Snapshot) {
			s.Fleet.Pools[0].Max, s.Fleet.Pools[0].NoOverflow = 1, true
			jobs(s, 2, linux)
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 full"}},
		{"it hears of the worst obstacle when no pool has room", func(s *fleet.Snapshot) {
			s.Fleet.Pools[1].Max = 1
			holds(s, fleet.BootKey("arm", "lt-1:1"))
			jobs(s, 2, linux)
		}, []string{"launch 1 x64 on-demand", "job 1 launching", "job 2 set-back"}},
	})
}

func TestNothingIsLaunched(t *testing.T) {
	decisions(t, []decision{
		{"while its pool is paused", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "arm")
			jobs(s, 1, arm)
		}, []string{"job 1 paused"}},
		{"while the fleet is paused, in any pool", func(s *fleet.Snapshot) {
			order(s, fleet.Pause, "")
			jobs(s, 1, arm)
			jobs(s, 1, x64)
		}, []string{"job 1 paused", "job 2 paused"}},
		{"before AWS was asked for its recipe", func(s *fleet.Snapshot) {
			s.Recipes = nil
			jobs(s, 1, arm)
		}, []string{"job 1 set-back"}},
		{"from a template that does not boot", func(s *fleet.Snapshot) {
			holds(s, fleet.BootKey("arm", "lt-1:1"))
			jobs(s, 1, arm)
		}, []string{"job 1 set-back"}},
		{"from a template that EC2 refuses", func(s *fleet.Snapshot) {
			holds(s, fleet.LaunchKey("arm", "lt-1:1"))
			jobs(s, 1, arm)
		}, []string{"job 1 set-back"}},
		{"for a scope where GitHub refuses the pool", func(s *fleet.Snapshot) {
			holds(s, fleet.MintKey("arm", acme))
			wait(s, queued(1, arm, 5), elsewhere(queued(2, arm, 5), "zeta"))
		}, []string{"launch 1 arm spot", "job 1 set-back", "job 2 launching"}},
		{"for a class that GitHub does not assign", func(s *fleet.Snapshot) {
			holds(s, fleet.ClassKey(fleet.Class{Scope: acme, Labels: arm}))
			wait(s, queued(1, arm, 5), queued(2, arms, 5))
		}, []string{"launch 1 arm spot", "job 1 set-back", "job 2 launching"}},
		{"but a new template is free of the old one's setback", func(s *fleet.Snapshot) {
			holds(s, fleet.BootKey("arm", "lt-1:0"))
			jobs(s, 1, arm)
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"but one machine after a class's setback", func(s *fleet.Snapshot) {
			expired(s, fleet.ClassKey(fleet.Class{Scope: acme, Labels: arm}))
			jobs(s, 1, arm)
		}, []string{"launch 1 arm spot", "job 1 launching"}},
	})
}
