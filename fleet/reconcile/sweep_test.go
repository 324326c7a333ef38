package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestLeftoversAreOldAndOfNoMachine(t *testing.T) {
	was := func(age time.Duration) time.Time { return noon.Add(-age) }
	all := fleet.Leftovers{Parameters: []fleet.MachineID{"i-9"}, EC2Fleets: []string{"fleet-9"}, Templates: []string{"lt-9"}}
	for _, tt := range []struct {
		name string
		with func(*rig)
		want fleet.Leftovers
	}{
		{"what nobody uses", func(*rig) {}, all},
		{"but not what a plan may still use", func(r *rig) {
			r.shelf.configs["i-9"], r.yard.fleets["fleet-9"], r.yard.templates["lt-9"] = was(sweepEvery), was(sweepEvery), was(sweepEvery)
		}, fleet.Leftovers{}},
		{"a store that fails says nothing of the rest", func(r *rig) { r.refuse["stored"] = errOdd },
			fleet.Leftovers{EC2Fleets: all.EC2Fleets, Templates: all.Templates}},
		{"while recipes are unknown any template may be in use", func(r *rig) { r.refuse["recipes"] = errOdd },
			fleet.Leftovers{Parameters: all.Parameters, EC2Fleets: all.EC2Fleets}},
		{"so it may while a pool's is", func(r *rig) { r.yard.recipes = append(r.yard.recipes, fleet.Recipe{Pool: "x64", Problem: "odd"}) },
			fleet.Leftovers{Parameters: all.Parameters, EC2Fleets: all.EC2Fleets}},
		{"a standing machine that came up needs no config any more", func(r *rig) {
			r.has(fleet.Change{Machines: []fleet.Machine{{
				ID: "i-1", Pool: "old", EC2Fleet: "fleet-1", Template: "lt-0:3", LaunchedAt: noon, Standing: true, ReadyAt: noon, Taken: true,
			}}})
		}, fleet.Leftovers{Parameters: []fleet.MachineID{"i-1", "i-9"}, EC2Fleets: all.EC2Fleets, Templates: all.Templates}},
		{"an EC2 that fails says nothing of the configs", func(r *rig) { r.refuse["leftovers"] = errOdd }, fleet.Leftovers{Parameters: all.Parameters}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.has(fleet.Change{Machines: []fleet.Machine{{ID: "i-1", Pool: "old", EC2Fleet: "fleet-1", Template: "lt-0:3", LaunchedAt: noon}}})
			ages := map[string]time.Time{}
			for _, id := range []string{"i-1", "i-9", "fleet-1", "fleet-9", "lt-0", "lt-1", "lt-9"} {
				ages[id] = was(time.Hour)
			}
			r.shelf.configs = map[fleet.MachineID]time.Time{"i-1": ages["i-1"], "i-9": ages["i-9"]}
			r.yard.fleets = map[string]time.Time{"fleet-1": ages["fleet-1"], "fleet-9": ages["fleet-9"]}
			r.yard.templates = map[string]time.Time{"lt-0": ages["lt-0"], "lt-1": ages["lt-1"], "lt-9": ages["lt-9"]}
			tt.with(r)
			s := r.snapshot()
			if err := r.fullLook(t.Context(), &s, true); err != nil {
				t.Fatal(err)
			}
			slices.Sort(s.Leftovers.Parameters)
			if diff := cmp.Diff(tt.want, s.Leftovers); diff != "" {
				t.Errorf("leftovers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatCouldNotBeSweptIsSweptByTheNextFullLook(t *testing.T) {
	for _, tt := range []struct {
		name, refuse string
		again        bool
	}{
		{"all answered", "", false},
		{"the recipes are unknown, so every template may be in use", "recipes", true},
		{"the stored configs are unknown", "stored", true},
		{"the instant fleets are unknown", "leftovers", true},
		{"the sweep failed", "sweep", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.refuse[tt.refuse] = errOdd
			r.yard.fleets, r.yard.templates = map[string]time.Time{"fleet-9": {}}, map[string]time.Time{"lt-9": {}}
			r.look()
			if got := r.memory.swept.IsZero(); got != tt.again {
				t.Errorf("again: %t", got)
			}
			want := map[bool]time.Duration{true: fullEvery, false: restEvery}[tt.again]
			if got := r.pause(r.snapshot()); got != want {
				t.Errorf("the next full look is %s away, want %s", got, want)
			}
		})
	}
}

// A plan sweeps a part of what is left over; the looks after it sweep the rest,
// without another search.
func TestManyLeftoversAreSweptByOnePlanAfterTheOther(t *testing.T) {
	r := rigged(t)
	r.yard.fleets = map[string]time.Time{}
	for i := range 250 {
		r.yard.fleets[fmt.Sprintf("fleet-%03d", i)] = noon.Add(-time.Hour)
	}
	var sizes []int
	swept := map[string]bool{}
	for range 5 {
		r.look()
		for _, line := range r.asked() {
			ids := strings.Fields(line)[1:]
			sizes = append(sizes, len(ids))
			for _, id := range ids {
				swept[id] = true
			}
		}
	}
	if diff := cmp.Diff([]int{100, 100, 50}, sizes); diff != "" || len(swept) != 250 {
		t.Errorf("%d fleets were swept (-want +got):\n%s", len(swept), diff)
	}
}

func TestALeftoverThatIsInUseByNowIsNotSwept(t *testing.T) {
	r := rigged(t)
	r.memory.swept, r.memory.full = noon, noon
	r.memory.left = fleet.Leftovers{
		Parameters: []fleet.MachineID{"i-1", "i-9"}, EC2Fleets: []string{"fleet-1", "fleet-9"}, Templates: []string{"lt-0", "lt-1", "lt-9"},
	}
	r.has(fleet.Change{Machines: []fleet.Machine{{ID: "i-1", Pool: "old", EC2Fleet: "fleet-1", Template: "lt-0:3", LaunchedAt: noon}}})
	want := fleet.Leftovers{Parameters: []fleet.MachineID{"i-9"}, EC2Fleets: []string{"fleet-9"}, Templates: []string{"lt-9"}}
	seen, err := r.Reconciler.look(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, seen.Leftovers); diff != "" {
		t.Errorf("leftovers (-want +got):\n%s", diff)
	}
}
