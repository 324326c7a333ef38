package reconcile

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/fleet"
)

// slow is an EC2 whose lists are under way for a while.
type slow struct {
	Cloud
	during func() // once, between EC2's answer and its arrival
}

func (s *slow) Machines(ctx context.Context) ([]fleet.Machine, error) {
	list, err := s.Cloud.Machines(ctx)
	if f := s.during; f != nil {
		s.during = nil
		f()
	}
	return list, err
}

// TestAFullLookUndoesNothing is what another manager does while one lists EC2's
// machines: the list is older than what was done.
func TestAFullLookUndoesNothing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		with  func(*rig) // before either looks
		asked []string   // by both, each thing once
		want  []string   // rows after both
	}{
		{"the other registers a machine", func(r *rig) {
			r.machines(1)
			r.queue(1, acme)
		}, []string{"mint rf-f-i-1-1", "put i-1"}, []string{"i-1, try 1, runner 1 of acme"}},
		{"the other ends a machine, which the next look shows terminated", func(r *rig) {
			r.idlers(1)
			r.now = noon.Add(10 * time.Minute)
		}, []string{"remove 1", "end i-1"}, nil},
		{"the other forgets a machine", func(r *rig) {
			r.has(fleet.Change{Machines: []fleet.Machine{{ID: "i-1", Pool: "arm", LaunchedAt: noon.Add(-time.Hour), State: fleet.Terminated}}})
		}, nil, nil},
		{"the other launches a machine, which the next look registers", func(r *rig) { r.queue(1, acme) },
			[]string{"launch 1 spot", "mint rf-f-i-1-1", "put i-1"}, []string{"i-1, try 1, runner 1 of acme"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEachLedger(t, func(t *testing.T, r *rig, rival *Reconciler) {
				tt.with(r)
				list := &slow{Cloud: r.Cloud, during: func() {
					if _, err := rival.Once(t.Context()); err != nil {
						t.Error(err)
					}
				}}
				r.Cloud = list
				if _, err := r.Once(t.Context()); err != nil {
					t.Fatal(err)
				}
				if list.during != nil {
					t.Fatal("nothing was listed")
				}
				if diff := cmp.Diff(tt.asked, r.asked(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.want, r.machineRows()); diff != "" {
					t.Errorf("machines (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// machineRows is rows without the registrations.
func (r *rig) machineRows() (machines []string) {
	for _, line := range r.rows() {
		if strings.HasPrefix(line, "i-") {
			machines = append(machines, line)
		}
	}
	return machines
}

// meeting is a GitHub or EC2 whose answer to an act arrives when another manager
// has read the ledger.
type meeting struct {
	GitHub
	Cloud
	acted func()
}

func (m *meeting) Mint(ctx context.Context, want fleet.Mint, name string) (int64, string, error) {
	id, config, err := m.GitHub.Mint(ctx, want, name)
	m.acted()
	return id, config, err
}

func (m *meeting) Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	got, err := m.Cloud.Launch(ctx, id, l)
	m.acted()
	return got, err
}

// TestAFullLookLeavesAloneWhatIsActedOn is a look that reads between another
// manager's reservation and its outcome, and writes after that.
func TestAFullLookLeavesAloneWhatIsActedOn(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*rig)
		want []string
	}{
		{"a machine that is being registered", func(r *rig) {
			r.machines(1)
			r.queue(1, acme)
		}, []string{"i-1, try 1, runner 1 of acme"}},
		{"a machine that is being launched, which it registers", func(r *rig) { r.queue(1, acme) },
			[]string{"i-1, try 1, runner 1 of acme"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEachLedger(t, func(t *testing.T, r *rig, rival *Reconciler) {
				tt.with(r)
				read, recorded, over := make(chan bool), make(chan bool), make(chan error)
				r.Cloud = &slow{Cloud: r.Cloud, during: func() {
					close(read)
					<-recorded
				}}
				begun := false
				between := &meeting{GitHub: rival.GitHub, Cloud: rival.Cloud, acted: func() {
					if !begun {
						begun = true
						go func() {
							_, err := r.Once(t.Context())
							over <- err
						}()
						<-read
					}
				}}
				rival.GitHub, rival.Cloud = between, between
				if _, err := rival.Once(t.Context()); err != nil {
					t.Fatal(err)
				}
				close(recorded)
				if err := <-over; err != nil || !begun {
					t.Fatalf("met: %t, error %v", begun, err)
				}
				if diff := cmp.Diff(tt.want, r.machineRows()); diff != "" {
					t.Errorf("machines (-want +got):\n%s", diff)
				}
			})
		})
	}
}
