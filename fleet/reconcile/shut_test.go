package reconcile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// shutAs is an installation that is suspended, or gone.
func (r *rig) shutAs(id int64, gone bool) {
	var left []fleet.Installation
	for _, in := range r.hub.installed {
		in.Suspended = in.Suspended || in.ID == id
		if in.ID != id || !gone {
			left = append(left, in)
		}
	}
	r.hub.installed = left
	for _, verb := range []string{"mint", "runners acme", "job", "remove"} {
		r.refuse[verb] = &fleet.ShutError{Installation: id, Text: "403 This installation has been suspended"}
	}
}

func (r *rig) opened() {
	clear(r.refuse)
	r.hub.installed = []fleet.Installation{{ID: 7, Account: "acme", AccountID: 70}, {ID: 8, Account: "zeta", AccountID: 80}}
}

func TestJobsOfAnInstallationThatIsShutHearWhy(t *testing.T) {
	for name, tt := range map[string]struct {
		gone bool
		told bool // by its event; else the first call finds out
		want string
	}{
		"suspended, and its event came":   {false, true, "refused: the App is suspended on Acme"},
		"deleted, and its event came":     {true, true, "refused: the App is not installed on acme any more"},
		"suspended, and a call finds out": {false, false, "refused: the App is suspended on Acme"},
		"deleted, and a call finds out":   {true, false, "refused: the App is not installed on acme any more"},
	} {
		t.Run(name, func(t *testing.T) {
			r := allowing(t)
			r.machines(1) // which a job of acme's would be minted for
			r.shutAs(7, tt.gone)
			if tt.told {
				r.Doubt(7)
			}
			r.queueOf(70, acme)
			r.queueOf(80, zeta)
			r.play(10 * time.Second)
			if got := r.verdicts()["acme"]; got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
			if got := r.verdicts()["zeta"]; strings.HasPrefix(got, "refused") {
				t.Errorf("another account's job: %s", got)
			}
			r.calls = nil
			r.play(2 * time.Minute)
			for _, line := range r.calls {
				if line == "runners acme" || strings.HasPrefix(line, "mint rf-f-i-1-") || line == "job 1" {
					t.Errorf("asked %q of an installation that is shut", line)
				}
			}
		})
	}
}

func TestAnInstallationThatOpensServesItsJobsAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		told  bool
		after time.Duration
	}{
		"its event came":           {true, 10 * time.Second},
		"without an event, slower": {false, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			r := allowing(t)
			r.shutAs(7, false)
			r.Doubt(7)
			r.queueOf(70, acme)
			r.play(30 * time.Second)
			r.opened()
			if tt.told {
				r.Doubt(7)
				r.due = r.now
			}
			r.play(tt.after)
			if got := r.verdicts()["acme"]; got != covered {
				t.Errorf("verdict %q", got)
			}
			if all := r.state().Setbacks; len(all) != 0 {
				t.Errorf("setbacks %+v", all)
			}
		})
	}
}

func TestAnInstallationThatIsGoneIsForgottenWithItsJobs(t *testing.T) {
	r := allowing(t)
	r.shutAs(7, true)
	r.Doubt(7)
	r.queueOf(70, acme)
	r.play(time.Minute)
	j := r.state().Jobs[0]
	j.Status, j.Conclusion, j.DoneAt = fleet.Done, "cancelled", r.now
	r.hears(fleet.Event{ID: "over", At: r.now, Job: &j})
	r.has(fleet.Change{Marks: map[string]string{"a": "b"}})
	r.Full()
	r.due = r.now
	r.play(time.Hour)
	if all := r.state().Setbacks; len(all) != 0 {
		t.Errorf("setbacks %+v", all)
	}
}

func TestADoubtThatGitHubDoesNotAnswerStays(t *testing.T) {
	r := allowing(t)
	r.refuse["installations"] = fleet.ErrUnknownOutcome
	r.shutAs(7, false)
	r.refuse["installations"] = fleet.ErrUnknownOutcome
	r.Doubt(7)
	r.look()
	if all := r.state().Setbacks; len(all) != 0 {
		t.Errorf("without an answer: %+v", all)
	}
	delete(r.refuse, "installations")
	r.now = r.now.Add(time.Minute)
	r.look()
	want := []fleet.SetbackKey{fleet.InstallationKey(7)}
	var got []fleet.SetbackKey
	for _, b := range r.state().Setbacks {
		got = append(got, b.Key)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("setbacks (-want +got):\n%s", diff)
	}
}

func TestADryLookWritesNothingOfAnInstallationThatIsShut(t *testing.T) {
	r := allowing(t)
	r.queueOf(70, acme)
	r.shutAs(7, false)
	r.Doubt(7)
	_, plan, err := r.Plan(t.Context())
	if err != nil || len(plan.Intents) != 0 || len(r.state().Setbacks) != 0 {
		t.Errorf("%d intents, setbacks %v, %v", len(plan.Intents), r.state().Setbacks, err)
	}
}
