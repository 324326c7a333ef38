package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/webhooks"
)

// simulated is a Client with a whole GitHub behind it, on one virtual clock.
type simulated struct {
	*github.Client
	sim      *githubsim.Server
	t        *testing.T
	now      time.Time
	queue    []happening // by time
	arrived  []fleet.Event
	released []githubsim.Release
	wire     *shaped
}

type happening struct {
	at time.Time
	do func()
}

func simulate(t *testing.T, change func(*githubsim.Config)) *simulated {
	t.Helper()
	s := &simulated{t: t, now: noon}
	now := func() time.Time { return s.now }
	cfg := githubsim.Config{
		Seed: 1, Now: now, After: s.after, Deliver: s.deliver,
		OnRelease: func(_ githubsim.RunnerID, why githubsim.Release) { s.released = append(s.released, why) },
	}
	if change != nil {
		change(&cfg)
	}
	s.sim = githubsim.New(cfg)
	s.sim.AddInstallation(githubsim.Installation{ID: 7, Account: "acme"})
	s.sim.AddInstallation(githubsim.Installation{ID: 8, Account: "alice", Person: true})
	for owner, name := range map[string]string{"acme": "widgets", "alice": "tools"} {
		s.must(s.sim.AddRepository(githubsim.Repository{Owner: owner, Name: name, Private: true}))
	}
	to := github.Config{AppID: 1, PrivateKeys: [][]byte{privateKey(t)}, Now: now, Decode: webhooks.Decode}
	s.wire = shape(t, githubsim.Transport{Server: s.sim})
	to.Transport = s.wire
	if cfg.Enterprise != "" {
		s.wire = shape(t, restored{githubsim.Transport{Server: s.sim}})
		to.BaseURL, to.Transport = server+"/api/v3", onServer{t, s.wire}
	}
	s.Client = client(t, to)
	return s
}

func (s *simulated) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *simulated) after(d time.Duration, f func()) {
	h := happening{s.now.Add(d), f}
	i := slices.IndexFunc(s.queue, func(q happening) bool { return q.at.After(h.at) })
	if i < 0 {
		i = len(s.queue)
	}
	s.queue = slices.Insert(s.queue, i, h)
}

// run lets d pass.
func (s *simulated) run(d time.Duration) {
	end := s.now.Add(d)
	for len(s.queue) > 0 && !s.queue[0].at.After(end) {
		next := s.queue[0]
		s.queue = s.queue[1:]
		s.now = next.at
		next.do()
	}
	s.now = end
}

func (s *simulated) deliver(d githubsim.Delivery) (int, error) {
	e, ok, err := webhooks.Decode(d.Header.Get("X-Github-Event"), d.Header.Get("X-Github-Delivery"), d.Body, s.now)
	if ok {
		s.arrived = append(s.arrived, e)
	}
	return http.StatusAccepted, err
}

// minted is a runner whose machine listens.
func (s *simulated) minted(at fleet.Scope, name string) int64 {
	s.t.Helper()
	id, config, err := s.Mint(s.t.Context(), fleet.Mint{Scope: at, Labels: "arm64,linux"}, name)
	s.must(err)
	heard, err := s.sim.Connect(config)
	s.must(err)
	if int64(heard) != id {
		s.t.Fatalf("the config is for runner %d, want %d", heard, id)
	}
	return id
}

func (s *simulated) queued() fleet.Job {
	s.t.Helper()
	id, err := s.sim.Queue(githubsim.JobSpec{Repo: "acme/widgets", Labels: []string{"Linux", "arm64"}, Duration: 5 * time.Minute})
	s.must(err)
	return fleet.Job{Key: fleet.JobKey{ID: fleet.JobID(id)}, Repo: "acme/widgets", Class: fleet.Class{Scope: acme}}
}

func TestAMintedRunnerIsListedOnlineInItsScope(t *testing.T) {
	for _, at := range []fleet.Scope{acme, alice} {
		t.Run("in "+at.String(), func(t *testing.T) {
			s := simulate(t, nil)
			id := s.minted(at, "rf-1")
			got, err := s.Runners(t.Context(), at, "rf-")
			s.must(err)
			want := []fleet.Runner{{Name: "rf-1", ID: id, Scope: at, Online: true}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("runners (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAfterALostReplyTheNameIsTakenUntilItsRunnerIsRemoved(t *testing.T) {
	for name, status := range map[string]int{"the connection breaks": 0, "a proxy answers 502": 502} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, nil)
			s.sim.SetFaults(githubsim.Faults{JITReplyLost: githubsim.Chance{Rate: 1}, LostStatus: status})
			var got []string
			for range 2 {
				_, _, err := s.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, "rf-1")
				got = append(got, meaning(err))
			}
			if diff := cmp.Diff([]string{"unknown", "taken"}, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			s.sim.SetFaults(githubsim.Faults{})
			left, err := s.Runners(t.Context(), acme, "rf-1")
			s.must(err)
			if len(left) != 1 {
				t.Fatalf("%d runners hold the name, want 1", len(left))
			}
			s.must(s.Remove(t.Context(), acme, left[0].ID))
			s.minted(acme, "rf-1")
		})
	}
}

func TestWhatRemovingARunnerMeans(t *testing.T) {
	s := simulate(t, nil)
	busy := s.minted(acme, "rf-busy")
	s.queued()
	s.run(time.Minute)
	idle := s.minted(acme, "rf-idle")
	got := map[string]string{
		"a busy one":            meaning(s.Remove(t.Context(), acme, busy)),
		"an idle one":           meaning(s.Remove(t.Context(), acme, idle)),
		"one that is gone":      meaning(s.Remove(t.Context(), acme, idle)),
		"one of nobody's":       meaning(s.Remove(t.Context(), acme, 4711)),
		"one of another scope":  meaning(s.Remove(t.Context(), alice, busy)),
		"one in no known place": meaning(s.Remove(t.Context(), fleet.Scope{Installation: 7, Owner: "acme", Repo: "none"}, busy)),
	}
	want := map[string]string{
		"a busy one": "busy", "an idle one": "nothing", "one that is gone": "absent", "one of nobody's": "absent",
		"one of another scope": "absent", "one in no known place": "absent",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	s.run(time.Minute)
	if diff := cmp.Diff([]githubsim.Release{githubsim.Deleted}, s.released); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}

func TestAHundredAndFiftyRunnersAreListedInTwoPages(t *testing.T) {
	s := simulate(t, nil)
	want := map[int64]string{}
	for i := range 150 {
		name := fmt.Sprintf("rf-%03d", i)
		want[s.minted(acme, name)] = name
	}
	s.minted(alice, "rf-else")
	list, err := s.Runners(t.Context(), acme, "rf-")
	s.must(err)
	got := map[int64]string{}
	for _, r := range list {
		got[r.ID] = r.Name
	}
	if diff := cmp.Diff(want, got); diff != "" || len(list) != 150 {
		t.Errorf("%d runners (-want +got):\n%s", len(list), diff)
	}
	if n := s.sim.Calls()["list-runners"]; n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

func TestALimitNamesItsPauseAndIsOverAfterIt(t *testing.T) {
	for name, tt := range map[string]struct {
		limits  githubsim.Limits
		allowed int
		pause   time.Duration
	}{
		"the secondary limit":                 {githubsim.Limits{}, 180, 40 * time.Second},
		"the secondary limit with status 429": {githubsim.Limits{Status: 429}, 180, 40 * time.Second},
		"the primary limit":                   {githubsim.Limits{Registrations: 3}, 3, time.Hour - 20*time.Second},
		"the primary limit with status 429":   {githubsim.Limits{Registrations: 3, Status: 429}, 3, time.Hour - 20*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, func(c *githubsim.Config) { c.Limits = tt.limits })
			mint := func(name string) error {
				_, _, err := s.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, name)
				return err
			}
			for i := range tt.allowed {
				s.must(mint(fmt.Sprint("rf-", i)))
			}
			s.run(20 * time.Second)
			var limit *fleet.LimitedError
			if err := mint("rf-late"); !errors.As(err, &limit) {
				t.Fatalf("mint %d: %v, want a limit", tt.allowed+1, err)
			}
			if limit.For != tt.pause || limit.Installation != 7 {
				t.Errorf("installation %d is limited for %s, want 7 for %s", limit.Installation, limit.For, tt.pause)
			}
			// Other endpoints and other installations have their own allowance.
			_, err := s.Runners(t.Context(), acme, "")
			s.must(err)
			s.minted(alice, "rf-late")
			s.run(limit.For - time.Second)
			if err := mint("rf-late"); !errors.Is(err, fleet.ErrThrottled) {
				t.Errorf("a second before the end: %v", err)
			}
			s.run(time.Second)
			s.must(mint("rf-late"))
		})
	}
}
