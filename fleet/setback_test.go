package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestStrikeHoldsForTheRulesSpans(t *testing.T) {
	class := fleet.Class{Scope: acme, Labels: arm}
	for _, tt := range []struct {
		name string
		key  fleet.SetbackKey
		want []string // how long each strike in a row holds
	}{
		{"an offer at the first failure", fleet.OfferKey(spotA), []string{"3m0s", "6m0s", "12m0s", "30m0s", "30m0s"}},
		{"a template that does not boot at the third", fleet.BootKey("arm", "lt"), []string{"0s", "0s", "3m0s", "6m0s", "12m0s", "30m0s"}},
		{"a class that idles at the second", fleet.ClassKey(class), []string{"0s", "3m0s", "6m0s", "12m0s", "30m0s"}},
		{"a refused launch at the first", fleet.LaunchKey("arm", "lt"), []string{"3m0s", "6m0s"}},
		{"a machine that does not stay at the first", fleet.StayKey("build", "i-1"), []string{"3m0s", "6m0s", "12m0s", "30m0s"}},
		{"a refused registration at the first", fleet.MintKey("arm", acme), []string{"3m0s", "6m0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, at := fleet.Setback{Key: tt.key}, noon
			var got []string
			for i := range tt.want {
				s = s.Strike(at, "why")
				if s.Strikes != i+1 || s.Detail != "why" || !s.At.Equal(at) {
					t.Errorf("strike %d left %+v", i+1, s)
				}
				span := max(0, s.Until.Sub(at))
				got = append(got, span.String())
				at = at.Add(span)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFailureDuringASetbackChangesNothing(t *testing.T) {
	s := fleet.Setback{Key: fleet.OfferKey(spotA)}.Strike(noon, "first")
	if diff := cmp.Diff(s, s.Strike(noon.Add(3*time.Minute-1), "second")); diff != "" {
		t.Errorf("setback (-want +got):\n%s", diff)
	}
}

func TestASetbackHoldsThenIsOnProbation(t *testing.T) {
	s := fleet.Setback{Key: fleet.OfferKey(spotA)}.Strike(noon, "empty")
	young := fleet.Setback{Key: fleet.BootKey("arm", "lt")}.Strike(noon, "no runner")
	for _, tt := range []struct {
		name             string
		s                fleet.Setback
		at               time.Time
		holds, probation bool
	}{
		{"it holds at once", s, noon, true, false},
		{"it holds until its last instant", s, noon.Add(3*time.Minute - 1), true, false},
		{"then it is on probation", s, noon.Add(3 * time.Minute), false, true},
		{"with too few strikes it is neither", young, noon, false, false},
		{"the zero setback is neither", fleet.Setback{}, noon, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.s.Holds(tt.at) != tt.holds || tt.s.Probation(tt.at) != tt.probation {
				t.Errorf("holds %v, probation %v", tt.s.Holds(tt.at), tt.s.Probation(tt.at))
			}
		})
	}
}

func TestSpotDoesNotBlockOnDemandOfTheSameType(t *testing.T) {
	if fleet.OfferKey(spotA) == fleet.OfferKey(odA) {
		t.Error("both have one key")
	}
	other := spotA
	other.Subnet = "s-b"
	if fleet.OfferKey(spotA) != fleet.OfferKey(other) {
		t.Error("the subnet is part of the key")
	}
}

func TestASuccessClearsItsSetback(t *testing.T) {
	class := fleet.Class{Scope: acme, Labels: arm}
	up := func(s *fleet.Snapshot) {
		putMinted(s, machine("i-1", "arm", 100), 90, 20)
		wait(s, on(queued(1, arm, 120), fleet.Running, "i-1", 15))
	}
	failed := func(s *fleet.Snapshot, k fleet.SetbackKey, since int) {
		s.State.Setbacks = append(s.State.Setbacks, fleet.Setback{Key: k, Strikes: 1, At: ago(since)})
	}
	decisions(t, []decision{
		{"a machine that came up clears its template", func(s *fleet.Snapshot) {
			up(s)
			failed(s, fleet.BootKey("arm", "lt-1:1"), 101)
		}, []string{"clear boot arm/lt-1:1"}},
		{"a machine launched before the failure clears nothing", func(s *fleet.Snapshot) {
			up(s)
			failed(s, fleet.BootKey("arm", "lt-1:1"), 99)
		}, nil},
		{"a registration clears its pool in its scope", func(s *fleet.Snapshot) {
			up(s)
			failed(s, fleet.MintKey("arm", acme), 91)
		}, []string{"clear mint arm/acme"}},
		{"a job that began clears its class", func(s *fleet.Snapshot) {
			up(s)
			failed(s, fleet.ClassKey(class), 16)
		}, []string{"clear class acme[arm64,linux,self-hosted]"}},
		{"a job that began before the failure clears nothing", func(s *fleet.Snapshot) {
			up(s)
			failed(s, fleet.ClassKey(class), 14)
		}, nil},
	})
}
