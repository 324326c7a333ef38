package cost_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet/cost"
)

func TestAStayIsBilledByWhatItsTimeWasSpentOn(t *testing.T) {
	const s = time.Second
	part := func(n int) cost.Part { return cost.Part{Seconds: float64(n), USD: float64(n)} }
	for _, tt := range []struct {
		name string
		stay cost.Stay
		want cost.Bill
	}{
		{"what is neither boot nor work is idle", cost.Stay{Machine: spot, Began: 100 * s, Ready: 130 * s, Ended: 1130 * s, Work: 400 * s},
			cost.Bill{Boot: part(25), Work: part(400), Idle: part(600)}},
		{"one that was stopped while it booted was all boot", cost.Stay{Machine: spot, Ready: 105 * s, Ended: 105 * s},
			cost.Bill{Boot: part(100)}},
		{"a start costs a minute at least", cost.Stay{Machine: spot, Ready: 15 * s, Ended: 25 * s, Work: 5 * s},
			cost.Bill{Boot: part(10), Work: part(5), Idle: part(5), Minimum: part(40)}},
		{"work before EC2 bills is not billed", cost.Stay{Machine: spot, Ended: 105 * s, Work: 105 * s},
			cost.Bill{Work: part(100)}},
		{"a volume and an address cost their time", cost.Stay{Machine: spot, DiskGiB: 10, Public: true, Ready: 5 * s, Ended: 3605 * s},
			cost.Bill{Idle: part(3600), Disk: 1, Address: 36}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rates.OfStay(tt.stay), cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
				t.Errorf("bill (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAStoppedMachineCostsItsVolumeAndNoTime(t *testing.T) {
	got := rates.OfStop(10, 730*time.Hour)
	want := cost.Bill{Stopped: cost.Part{Seconds: 730 * 3600, USD: 730}}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" || got.Billed() != 0 || got.USD() != 730 {
		t.Errorf("billed %v s and %v (-want +got):\n%s", got.Billed(), got.USD(), diff)
	}
}

func TestAnUnservedMachineIsAllWaste(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		span := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 5000).Draw(r, name)) * time.Second
		}
		s := cost.Stay{Machine: spot, DiskGiB: 8, Public: true, Began: span("begin")}
		s.Ready = s.Began + span("boot")
		s.Ended = s.Ready + span("idle")
		b := rates.OfStay(s)
		if want := max(cost.Minimum, s.Ended-s.Began-cost.UnbilledFor).Seconds(); b.Billed() != want {
			r.Fatalf("billed %v s, want %v: %+v", b.Billed(), want, s)
		}
		u := b.Unserved()
		if u.Boot.Seconds+u.Idle.Seconds+u.Work.Seconds != 0 || u.Billed() != b.Billed() || math.Abs(u.USD()-b.USD()) > 1e-6 {
			r.Fatalf("%+v of %+v", u, b)
		}
	})
}
