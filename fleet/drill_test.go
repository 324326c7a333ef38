package fleet_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestADrillThatFISWouldNotTakeIsRefusedWithTheReason(t *testing.T) {
	fine := fleet.Drill{ID: "drill-1", Pool: "arm", Count: 3, Notice: 4 * time.Minute}
	for _, tt := range []struct {
		name   string
		change func(*fleet.Drill)
		want   []string // in the error; empty: there is none
	}{
		{"three victims, four minutes ahead", func(*fleet.Drill) {}, nil},
		{"the least notice", func(d *fleet.Drill) { d.Notice = 2 * time.Minute }, nil},
		{"the longest notice", func(d *fleet.Drill) { d.Notice = 15 * time.Minute }, nil},
		{"as many victims as FIS takes", func(d *fleet.Drill) { d.Count = 100 }, nil},
		{"a notice that is too short", func(d *fleet.Drill) { d.Notice = 2*time.Minute - time.Second }, []string{"notice of 1m59s: FIS takes 2m0s to 15m0s"}},
		{"a notice that is too long", func(d *fleet.Drill) { d.Notice = 15*time.Minute + time.Second }, []string{"notice of 15m1s"}},
		{"a notice of half a second", func(d *fleet.Drill) { d.Notice += time.Second / 2 }, []string{"whole seconds only"}},
		{"nobody", func(d *fleet.Drill) { d.Count = 0 }, []string{"0 victims"}},
		{"too many", func(d *fleet.Drill) { d.Count = 101 }, []string{"101 victims: FIS takes 1 to 100"}},
		{"an id with a space", func(d *fleet.Drill) { d.ID = "drill arm" }, []string{`id "drill arm"`}},
		{"an id that is too long", func(d *fleet.Drill) { d.ID = strings.Repeat("x", 65) }, []string{"1 to 64 letters"}},
		{"nothing at all", func(d *fleet.Drill) { *d = fleet.Drill{} }, []string{`id ""`, "no pool", "0 victims", "notice of 0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := fine
			tt.change(&d)
			err := d.Check()
			if len(tt.want) == 0 {
				if err != nil {
					t.Errorf("error %v", err)
				}
				return
			}
			if !errors.Is(err, fleet.ErrConfig) {
				t.Fatalf("error %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
}

func TestCandidates(t *testing.T) {
	demand := func(m fleet.Machine) fleet.Machine { m.Offer = odA; return m }
	in := func(m fleet.Machine, s fleet.MachineState) fleet.Machine { m.State = s; return m }
	for _, tt := range []struct {
		name     string
		machines []fleet.Machine
		want     []fleet.MachineID
		err      string
	}{
		{"those on spot, by id", []fleet.Machine{machine("i-3", "arm", 60), demand(machine("i-2", "arm", 60)), machine("i-1", "arm", 60)}, []fleet.MachineID{"i-1", "i-3"}, ""},
		{"none of another pool", []fleet.Machine{machine("i-1", "x64", 60)}, nil, "no machine of pool arm runs"},
		{"none that does not run yet or no more", []fleet.Machine{in(machine("i-1", "arm", 60), fleet.Pending), in(machine("i-2", "arm", 60), fleet.ShuttingDown), in(machine("i-3", "arm", 60), fleet.Unseen)}, nil, "no machine of pool arm runs"},
		{"none that we asked EC2 to end", []fleet.Machine{{ID: "i-1", Pool: "arm", State: fleet.Up, Offer: spotA, EndedAt: ago(1)}}, nil, "no machine of pool arm runs"},
		{"none on demand", []fleet.Machine{demand(machine("i-1", "arm", 60)), demand(machine("i-2", "arm", 60))}, nil, "runs on demand only (2)"},
		{"too few", []fleet.Machine{machine("i-1", "arm", 60)}, []fleet.MachineID{"i-1"}, "2 victims are asked for, pool arm runs 1 on spot"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := fleet.Drill{ID: "d", Pool: "arm", Count: 2, Notice: 2 * time.Minute}.Candidates(tt.machines)
			var ids []fleet.MachineID
			for _, m := range got {
				ids = append(ids, m.ID)
			}
			if diff := cmp.Diff(tt.want, ids); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
			if (err != nil) != (tt.err != "") || err != nil && (!errors.Is(err, fleet.ErrAbsent) || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

func TestAnExperimentIsOverInFourStates(t *testing.T) {
	for state, want := range map[fleet.ExperimentState]bool{
		fleet.ExperimentPending: false, fleet.ExperimentInitiating: false, fleet.ExperimentRunning: false, fleet.ExperimentStopping: false,
		fleet.ExperimentCompleted: true, fleet.ExperimentStopped: true, fleet.ExperimentFailed: true, fleet.ExperimentCancelled: true,
	} {
		if got := state.Over(); got != want {
			t.Errorf("%s is over: %v", state, got)
		}
	}
}
