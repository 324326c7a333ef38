package provisiontest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/notices"
)

func drilled(t *testing.T, e Env) {
	onSpot, onDemand := e.runs(t, 4)
	candidates, err := e.drills().Preview(t.Context(), drill("drill-1"))
	slices.SortFunc(onSpot, func(a, b fleet.Machine) int { return compare(a.ID, b.ID) })
	if ids(candidates) != ids(onSpot) || err != nil {
		t.Errorf("candidates %s, error %v, on spot are %s", ids(candidates), err, ids(onSpot))
	}
	got := e.end(t, e.start(t, drill("drill-1")).ID)
	if got.State != fleet.ExperimentCompleted {
		t.Errorf("ended %+v", got)
	}
	if !e.right(t, NobodyInterrupted) {
		return // what follows is not a matter of form
	}
	if len(got.Victims) != 2 || slices.Contains(got.Victims, onDemand[0].ID) {
		t.Errorf("victims %v", got.Victims)
	}
	if e.Messages != nil {
		told(t, e.Messages(), got.Victims)
	}
	e.Pass(5 * time.Minute)
	for _, m := range alive(t, provision.New(e.config())) {
		if slices.Contains(got.Victims, m.ID) {
			t.Errorf("victim %s is still there", m.ID)
		}
	}
}

// told checks that the victims of a drill were, and nobody else.
func told(t *testing.T, messages [][]byte, victims []fleet.MachineID) {
	t.Helper()
	var warned []fleet.MachineID
	read := notices.Read(messages)
	for _, n := range read.Notices {
		if n.Kind == fleet.Interruption {
			warned = append(warned, n.Machine)
		}
	}
	slices.Sort(warned)
	if diff := cmp.Diff(map[string]int{"rebalance": 2, "interruption": 2}, read.Counts()); diff != "" || !slices.Equal(warned, victims) {
		t.Errorf("warned %v, messages (-want +got):\n%s", warned, diff)
	}
}
