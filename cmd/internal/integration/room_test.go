package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/runfleet/runfleet/provision/awsproxy"
)

// asked is what a launch asked EC2 for: its market, and types and subnets of its
// overrides.
type asked struct {
	market         string
	types, subnets []string
}

func askedBy(c awsproxy.Call) (a asked) {
	a.market = c.Form.Get("TargetCapacitySpecification.DefaultTargetCapacityType")
	for n := 1; ; n++ {
		key := fmt.Sprintf("LaunchTemplateConfigs.1.Overrides.%d.", n)
		if !c.Form.Has(key + "InstanceType") {
			return a
		}
		a.types = append(a.types, c.Form.Get(key+"InstanceType"))
		a.subnets = append(a.subnets, c.Form.Get(key+"SubnetId"))
	}
}

// TestWhereSpotHasNoRoomAJobRunsOnDemand has one type out of room on Spot, then all
// of Spot.
func TestWhereSpotHasNoRoomAJobRunsOnDemand(t *testing.T) {
	t.Parallel()
	s := newSite(t, "room")
	c := s.newCrew(1)
	launches := make(chan asked, 100)
	c.wire.Watch(func(call awsproxy.Call) {
		if call.Operation == "CreateFleet" {
			launches <- askedBy(call)
		}
	})
	c.wire.SetEmpty(awsproxy.Offer{Type: "m7g.large", Market: "spot"})
	const pools = "  - {name: one, labels: [self-hosted, one], arch: arm64, types: [m7g.large, m6g.large], image: IMAGE-arm64, prepared: true, max: 5}\n" +
		"  - {name: two, labels: [self-hosted, two], arch: x86_64, types: [m6i.large], image: IMAGE-x86_64, prepared: true, max: 5}\n"
	file := s.write("ledger", pools)
	s.serve(file).says("launch template made")

	s.hub.queue(0, "self-hosted", "one")
	if i := s.machine("one"); i.InstanceType != "m6g.large" || i.InstanceLifecycle != "spot" {
		t.Errorf("one type without room: a %s, lifecycle %q", i.InstanceType, i.InstanceLifecycle)
	}
	first := <-launches
	slices.Sort(first.subnets)
	if both := slices.Sorted(slices.Values(s.aws.subnets)); first.market != "spot" || !slices.Contains(first.types, "m7g.large") ||
		!slices.Contains(first.types, "m6g.large") || !slices.Equal(slices.Compact(first.subnets), both) {
		t.Errorf("a launch asked for %+v, the subnets are %v", first, both)
	}

	c.wire.SetEmpty(awsproxy.Offer{Market: "spot"})
	job := s.hub.queue(0, "self-hosted", "two")
	i := s.machine("two")
	if i.InstanceType != "m6i.large" || i.InstanceLifecycle != "" {
		t.Errorf("Spot without room: a %s, lifecycle %q", i.InstanceType, i.InstanceLifecycle)
	}
	s.status(file, "2 jobs wait, 0 run; 2 machines, 0 intents open")
	var markets []string
	for len(launches) > 0 {
		markets = append(markets, (<-launches).market)
	}
	if got := strings.Join(markets, " "); got != "spot on-demand" {
		t.Errorf("launches in turn: %s", got)
	}
	s.tells(file, fmt.Sprint("explain ", job), "launching: pool two, on-demand")
	s.tells(file, "machines list", aws.ToString(i.InstanceId), "on-demand")
}
