package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestDecideSays(t *testing.T) {
	for _, tt := range []struct {
		name string
		with func(*fleet.Snapshot)
		want []string
	}{
		{"an empty fleet does nothing", func(*fleet.Snapshot) {}, nil},
		{"two jobs of a class are one launch, on Spot first", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5), queued(2, arm, 4)}
		}, []string{"launch 2 arm spot", "job 1 launching", "job 2 launching"}},
		{"a job whose labels no pool holds gets no machine", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, fleet.NewLabels("ubuntu-latest"), 5)}
		}, []string{"job 1 no-pool"}},
		{"a job without labels fits nothing", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, "", 5)}
		}, []string{"job 1 no-pool"}},
		{"self-hosted alone goes to the first pool in the file", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, fleet.NewLabels("self-hosted"), 5)}
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"the pool's cap leaves a job waiting", func(s *fleet.Snapshot) {
			for i := range 4 {
				s.State.Jobs = append(s.State.Jobs, queued(i+1, arm, 10-i))
			}
		}, []string{"launch 3 arm spot", "job 1 launching", "job 2 launching", "job 3 launching", "job 4 full"}},
		{"a reserved launch counts as its machines", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5), queued(2, arm, 4)}
			s.State.Intents = []fleet.Intent{{ID: "i", ReservedAt: ago(1), SentAt: ago(1), Launch: &fleet.Launch{Pool: "arm", Count: 2, Market: fleet.Spot}}}
		}, []string{"job 1 covered", "job 2 covered"}},
		{"an intent that nobody settled is sent again, unchanged", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 40)}
			s.State.Intents = []fleet.Intent{{ID: "i", ReservedAt: ago(31), SentAt: ago(31), Launch: &fleet.Launch{Pool: "arm", Count: 1, Market: fleet.Spot}}}
		}, []string{"launch 1 arm spot", "job 1 covered"}},
		{"a machine of a prepared image is minted for when a job waits", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5)}
			s.State.Machines = []fleet.Machine{machine("i-1", "arm", 3)}
		}, []string{"mint i-1 try 1", "job 1 covered"}},
		{"a machine of a stock image is minted for when its boot estimate has passed", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, x64, 60), queued(2, x64, 30)}
			s.State.Machines = []fleet.Machine{machine("i-1", "x64", 50), machine("i-2", "x64", 20)}
		}, []string{"mint i-1 try 1", "job 1 covered", "job 2 covered"}},
		{"after a third mint that came to nothing the fourth waits twenty seconds", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5)}
			early, due := machine("i-1", "arm", 30), machine("i-2", "arm", 20)
			early.Try, early.TriedAt = 3, ago(19)
			due.Try, due.TriedAt = 3, ago(20)
			s.State.Machines = []fleet.Machine{early, due}
			s.State.Jobs = append(s.State.Jobs, queued(2, arm, 4))
		}, []string{"mint i-2 try 4", "job 1 covered", "job 2 covered"}},
		{"a stolen runner leaves its job uncovered, which is launched for again", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 20)
			thief := on(queued(9, arm, 3), fleet.Running, "i-1", 2)
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Jobs = []fleet.Job{queued(1, arm, 61), thief}
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a job that was launched for and not heard of since is asked about first", func(s *fleet.Snapshot) {
			j := queued(1, arm, 200)
			j.Launches, j.LaunchedAt = 1, ago(195)
			s.State.Jobs = []fleet.Job{j}
		}, []string{"job 1 asking", "ask 1"}},
		{"a busy runner that nobody announced covers a job of its class", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 20)
			r.Busy = true
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Jobs = []fleet.Job{queued(1, arm, 61)}
		}, []string{"job 1 covered"}},
		{"an idle machine goes after its idle limit when no job of its class waits", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 290, 125)
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
		}, []string{"end i-1: idle, no job of its classes waits, idle limit of 2m0s is over"}},
		{"a machine whose job is done is ended after the grace", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 290, 200)
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Jobs = []fleet.Job{on(queued(1, arm, 300), fleet.Done, "i-1", 61)}
		}, []string{"end i-1: job 1 is done, grace of 1m0s is over"}},
		{"a busy machine of a pool that left the file is kept", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "old", 300), 290, 200)
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Jobs = []fleet.Job{on(queued(1, arm, 300), fleet.Running, "i-1", 100)}
		}, nil},
		{"a held machine is not ended", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 900), 890, 800)
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Orders = []fleet.Order{{ID: "o", Kind: fleet.Hold, Subject: "i-1"}}
		}, nil},
		{"a config that nobody took in four minutes is withdrawn", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 241, 0)
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Jobs = []fleet.Job{queued(1, arm, 300)}
		}, []string{"withdraw i-1", "job 1 covered"}},
		{"a terminated machine whose job is done is forgotten without a call", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 300), 290, 200)
			m.State = fleet.Terminated
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Jobs = []fleet.Job{on(queued(1, arm, 300), fleet.Done, "i-1", 5)}
		}, []string{"forget i-1"}},
		{"a machine absent once is not judged", func(s *fleet.Snapshot) {
			m := machine("i-1", "arm", 130)
			m.Missed = 1
			s.State.Machines, s.State.Jobs = []fleet.Machine{m}, []fleet.Job{queued(1, arm, 5)}
		}, []string{"mint i-1 try 1", "job 1 covered"}},
		{"without a Spot offer the launch falls back to on-demand", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5)}
			s.State.Setbacks = []fleet.Setback{{Key: fleet.OfferKey(spotA), Strikes: 1, At: ago(10), Until: noon.Add(time.Minute)}}
		}, []string{"launch 1 arm on-demand", "job 1 launching"}},
		{"without any offer the job hears that EC2 has no capacity", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, x64, 5)}
			s.State.Setbacks = []fleet.Setback{{Key: fleet.OfferKey(odA), Strikes: 1, At: ago(10), Until: noon.Add(time.Minute)}}
		}, []string{"job 1 no-capacity"}},
		{"the first launch after a setback is a single machine", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, x64, 5), queued(2, x64, 4)}
			s.State.Setbacks = []fleet.Setback{{Key: fleet.OfferKey(odA), Strikes: 1, At: ago(190), Until: ago(10)}}
		}, []string{"launch 1 x64 on-demand", "job 1 launching", "job 2 no-capacity"}},
		{"after its setback Spot is tried again before on-demand, with one machine", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5), queued(2, arm, 4)}
			s.State.Setbacks = []fleet.Setback{{Key: fleet.OfferKey(spotA), Strikes: 1, At: ago(190), Until: ago(10)}}
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 no-capacity"}},
		{"a pool on probation tries one machine for all classes, and says so", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5), queued(2, fleet.NewLabels("arm64"), 4)}
			s.State.Setbacks = []fleet.Setback{{Key: fleet.BootKey("arm", "lt-1:1"), Strikes: 3, At: ago(190), Until: ago(10)}}
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 set-back"}},
		{"a class on probation gets one machine, and its other jobs hear so", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5), queued(2, arm, 4)}
			s.State.Setbacks = []fleet.Setback{{Key: fleet.ClassKey(s.State.Jobs[0].Class), Strikes: 2, At: ago(190), Until: ago(10)}}
		}, []string{"launch 1 arm spot", "job 1 launching", "job 2 set-back"}},
		{"while that machine is coming no second one is launched", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5), queued(2, arm, 4)}
			s.State.Machines = []fleet.Machine{machine("i-1", "arm", 3)}
			s.State.Setbacks = []fleet.Setback{{Key: fleet.ClassKey(s.State.Jobs[0].Class), Strikes: 2, At: ago(190), Until: ago(10)}}
		}, []string{"mint i-1 try 1", "job 1 covered", "job 2 set-back"}},
		{"a template on probation has its one machine over several looks", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5), queued(2, arm, 4)}
			s.State.Machines = []fleet.Machine{machine("i-1", "arm", 3)}
			s.State.Setbacks = []fleet.Setback{{Key: fleet.BootKey("arm", "lt-1:1"), Strikes: 3, At: ago(190), Until: ago(10)}}
		}, []string{"mint i-1 try 1", "job 1 covered", "job 2 set-back"}},
		{"a machine that is being ended covers no job", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 20)
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Intents = []fleet.Intent{{ID: "e", ReservedAt: ago(1), SentAt: ago(1), End: &fleet.End{Machine: "i-1"}}}
			s.State.Jobs = []fleet.Job{queued(1, arm, 5)}
		}, []string{"launch 1 arm spot", "job 1 launching"}},
		{"a registration that one look did not show is still believed", func(s *fleet.Snapshot) {
			m, r := minted(machine("i-1", "arm", 60), 50, 20)
			r.Missed = 1
			s.State.Machines, s.State.Runners = []fleet.Machine{m}, []fleet.Runner{r}
			s.State.Jobs = []fleet.Job{queued(1, arm, 5)}
		}, []string{"job 1 covered"}},
		{"GitHub's limit is not the template's fault, and nothing more is launched", func(s *fleet.Snapshot) {
			s.Allowance.Mints = map[int64]fleet.Mints{7: {Now: 5, PerBoot: 100, Limited: noon.Add(time.Hour)}}
			s.State.Jobs = []fleet.Job{queued(1, arm, 5), queued(2, arm, 4)}
			s.State.Machines = []fleet.Machine{machine("i-1", "arm", 700)}
		}, []string{"job 1 covered", "job 2 paced"}},
		{"a paused fleet launches nothing and says so", func(s *fleet.Snapshot) {
			s.State.Jobs = []fleet.Job{queued(1, arm, 5)}
			s.State.Orders = []fleet.Order{{ID: "o", Kind: fleet.Pause}}
		}, []string{"job 1 paused"}},
		{"an account that the file does not list is refused", func(s *fleet.Snapshot) {
			s.Fleet.Accounts = []fleet.Account{{ID: 99, Login: "other"}}
			s.State.Jobs = []fleet.Job{queued(1, arm, 5)}
		}, []string{"job 1 refused"}},
		{"GitHub's limit on one installation stops no launch for a registered runner's sake elsewhere", func(s *fleet.Snapshot) {
			s.Allowance.Mints = map[int64]fleet.Mints{7: {Now: 5, PerBoot: 100, Limited: noon.Add(time.Minute)}}
			s.State.Jobs = []fleet.Job{queued(1, arm, 5)}
			s.State.Machines = []fleet.Machine{machine("i-1", "arm", 3)}
		}, []string{"job 1 covered"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			tt.with(&s)
			if diff := cmp.Diff(tt.want, said(fleet.Decide(s))); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSetbacksHoldLongerEachTime(t *testing.T) {
	s, at := fleet.Setback{Key: fleet.OfferKey(spotA)}, noon
	var spans []string
	for range 5 {
		s = s.Strike(at, "empty")
		spans = append(spans, s.Until.Sub(at).String())
		at = s.Until
	}
	if got := strings.Join(spans, " "); got != "3m0s 6m0s 12m0s 30m0s 30m0s" {
		t.Errorf("spans: %s", got)
	}
}

func TestEventsOnlyMoveAJobForward(t *testing.T) {
	job := queued(1, arm, 100)
	running, _ := fleet.Apply(&job, fleet.Event{At: ago(50), Job: ptr(on(job, fleet.Running, "i-1", 50))})
	if late, changed := fleet.Apply(&running, fleet.Event{At: ago(40), Job: ptr(queued(1, arm, 100))}); changed || late.Status != fleet.Running {
		t.Errorf("a late queued event moved the job back: %v", late.Status)
	}
	read := fleet.Event{At: ago(30), Read: true, Job: ptr(queued(1, arm, 100))}
	if back, _ := fleet.Apply(&running, read); back.Status != fleet.Queued || back.Runner != "" {
		t.Errorf("a newer read did not move the job back: %v on %q", back.Status, back.Runner)
	}
}

func TestAConclusionOfGitHubsReplacesGone(t *testing.T) {
	gone := on(queued(1, arm, 100), fleet.Done, "i-1", 50)
	gone.Conclusion = fleet.ConclusionGone
	told := gone
	told.Conclusion = "success"
	if got, _ := fleet.Apply(&gone, fleet.Event{At: noon, Job: &told}); got.Conclusion != "success" {
		t.Errorf("conclusion %q", got.Conclusion)
	}
}

func ptr[T any](v T) *T { return &v }
