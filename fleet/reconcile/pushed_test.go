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

// pushes makes GitHub have a job in a repository that the fleet knows nothing of,
// and that was pushed to a minute ago.
func (r *rig) pushes(jobs ...fleet.Job) {
	r.Search, r.Installations = &r.hub, &r.hub
	r.hub.installed = []fleet.Installation{{ID: 7, Account: "acme", AccountID: 12}}
	r.hub.hidden = append(r.hub.hidden, jobs...)
	r.hub.pushed = [][]fleet.Pushed{{{Repository: widgets, At: r.now.Add(-time.Minute)}}}
}

func TestTheFirstJobOfARepositoryIsFoundByAPush(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(r *rig)
		want   []string
	}{
		{"a repository that was pushed to is asked", func(*rig) {}, []string{"pushed 7 1", "runs acme/widgets", "jobs 41"}},
		{"not one that was pushed to an hour ago", func(r *rig) { r.hub.pushed[0][0].At = noon.Add(-time.Hour) }, []string{"pushed 7 1"}},
		{"one that is active is asked once", func(r *rig) { r.searches(hidden(42, acme, "gpu")) },
			[]string{"runs acme/widgets", "jobs 41", "jobs 42", "pushed 7 1"}},
		{"an installation that is suspended is not asked", func(r *rig) { r.hub.installed[0].Suspended = true }, nil},
		{"nor is one of an account that is not served", func(r *rig) {
			f := r.Fleet()
			f.Accounts = []fleet.Account{{ID: 13, Login: "zeta"}}
			r.Reconciler.Fleet = func() fleet.Fleet { return f }
		}, nil},
		{"nor any where GitHub does not list them", func(r *rig) { r.refuse["installations"] = errOdd }, nil},
		{"what GitHub does not list now is for the next round", func(r *rig) { r.refuse["pushed 7 1"] = errOdd }, []string{"pushed 7 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.pushes(hidden(41, acme, arm))
			tt.change(r)
			r.play(59 * time.Second)
			if diff := cmp.Diff(tt.want, r.said()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if found, launched := slices.Contains(tt.want, "jobs 41"), len(r.state().Jobs) == 1; found != launched {
				t.Errorf("rows %+v", r.state().Jobs)
			}
		})
	}
}

func TestPagesOfRepositoriesAreReadOneARoundAndThenTheFirstAgain(t *testing.T) {
	r := rigged(t)
	r.pushes()
	r.hub.pushed = [][]fleet.Pushed{nil, nil}
	r.play(11 * time.Minute)
	if diff := cmp.Diff([]string{"pushed 7 1", "pushed 7 2", "pushed 7 1"}, r.said()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestRepositoriesThatWerePushedToTakeTurns(t *testing.T) {
	r := rigged(t)
	r.pushes()
	for i := range 2 * pushedMost {
		r.hub.pushed[0] = append(r.hub.pushed[0], fleet.Pushed{
			Repository: fleet.Repository{Scope: acme, OwnerID: 12, Name: fmt.Sprintf("acme/r%02d", i)}, At: r.now.Add(time.Duration(i-100) * time.Second),
		})
	}
	r.play(14 * time.Minute)
	asked := map[string]int{}
	for _, line := range r.said() {
		if verb, repo, _ := strings.Cut(line, " "); verb == "runs" {
			asked[repo]++
		}
	}
	if len(asked) != 2*pushedMost+1 {
		t.Errorf("%d repositories were asked: %v", len(asked), asked)
	}
}

func TestMoreRunsThanARoundAsksAreGoneOnWithInTheNextOne(t *testing.T) {
	r := rigged(t)
	var jobs []fleet.Job
	for i := range 2*searchRuns + 20 {
		jobs = append(jobs, hidden(1000+i, acme, "gpu"))
	}
	r.searches(jobs...)
	asked := map[string]int{}
	r.play(3 * 7 * time.Minute) // a round of fifty takes six and a half
	for _, line := range r.said() {
		if strings.HasPrefix(line, "jobs ") {
			asked[line]++
		}
	}
	if len(asked) != len(jobs) {
		t.Errorf("%d of %d runs were asked", len(asked), len(jobs))
	}
}
