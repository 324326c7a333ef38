package cost_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/cost"
)

var (
	spot  = cost.Machine{Type: "c7g.xlarge", Market: fleet.Spot}
	rates = cost.Rates{Hour: map[cost.Machine]float64{spot: 3600}, GiBMonth: 73, Address: 36}
)

func TestALifeIsBilledByWhatItsTimeWasSpentOn(t *testing.T) {
	const s = time.Second
	part := func(n int) cost.Part { return cost.Part{Seconds: float64(n), USD: float64(n)} }
	for _, tt := range []struct {
		name string
		life cost.Life
		want cost.Bill
	}{
		{"the first five seconds are free", cost.Life{Machine: spot, Launched: 100 * s, Ready: 130 * s, Began: 130 * s, Ended: 230 * s, Served: true},
			cost.Bill{Boot: part(25), Work: part(100)}},
		{"a runner that waited was idle", cost.Life{Machine: spot, Ready: 30 * s, Began: 50 * s, Ended: 60 * s, Served: true},
			cost.Bill{Boot: part(25), Idle: part(20), Work: part(10), Minimum: part(5)}},
		{"a machine without a job was wasted", cost.Life{Machine: spot, Ended: 105 * s},
			cost.Bill{Wasted: part(100)}},
		{"a start costs a minute at least", cost.Life{Machine: spot, Ready: 5 * s, Began: 5 * s, Ended: 8 * s, Served: true},
			cost.Bill{Work: part(3), Minimum: part(57)}},
		{"a job that begins before EC2 bills is billed from then on", cost.Life{Machine: spot, Ready: s, Began: s, Ended: 65 * s, Served: true},
			cost.Bill{Work: part(60)}},
		{"a machine that ends before EC2 bills is billed a minute", cost.Life{Machine: spot, Ended: s},
			cost.Bill{Minimum: part(60)}},
		{"a volume and an address cost their time", cost.Life{Machine: spot, DiskGiB: 10, Public: true, Ready: 5 * s, Began: 5 * s, Ended: 3605 * s, Served: true},
			cost.Bill{Work: part(3600), Disk: 1, Address: 36}},
		{"what has no price is free, and takes its time all the same", cost.Life{Machine: cost.Machine{Type: "x"}, Ended: 105 * s},
			cost.Bill{Wasted: cost.Part{Seconds: 100}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rates.Of(tt.life), cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
				t.Errorf("bill (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheSumOfBillsIsTheBillOfTheSum(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var sum cost.Bill
		var billed, usd float64
		for range rapid.IntRange(1, 5).Draw(r, "lives") {
			span := func(name string) time.Duration {
				return time.Duration(rapid.IntRange(0, 5000).Draw(r, name)) * time.Second
			}
			l := cost.Life{Machine: spot, DiskGiB: 8, Public: true, Launched: span("launch"), Served: rapid.Bool().Draw(r, "served")}
			l.Ready = l.Launched + span("boot")
			l.Began = l.Ready + span("idle")
			l.Ended = l.Began + span("work")
			b := rates.Of(l)
			if want := max(cost.Minimum, l.Ended-l.Launched-cost.UnbilledFor).Seconds(); b.Billed() != want {
				r.Fatalf("billed %v s, want %v: %+v", b.Billed(), want, l)
			}
			sum, billed, usd = sum.Plus(b), billed+b.Billed(), usd+b.USD()
		}
		if sum.Billed() != billed || math.Abs(sum.USD()-usd) > 1e-6 {
			r.Fatalf("%v s and %v, want %v and %v", sum.Billed(), sum.USD(), billed, usd)
		}
	})
}

// TestABillHoldsManyYears adds up what a thousand machines live in a year.
func TestABillHoldsManyYears(t *testing.T) {
	const year = 365 * 24 * time.Hour
	var sum cost.Bill
	for range 1000 {
		sum = sum.Plus(rates.OfStay(cost.Stay{Machine: spot, Ready: 5 * time.Second, Ended: year + 5*time.Second}))
	}
	if want := 1000 * year.Seconds(); sum.Billed() != want || sum.USD() != want {
		t.Errorf("%v s and %v, want %v of both", sum.Billed(), sum.USD(), want)
	}
}

func TestABillAsJSON(t *testing.T) {
	b := cost.Bill{Work: cost.Part{Seconds: 90.0000000001, USD: 2}, Wasted: cost.Part{Seconds: 1, USD: 0.5}, Disk: 0.25, Stopped: cost.Part{Seconds: 3600, USD: 0.125}}
	got, err := json.Marshal(b)
	const want = `{"usd":2.875,"billed_seconds":91,"work":{"seconds":90,"usd":2},"boot":{"seconds":0,"usd":0},"idle":{"seconds":0,"usd":0},` +
		`"wasted":{"seconds":1,"usd":0.5},"minimum":{"seconds":0,"usd":0},"disk_usd":0.25,"address_usd":0,"stopped":{"seconds":3600,"usd":0.125}}`
	if err != nil || string(got) != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
}
