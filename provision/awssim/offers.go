package awssim

import (
	"fmt"
	"math"
)

// noCapacity is EC2's code for an empty offer.
const noCapacity = "InsufficientInstanceCapacity"

// offer is an instance type in a zone and a market.
type offer struct {
	kind, zone string
	spot       bool
}

func (o offer) market() string {
	if o.spot {
		return "spot"
	}
	return "on-demand"
}

// patterns are all texts that mean the offer, among others.
func (o offer) patterns() []string {
	list := make([]string, 0, 8)
	for _, t := range []string{o.kind, "*"} {
		for _, z := range []string{o.zone, "*"} {
			for _, m := range []string{o.market(), "*"} {
				list = append(list, t+"/"+z+"/"+m)
			}
		}
	}
	return list
}

// offers is what the region has to offer, and what of it is in use.
type offers struct {
	capacity map[string]int    // machines by pattern
	refused  map[string]string // code by pattern
	used     map[string]int    // machines by pattern
	vcpu     map[bool]int      // in use, by whether it is Spot
	taken    map[string]int    // addresses by subnet
}

func newOffers() offers {
	return offers{map[string]int{}, map[string]string{}, map[string]int{}, map[bool]int{}, map[string]int{}}
}

// SetEmpty says whether an offer has no capacity: type/zone/market, where each
// part may be "*". Machines that run already go on.
func (a *Account) SetEmpty(offer string, empty bool) {
	if empty {
		a.SetCapacity(offer, 0)
		return
	}
	a.SetCapacity(offer, -1)
}

// SetCapacity says how many machines an offer holds, those that run included.
// A pattern limits the sum of its offers. Below zero it is without limit.
func (a *Account) SetCapacity(offer string, machines int) {
	a.do(func() {
		if machines < 0 {
			delete(a.offers.capacity, offer)
			return
		}
		a.offers.capacity[offer] = machines
	})
}

// SetRefusal says with which code EC2 refuses an offer, whatever its capacity:
// UnfulfillableCapacity, Unsupported. An empty code refuses nothing.
func (a *Account) SetRefusal(offer, code string) {
	a.do(func() {
		if code == "" {
			delete(a.offers.refused, offer)
			return
		}
		a.offers.refused[offer] = code
	})
}

// room is how many machines more an offer holds, and the code that refuses the
// next one.
func (a *Account) room(o offer, subnet string) (machines int, code string) {
	patterns := o.patterns()
	for _, p := range patterns {
		if code := a.offers.refused[p]; code != "" {
			return 0, code
		}
	}
	if code := a.outage(patterns); code != "" {
		return 0, code
	}
	machines = math.MaxInt
	least := func(n int, c string) {
		if n = max(n, 0); n < machines {
			machines, code = n, c
		}
	}
	for _, p := range patterns {
		if capacity, ok := a.offers.capacity[p]; ok {
			least(capacity-a.offers.used[p], noCapacity)
		}
	}
	quota, exceeded := a.cfg.Quotas.OnDemand, "VcpuLimitExceeded"
	if o.spot {
		quota, exceeded = a.cfg.Quotas.Spot, "MaxSpotInstanceCountExceeded"
	}
	if quota > 0 {
		least((quota-a.offers.vcpu[o.spot])/max(a.cfg.VCPU(o.kind), 1), exceeded)
	}
	least(a.addresses(subnet), "InsufficientFreeAddressesInSubnet")
	return machines, code
}

// addresses is how many a subnet has free.
func (a *Account) addresses(subnet string) int {
	all, ok := a.cfg.Addresses[subnet]
	if !ok {
		all = 4000
	}
	return all - a.offers.taken[subnet]
}

// occupy counts a machine (n is 1) or what it leaves (-1) in its offer. Its
// address is not counted here: a stopped machine keeps it.
func (a *Account) occupy(o offer, n int) {
	for _, p := range o.patterns() {
		a.offers.used[p] += n
	}
	a.offers.vcpu[o.spot] += n * a.cfg.VCPU(o.kind)
}

// sentence is what EC2 says beside a code.
func sentence(code string, o offer) string {
	switch code {
	case noCapacity:
		return fmt.Sprintf("We currently do not have sufficient %s capacity in the Availability Zone you requested (%s).", o.kind, o.zone)
	case "Unsupported":
		return fmt.Sprintf("Your requested instance type (%s) is not supported in your requested Availability Zone (%s).", o.kind, o.zone)
	case "VcpuLimitExceeded":
		return "You have requested more vCPU capacity than your current vCPU limit allows."
	case "MaxSpotInstanceCountExceeded":
		return "Max spot instance count exceeded"
	case "InsufficientFreeAddressesInSubnet":
		return "Not enough free addresses in the subnet."
	case "UnfulfillableCapacity":
		return "Unable to fulfill capacity due to your request configuration."
	}
	return "The request was refused."
}
