package reconcile

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// widgets is a repository that the fleet has had jobs of.
var widgets = fleet.Repository{Scope: acme, OwnerID: 12, Name: "acme/widgets"}

// hidden is a job of which nobody told, in a run of its own number.
func hidden(id int, s fleet.Scope, labels fleet.Labels) fleet.Job {
	return fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(id), Attempt: 1}, Run: fleet.RunID(id), OwnerID: 12, Repo: s.Owner + "/widgets",
		Class: fleet.Class{Scope: s, Labels: labels}, Status: fleet.Queued, QueuedAt: noon, Origin: fleet.Own, Found: true,
	}
}

// searches makes GitHub have jobs, and the ledger know their repositories.
func (r *rig) searches(jobs ...fleet.Job) {
	r.t.Helper()
	r.Search = &r.hub
	marks := map[string]string{}
	for _, j := range jobs {
		r.hub.hidden = append(r.hub.hidden, j)
		s := fleet.Snapshot{At: r.now, Fleet: r.Fleet(), State: fleet.State{Jobs: []fleet.Job{{
			Repo: j.Repo, OwnerID: 12, Class: fleet.Class{Scope: j.Class.Scope, Labels: arm}, QueuedAt: r.now.Add(-time.Hour),
		}}}}
		change, _ := activity(s)
		for k, v := range change {
			marks[k] = v
		}
	}
	r.has(fleet.Change{Marks: marks})
}

// said is what was asked of GitHub's runs since the last time.
func (r *rig) said() (lines []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.calls {
		if verb, _, _ := strings.Cut(line, " "); slices.Contains([]string{"pushed", "runs", "jobs", "run"}, verb) {
			lines = append(lines, line)
		}
	}
	r.calls = nil
	return lines
}

func TestAJobThatNobodyToldOfIsFoundAndLaunchedFor(t *testing.T) {
	r := rigged(t)
	j := hidden(41, acme, arm)
	r.searches(j, hidden(42, acme, "gpu"))
	r.look()
	if n := len(r.launches()); n != 1 {
		t.Errorf("%d launches", n)
	}
	got := r.state().Jobs
	if len(got) != 1 {
		t.Fatalf("rows %+v", got)
	}
	want := j
	want.RecordedAt, want.ChangedAt, want.AskedAt = noon, noon, noon
	got[0].Verdict, got[0].Launches, got[0].LaunchedAt = fleet.Verdict{}, 0, time.Time{}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// A delivery takes its time, and a search may be faster: that is no loss.
func TestPeopleAreWarnedOfJobsWhoseDeliveryShouldHaveCome(t *testing.T) {
	for _, tt := range []struct {
		name   string
		queued time.Duration // ago
		warned bool
	}{
		{"not of one that is new", 14 * time.Second, false},
		{"of one that is older than a delivery takes", 15 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			log := &strings.Builder{}
			r.Log = slog.New(slog.NewTextHandler(log, nil))
			j := hidden(41, acme, arm)
			j.QueuedAt = noon.Add(-tt.queued)
			r.searches(j)
			r.look()
			if len(r.state().Jobs) != 1 || strings.Contains(log.String(), "no delivery told of") != tt.warned {
				t.Errorf("%d jobs; %s", len(r.state().Jobs), log)
			}
		})
	}
}

func TestTheSearchCorrectsWhatEventsMissed(t *testing.T) {
	for _, tt := range []struct {
		name string
		row  fleet.JobStatus
		now  fleet.JobStatus
		want fleet.JobStatus
	}{
		{"it runs", fleet.Queued, fleet.Running, fleet.Running},
		{"it is over", fleet.Queued, fleet.Done, fleet.Done},
		{"GitHub took it back", fleet.Running, fleet.Queued, fleet.Queued},
		{"nothing new", fleet.Queued, fleet.Queued, fleet.Queued},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.yard.recipes = nil
			row := hidden(41, acme, arm)
			row.Status, row.Found = tt.row, false
			r.hears(fleet.Event{ID: "d", At: noon.Add(-time.Minute), Job: &row})
			j := hidden(41, acme, arm)
			j.Status = tt.now
			r.searches(j)
			r.look()
			got := r.state().Jobs
			if tt.want == fleet.Done && len(got) == 0 {
				return // closed
			}
			if len(got) != 1 || got[0].Status != tt.want || got[0].Found {
				t.Errorf("rows %+v, want %s", got, tt.want)
			}
		})
	}
}

func TestAnEventThatCameWhileGitHubWasAskedWins(t *testing.T) {
	r := rigged(t)
	r.searches(hidden(41, acme, arm))
	done := hidden(41, acme, arm)
	done.Status, done.Conclusion = fleet.Done, "success"
	r.hub.onJobs = func() {
		r.hears(fleet.Event{ID: "d", At: r.now.Add(time.Millisecond), Job: &done})
	}
	r.look()
	if got := r.state().Jobs; len(got) > 0 || len(r.launches()) > 0 {
		t.Errorf("rows %+v", got)
	}
}

func TestRoundsAreFiveMinutesApartWhateverComesUpAgain(t *testing.T) {
	r := rigged(t)
	r.searches(hidden(41, acme, "gpu"))
	want := []string{"runs acme/widgets", "jobs 41"}
	r.look()
	if diff := cmp.Diff(want, r.said()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	for range 4 {
		r.anew()
		r.play(time.Minute)
	}
	if got := r.said(); len(got) > 0 {
		t.Errorf("within the round: %q", got)
	}
	r.play(time.Minute)
	if diff := cmp.Diff(want, r.said()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestARoundIsSpreadOverMinutes(t *testing.T) {
	r := rigged(t)
	var jobs []fleet.Job
	for i := range 30 {
		jobs = append(jobs, hidden(41+i, acme, arm))
	}
	r.searches(jobs...)
	most := 0
	for minute := range 4 { // 32 calls, 8 a minute
		if minute == 0 {
			r.play(59 * time.Second) // so that no minute holds the first look of the next
		} else {
			r.play(time.Minute)
		}
		calls := 0
		for _, line := range r.said() {
			calls++
			if strings.HasPrefix(line, "runs") {
				calls++
			}
		}
		most = max(most, calls)
	}
	if got := len(r.state().Jobs); got != 30 || most > searchCalls {
		t.Errorf("%d jobs found, at most %d calls a minute", got, most)
	}
}

func TestALimitedInstallationIsNotSearchedAndHoldsUpNoOther(t *testing.T) {
	r := rigged(t)
	r.searches(hidden(41, acme, "gpu"), hidden(42, zeta, "gpu"))
	r.refuse["runs acme/widgets"] = limited(7)
	r.play(30 * time.Second)
	if diff := cmp.Diff([]string{"runs acme/widgets", "runs zeta/widgets", "jobs 42"}, r.said()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestWhatIsActiveIsKeptInTheLedger(t *testing.T) {
	r := rigged(t)
	r.Search = &r.hub
	r.queue(1, acme)
	r.look()
	r.anew()
	names := func() (all []string) {
		_, repos := activity(r.snapshot())
		for _, of := range repos {
			all = append(all, of.Name)
		}
		return all
	}
	done := r.hub.jobs[1]
	done.Status = fleet.Done
	r.hears(fleet.Event{ID: "over", At: r.now.Add(time.Second), Job: &done})
	if diff := cmp.Diff([]string{"acme/w"}, names()); diff != "" {
		t.Errorf("active (-want +got):\n%s", diff)
	}
	r.now = r.now.Add(activeFor + activeAgain)
	if got := names(); len(got) > 0 {
		t.Errorf("a day later: %q", got)
	}
	r.look()
	for name := range r.state().Marks {
		if strings.HasPrefix(name, markActive) {
			t.Errorf("mark %q is left", name)
		}
	}
}

func TestOnlyRepositoriesWhoseJobsTheFleetTakesAreSearched(t *testing.T) {
	f := fleet.Fleet{Accounts: []fleet.Account{{ID: 12}}, Pools: []fleet.Pool{{Name: "arm", Labels: arm}}}
	j := func(repo string, owner int64, labels fleet.Labels, age time.Duration) fleet.Job {
		return fleet.Job{Repo: repo, OwnerID: owner, Class: fleet.Class{Scope: acme, Labels: labels}, QueuedAt: noon.Add(-age)}
	}
	s := fleet.Snapshot{At: noon, Fleet: f, State: fleet.State{Jobs: []fleet.Job{
		j("acme/widgets", 12, arm, time.Hour), j("acme/hosted", 12, "ubuntu-latest", 0), j("eve/else", 13, arm, 0), j("acme/old", 12, arm, activeFor),
	}}}
	_, repos := activity(s)
	if diff := cmp.Diff([]fleet.Repository{widgets}, repos); diff != "" {
		t.Errorf("active (-want +got):\n%s", diff)
	}
}

func TestManyRepositoriesAreBoundedTheNewestStayAndNothingIsWrittenTwice(t *testing.T) {
	s := fleet.Snapshot{At: noon, Fleet: fleet.Fleet{Pools: []fleet.Pool{{Name: "arm", Labels: arm}}}, State: fleet.State{Marks: map[string]string{}}}
	for i := range mostActive + 10 {
		s.State.Jobs = append(s.State.Jobs, fleet.Job{
			Repo: fmt.Sprintf("acme/r%03d", i), Class: fleet.Class{Scope: acme, Labels: arm}, QueuedAt: noon.Add(-time.Duration(i) * time.Second),
		})
	}
	change, repos := activity(s)
	if len(change) != mostActive || len(repos) != mostActive || slices.ContainsFunc(repos, func(r fleet.Repository) bool { return r.Name >= "acme/r200" }) {
		t.Fatalf("%d marks, %d repositories", len(change), len(repos))
	}
	for k, v := range change {
		s.State.Marks[k] = v
	}
	if again, _ := activity(s); len(again) > 0 {
		t.Errorf("written again: %q", again)
	}
}
