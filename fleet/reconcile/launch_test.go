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

// refused is one offer's error, as the adapter gives it.
func refused(o fleet.Offer, err error) fleet.Refusal {
	return fleet.Refusal{Offer: o, Err: err, Detail: err.Error()}
}

// three is a launch of three machines on two spot offers.
func three(tries int) fleet.Intent {
	return fleet.Intent{ID: "l", ReservedAt: noon, SentAt: noon, Tries: tries, Reason: "3 jobs wait", Launch: &fleet.Launch{
		Pool: "arm", Template: "lt-1:1", Market: fleet.Spot, Offers: []fleet.Offer{spotA, spotB}, Count: 3,
	}}
}

// brought is so many machines of the first offer.
func brought(n int) (all []fleet.Machine) {
	for i := range n {
		all = append(all, fleet.Machine{ID: fleet.MachineID(fmt.Sprint("i-", i+1)), Offer: spotA, LaunchedAt: noon})
	}
	return all
}

func TestWhatComesOfALaunch(t *testing.T) {
	nobody := fleet.Offer{Market: fleet.Spot} // EC2 does not always name the offer
	for _, tt := range []struct {
		name     string
		machines int
		refused  []fleet.Refusal
		want     []string
	}{
		{"all came", 3, nil, []string{"settle l", "i-1", "i-2", "i-3"}},
		{"some came, and an offer had no more", 2, []fleet.Refusal{refused(spotB, fleet.ErrNoCapacity)},
			[]string{"settle l", "i-1", "i-2", "strike 1 offer c7g.large/b/spot"}},
		{"an offer that gave one and had no more is set back", 1, []fleet.Refusal{refused(spotA, fleet.ErrNoCapacity)},
			[]string{"settle l", "i-1", "strike 1 offer c7g.large/a/spot"}},
		{"none came", 0, []fleet.Refusal{refused(spotA, fleet.ErrNoCapacity), refused(spotB, fleet.ErrNoCapacity)},
			[]string{"settle l", "strike 1 offer c7g.large/a/spot", "strike 1 offer c7g.large/b/spot"}},
		{"an offer over the account's quota is set back", 0, []fleet.Refusal{refused(spotB, fleet.ErrQuota)},
			[]string{"settle l", "strike 1 offer c7g.large/b/spot"}},
		{"a type that the zone lacks is set back", 2, []fleet.Refusal{refused(spotB, fleet.ErrNotOffered)},
			[]string{"settle l", "i-1", "i-2", "strike 1 offer c7g.large/b/spot"}},
		{"an error that only EC2 understands sets its offer back", 2, []fleet.Refusal{refused(spotB, errOdd)},
			[]string{"settle l", "i-1", "i-2", "strike 1 offer c7g.large/b/spot"}},
		{"two errors of one offer are one strike", 2, []fleet.Refusal{refused(spotB, fleet.ErrNoCapacity), refused(spotB, errOdd)},
			[]string{"settle l", "i-1", "i-2", "strike 1 offer c7g.large/b/spot"}},
		{"a quota of the whole market sets every offer back", 0, []fleet.Refusal{refused(nobody, fleet.ErrQuota)},
			[]string{"settle l", "strike 1 offer c7g.large/a/spot", "strike 1 offer c7g.large/b/spot"}},
		{"but not if something came of it", 1, []fleet.Refusal{refused(nobody, fleet.ErrQuota)}, []string{"settle l", "i-1"}},
		{"nothing and no reason sets every offer back", 0, nil,
			[]string{"settle l", "strike 1 offer c7g.large/a/spot", "strike 1 offer c7g.large/b/spot"}},
		{"a wrong configuration sets the pool's launches back", 0, []fleet.Refusal{refused(spotA, fleet.ErrConfig), refused(spotB, fleet.ErrConfig)},
			[]string{"settle l", "strike 1 launch arm/lt-1:1"}},
		{"one that is wrong for an offer only sets that back", 2, []fleet.Refusal{refused(spotB, fleet.ErrConfig)},
			[]string{"settle l", "i-1", "i-2", "strike 1 offer c7g.large/b/spot"}},
		{"a throttled offer is no setback", 0, []fleet.Refusal{refused(spotA, fleet.ErrThrottled), refused(spotB, fleet.ErrThrottled)},
			[]string{"settle l", "paused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.yard.answer = func(fleet.IntentID, fleet.Launch) (fleet.Launched, error) {
				return fleet.Launched{Machines: brought(tt.machines), Refused: tt.refused}, nil
			}
			if diff := cmp.Diff(tt.want, r.launched(three(1))); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

// launched is what comes of an intent, and whether launches pause after it.
func (r *rig) launched(in fleet.Intent) []string {
	lines := told(r.act(r.t.Context(), r.snapshot(), []fleet.Intent{in}))
	s := r.snapshot()
	if r.allowance(s).Launches == 0 {
		lines = append(lines, "paused")
	}
	return lines
}

func TestALaunchThatFailsAsAWhole(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tries int
		err   error
		want  []string
	}{
		{"throttled, it is over, and launches pause", 1, fleet.ErrThrottled, []string{"settle l", "paused"}},
		{"refused, it is over, and the pool's launches are set back", 1, fleet.ErrConfig, []string{"settle l", "strike 1 launch arm/lt-1:1"}},
		{"not answered, it stays open", 1, fleet.ErrUnknownOutcome, nil},
		{"with an error of no meaning, it stays open", 1, errOdd, nil},
		{"throttled when it is sent again, it stays open: the first may have launched", 2, fleet.ErrThrottled, []string{"paused"}},
		{"refused when it is sent again, it stays open too", 2, fleet.ErrConfig, nil},
		{"not answered again, it stays open too", 2, fleet.ErrUnknownOutcome, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.refuse["launch"] = fmt.Errorf("launch: %w", tt.err)
			if diff := cmp.Diff(tt.want, r.launched(three(tt.tries))); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAnswerToALaunchSentAgainBringsNoMachineTwice(t *testing.T) {
	r := rigged(t)
	adopted := fleet.Machine{ID: "i-1", Pool: "arm", Intent: "l", LaunchedAt: noon, AdoptedAt: noon, Try: 1}
	r.has(fleet.Change{Machines: []fleet.Machine{adopted}})
	r.yard.answer = func(fleet.IntentID, fleet.Launch) (fleet.Launched, error) {
		return fleet.Launched{Machines: brought(3)}, nil
	}
	if diff := cmp.Diff([]string{"settle l", "i-2", "i-3"}, r.launched(three(2))); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestALaunchAnswersItsSetbacks(t *testing.T) {
	clear := []string{"settle l", "i-1", "i-2", "i-3", "clear launch arm/lt-1:1", "clear offer c7g.large/a/spot"}
	for _, tt := range []struct {
		name    string
		refused []fleet.Refusal
		want    []string
	}{
		{"what came clears its offer's and its pool's", nil, clear},
		{"another offer's stays", []fleet.Refusal{refused(spotB, fleet.ErrNoCapacity)}, append(clear[:4:4], "strike 2 offer c7g.large/b/spot", clear[4], clear[5])},
		{"an offer that has no more is not cleared", []fleet.Refusal{refused(spotA, fleet.ErrNoCapacity)}, append(clear[:4:4], "strike 2 offer c7g.large/a/spot", clear[4])},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			for _, k := range []fleet.SetbackKey{fleet.OfferKey(spotA), fleet.OfferKey(spotB), fleet.LaunchKey("arm", "lt-1:1"), fleet.LaunchKey("x64", "lt-1:1")} {
				r.has(fleet.Change{Setbacks: []fleet.Setback{{Key: k, Strikes: 1, At: noon.Add(-time.Hour), Until: noon.Add(-time.Minute)}}})
			}
			r.yard.answer = func(fleet.IntentID, fleet.Launch) (fleet.Launched, error) {
				return fleet.Launched{Machines: brought(3), Refused: tt.refused}, nil
			}
			if diff := cmp.Diff(tt.want, r.launched(three(1))); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatALaunchDidNotBringIsANewLaunch(t *testing.T) {
	r := rigged(t)
	r.yard.answer = func(id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
		if l.Market == fleet.Spot {
			got := r.yard.bring(id, l, 1)
			got.Refused = []fleet.Refusal{refused(spotA, fleet.ErrNoCapacity), refused(spotB, fleet.ErrNoCapacity)}
			return got, nil
		}
		return r.yard.bring(id, l, l.Count), nil
	}
	r.queue(3, acme)
	r.play(time.Second)
	if diff := cmp.Diff([]string{"launch 3 spot", "launch 2 on-demand"}, r.launches()); diff != "" {
		t.Errorf("launches (-want +got):\n%s", diff)
	}
	if s := r.state(); len(s.Machines) != 3 || r.yard.sent[0].ID == r.yard.sent[1].ID {
		t.Errorf("%d machines of the intents %v", len(s.Machines), r.yard.sent)
	}
}

func TestALaunchThatEveryOfferRefusesIsMadeOnDemandWhole(t *testing.T) {
	r := rigged(t)
	offers := []fleet.Offer{odA}
	for i := range 12 {
		offers = append(offers, fleet.Offer{Type: fmt.Sprintf("c%dg.large", i), Zone: "a", Market: fleet.Spot})
	}
	r.yard.recipes[0].Offers = offers
	r.yard.answer = func(id fleet.IntentID, l fleet.Launch) (got fleet.Launched, err error) {
		if l.Market == fleet.OnDemand {
			return r.yard.bring(id, l, l.Count), nil
		}
		for i, o := range l.Offers {
			got.Refused = append(got.Refused, refused(o, []error{fleet.ErrNoCapacity, fleet.ErrQuota, fleet.ErrNotOffered}[i%3]))
		}
		return got, nil
	}
	r.queue(35, acme)
	r.play(time.Second)
	if diff := cmp.Diff([]string{"launch 35 spot", "launch 35 on-demand"}, r.launches()); diff != "" {
		t.Errorf("launches (-want +got):\n%s", diff)
	}
	if s := r.state(); len(s.Machines) != 35 || len(s.Setbacks) != 12 {
		t.Errorf("%d machines, %d setbacks", len(s.Machines), len(s.Setbacks))
	}
}

// launches is what was asked of EC2 since the last time.
func (r *rig) launches() []string {
	return slices.DeleteFunc(r.asked(), func(line string) bool { return !strings.HasPrefix(line, "launch") })
}

func TestAThrottledLaunchIsPlannedAgainAfterAPause(t *testing.T) {
	r := rigged(t)
	r.refuse["launch"] = fleet.ErrThrottled
	r.queue(1, acme)
	r.play(throttlePause - time.Millisecond)
	clear(r.refuse)
	r.play(time.Second)
	if len(r.yard.sent) != 2 || r.yard.sent[0].ID == r.yard.sent[1].ID || len(r.state().Machines) != 1 {
		t.Errorf("sent %v", r.yard.sent)
	}
}

func TestALaunchWithoutAnAnswerIsSentAgainUnchanged(t *testing.T) {
	r := rigged(t)
	r.lose["launch"] = fleet.ErrUnknownOutcome
	r.queue(2, acme)
	r.play(29 * time.Second)
	clear(r.lose)
	r.play(time.Second)
	first, again := r.yard.sent[0], r.yard.sent[len(r.yard.sent)-1]
	if again.SentAt != noon.Add(30*time.Second) {
		t.Errorf("sent again %s after the first", again.SentAt.Sub(noon))
	}
	again.SentAt = first.SentAt
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("request (-first +again):\n%s", diff)
	}
	if s := r.state(); len(s.Machines) != 2 || len(s.Intents) != 0 {
		t.Errorf("%d machines, open intents %v", len(s.Machines), s.Intents)
	}
}

func TestALaunchThatIsNeverAnsweredIsSettledByWhatLooksShow(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fail    func(*rig) map[string]error
		intents int
		until   time.Duration // it is sent, to within a minute
	}{
		{"its machine came: the first full look that shows it is enough", func(r *rig) map[string]error { return r.lose }, 1, time.Minute},
		{"nothing came, and its job is launched for anew", func(r *rig) map[string]error { return r.refuse }, 2, 5 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			tt.fail(r)["launch"] = fleet.ErrUnknownOutcome
			r.queue(1, acme)
			r.play(6 * time.Minute)
			delete(tt.fail(r), "launch")
			r.play(3 * time.Minute)
			sent := map[fleet.IntentID][]time.Duration{}
			for _, in := range r.yard.sent {
				sent[in.ID] = append(sent[in.ID], in.SentAt.Sub(noon))
			}
			first := sent[r.yard.sent[0].ID]
			if last := first[len(first)-1]; len(sent) != tt.intents || last < tt.until-time.Minute || last >= tt.until {
				t.Errorf("sent by intent: %v", sent)
			}
			if s := r.state(); len(s.Machines) != 1 || slices.ContainsFunc(s.Intents, func(in fleet.Intent) bool { return in.Launch != nil }) {
				t.Errorf("machines %v, open intents %v", s.Machines, s.Intents)
			}
		})
	}
}
