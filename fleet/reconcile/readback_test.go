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
				r.has(fleet.Change{Marks: map[string]string{markReadBack: stamp(tt.mark)}})
			}
			r.Deliveries = &tt.post
			r.look()
			if diff := cmp.Diff([]time.Time{tt.since}, tt.post.since); diff != "" {
				t.Errorf("asked since (-want +got):\n%s", diff)
			}
			if got := instant(r.state().Marks[markReadBack]); !got.Equal(tt.want) {
				t.Errorf("read back up to %s, want %s", got, tt.want)
			}
			if n := len(r.launches()); n != tt.launches {
				t.Errorf("%d launches", n)
			}
		})
	}
}

func TestLostDeliveriesAreLookedForEveryNinetySeconds(t *testing.T) {
	r := rigged(t)
	p := &post{err: errOdd}
	r.Deliveries = p
	r.play(5 * time.Minute)
	if len(p.since) != 4 {
		t.Errorf("asked %d times in five minutes", len(p.since))
	}
}

// anew is a manager that came up again: the ledger is all that it has.
func (r *rig) anew() {
	old := r.Reconciler
	r.Reconciler = &Reconciler{
		Ledger: old.Ledger, GitHub: old.GitHub, Runs: old.Runs, Accounts: old.Accounts, Deliveries: old.Deliveries, Search: old.Search, Guards: old.Guards, Cloud: old.Cloud, Switch: old.Switch,
		Sweeper: old.Sweeper, Configs: old.Configs, Plains: old.Plains, Fleet: old.Fleet, Now: old.Now, Log: old.Log,
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
	r.has(fleet.Change{Marks: map[string]string{markReadBack: stamp(mark)}})
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
	want := "GitHub keeps deliveries for three days: those of 2026-01-02 07:00 UTC to 2026-01-02 12:00 UTC that failed were never read back"
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
		if since, gap := readFrom(noon.Add(-age), noon); gap != nil || !since.Equal(noon.Add(-age)) {
			t.Errorf("%s: since %s, gap %v", age, since, gap)
		}
	}
}
