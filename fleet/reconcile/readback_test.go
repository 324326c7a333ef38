package reconcile

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestLostDeliveriesAreReadBack(t *testing.T) {
	mark := noon.Add(-7 * time.Minute)
	job := fleet.Job{Key: fleet.JobKey{ID: 1, Attempt: 1}, Class: fleet.Class{Scope: acme, Labels: arm}, Status: fleet.Queued, QueuedAt: noon}
	event := fleet.Event{ID: "d", At: noon, Job: &job}
	for _, tt := range []struct {
		name     string
		mark     time.Time
		post     post
		since    time.Time
		want     time.Time // the mark after it
		launches int
	}{
		{"of the last quarter of an hour at first", time.Time{}, post{upTo: noon.Add(-time.Minute)}, noon.Add(-15 * time.Minute), noon.Add(-time.Minute), 0},
		{"from where the last list ended", mark, post{upTo: noon.Add(-time.Minute)}, mark, noon.Add(-time.Minute), 0},
		{"and planned for at once", mark, post{events: []fleet.Event{event}, upTo: noon.Add(-time.Minute)}, mark, noon.Add(-time.Minute), 1},
		{"as far as the list could be read", mark, post{events: []fleet.Event{event}, upTo: mark}, mark, mark, 1},
		{"again from there when the list could not be read", mark, post{upTo: noon, err: fleet.ErrUnknownOutcome}, mark, mark, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			if !tt.mark.IsZero() {
				r.has(fleet.Change{Marks: map[string]string{readBackMark(1): stamp(tt.mark)}})
			}
			r.Deliveries = &tt.post
			r.look()
			if diff := cmp.Diff([]time.Time{tt.since}, tt.post.since); diff != "" {
				t.Errorf("asked since (-want +got):\n%s", diff)
			}
			if got := instant(r.state().Marks[readBackMark(1)]); !got.Equal(tt.want) {
				t.Errorf("read back up to %s, want %s", got, tt.want)
			}
			if n := len(r.launches()); n != tt.launches {
				t.Errorf("%d launches", n)
			}
		})
	}
}

func TestLostDeliveriesAreLookedForTwiceAMinuteAndSoonerWhereSomeWereLost(t *testing.T) {
	job := fleet.Job{Key: fleet.JobKey{ID: 1, Attempt: 1}, Class: fleet.Class{Scope: acme, Labels: "gpu"}, Status: fleet.Queued, QueuedAt: noon}
	for _, tt := range []struct {
		name string
		post post
		want []int // seconds after noon
	}{
		{"twice a minute", post{}, []int{0, 30, 60}},
		{"ten seconds after some were found, and no sooner for the same ones", post{events: []fleet.Event{{ID: "d", At: noon, Job: &job}}}, []int{0, 10, 40}},
		{"ten seconds after the first failure", post{err: errOdd}, []int{0, 10, 40}},
		{"not at all while GitHub limits the App", post{err: &fleet.LimitedError{For: time.Hour}}, []int{0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			var got []int
			tt.post.onLost = func() { got = append(got, int(r.now.Sub(noon).Seconds())) }
			r.Deliveries = &tt.post
			r.play(time.Minute)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("asked at (-want +got):\n%s", diff)
			}
		})
	}
}

// anew is a manager that came up again: the ledger is all that it has.
func (r *rig) anew() {
	old := r.Reconciler
	r.Reconciler = &Reconciler{
		Ledger: old.Ledger, GitHub: old.GitHub, Runs: old.Runs, Accounts: old.Accounts, Deliveries: old.Deliveries, Search: old.Search, Guards: old.Guards, Cloud: old.Cloud, Switch: old.Switch,
		Sweeper: old.Sweeper, Configs: old.Configs, Plains: old.Plains, Fleet: old.Fleet, Installations: old.Installations, Homes: old.Homes, Now: old.Now, Log: old.Log,
	}
}

func TestAManagerThatComesUpAgainReadsBackAtOnceFromItsMark(t *testing.T) {
	r := rigged(t)
	p := &post{upTo: noon.Add(-time.Minute)}
	r.Deliveries = p
	r.look()
	r.now = r.now.Add(5 * time.Second)
	r.anew()
	r.look()
	if diff := cmp.Diff([]time.Time{noon.Add(-15 * time.Minute), noon.Add(-time.Minute)}, p.since); diff != "" {
		t.Errorf("asked since (-want +got):\n%s", diff)
	}
}

func TestAGapThatGitHubDoesNotKeepIsToldForADay(t *testing.T) {
	r := rigged(t)
	mark := noon.Add(-deliveriesFor - 5*time.Hour)
	r.has(fleet.Change{Marks: map[string]string{readBackMark(1): stamp(mark)}})
	p := &post{upTo: noon.Add(-time.Minute)}
	r.Deliveries = p
	r.look()
	r.anew() // whoever comes after tells it too
	told := func() []string {
		_, plan, err := r.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return plan.Alerts
	}
	want := "GitHub keeps deliveries for three days: those of App 1 from 2026-01-02 07:00 UTC to 2026-01-02 12:00 UTC that failed were never read back"
	if diff := cmp.Diff([]string{want}, told()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]time.Time{noon.Add(-deliveriesFor)}, p.since); diff != "" {
		t.Errorf("asked since (-want +got):\n%s", diff)
	}
	r.queue(1, acme)
	if r.look(); len(r.launches()) != 1 {
		t.Error("a gap holds launches back")
	}
	r.now = r.now.Add(gapToldFor)
	if got := told(); slices.ContainsFunc(got, func(a string) bool { return strings.Contains(a, "deliveries") }) {
		t.Errorf("a day later: %q", got)
	}
}

func TestThereIsNoGapWhileTheMarkIsYoungEnough(t *testing.T) {
	for _, age := range []time.Duration{time.Minute, deliveriesFor} {
		if since, gap := readFrom(1, noon.Add(-age), noon); gap != nil || !since.Equal(noon.Add(-age)) {
			t.Errorf("%s: since %s, gap %v", age, since, gap)
		}
	}
}

// kept is each App's mark.
func (r *rig) kept(apps ...int64) map[int64]string {
	all := map[int64]string{}
	for _, app := range apps {
		all[app] = r.state().Marks[readBackMark(app)]
	}
	return all
}

func TestEveryAppIsReadBackFromAMarkOfItsOwn(t *testing.T) {
	r := rigged(t)
	r.has(fleet.Change{Marks: map[string]string{readBackMark(2): stamp(noon.Add(-time.Hour))}})
	p := &post{apps: []int64{1, 2}, upTo: noon.Add(-time.Minute)}
	r.Deliveries = p
	r.play(time.Second)
	if diff := cmp.Diff([]int64{1, 2}, p.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]time.Time{noon.Add(-15 * time.Minute), noon.Add(-time.Hour)}, p.since); diff != "" {
		t.Errorf("since (-want +got):\n%s", diff)
	}
	want := map[int64]string{1: stamp(p.upTo), 2: stamp(p.upTo)}
	if diff := cmp.Diff(want, r.kept(1, 2)); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	p.asked = nil
	r.play(100 * time.Second)
	if diff := cmp.Diff([]int64{1, 2, 1, 2, 1, 2}, p.asked); diff != "" {
		t.Errorf("asked in the hundred seconds after (-want +got):\n%s", diff)
	}
}

func TestAnAppThatIsNotAnsweredHoldsNoOtherUp(t *testing.T) {
	r := rigged(t)
	p := &post{apps: []int64{1, 2}, upTo: noon.Add(-time.Minute), refuse: map[int64]error{1: &fleet.LimitedError{For: 10 * time.Minute}}}
	r.Deliveries = p
	r.play(100 * time.Second)
	if diff := cmp.Diff([]int64{1, 2, 2, 2, 2}, p.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[int64]string{1: "", 2: stamp(p.upTo)}, r.kept(1, 2)); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

func TestAnAppThatGitHubLimitsIsNotAsked(t *testing.T) {
	r := rigged(t)
	r.Meters = func() fleet.Meters {
		return fleet.Meters{{App: 2, SeenAt: noon, PausedUntil: noon.Add(time.Hour)}, {App: 1, SeenAt: noon, Resource: fleet.CoreCalls, Limit: 5000, Remaining: 5000}}
	}
	p := &post{apps: []int64{1, 2}, upTo: noon.Add(-time.Minute)}
	r.Deliveries = p
	r.play(20 * time.Second)
	if diff := cmp.Diff([]int64{1}, p.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestAMarkWithoutANumberIsTheFirstApps(t *testing.T) {
	r := rigged(t)
	mark := noon.Add(-2 * time.Hour)
	r.has(fleet.Change{Marks: map[string]string{markReadBack: stamp(mark)}})
	p := &post{apps: []int64{1, 2}, upTo: noon.Add(-time.Minute), refuse: map[int64]error{1: fleet.ErrUnknownOutcome}}
	r.Deliveries = p
	r.play(time.Second) // the other App's mark comes before the first one's
	p.refuse = nil
	r.anew()
	r.due = r.now
	r.play(time.Second)
	want := []time.Time{mark, noon.Add(-15 * time.Minute), mark, p.upTo}
	if diff := cmp.Diff(want, p.since); diff != "" {
		t.Errorf("since (-want +got):\n%s", diff)
	}
	if old, there := r.state().Marks[markReadBack]; there {
		t.Errorf("the mark without a number stays: %q", old)
	}
}

func TestAGapIsToldOfEachApp(t *testing.T) {
	r := rigged(t)
	old := stamp(noon.Add(-deliveriesFor - time.Hour))
	r.has(fleet.Change{Marks: map[string]string{readBackMark(1): old, readBackMark(2): old}})
	r.Deliveries = &post{apps: []int64{1, 2}, upTo: noon.Add(-time.Minute)}
	r.play(time.Second)
	_, plan, err := r.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, app := range []string{"1", "2"} {
		want = append(want, "GitHub keeps deliveries for three days: those of App "+app+" from 2026-01-02 11:00 UTC to 2026-01-02 12:00 UTC that failed were never read back")
	}
	slices.Sort(plan.Alerts)
	if diff := cmp.Diff(want, plan.Alerts); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
}
