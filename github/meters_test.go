package github_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// told is what GitHub says of an allowance, as headers of an answer.
type told struct {
	resource         string
	limit, remaining int
	reset            time.Duration // from noon, by GitHub's clock
	date             time.Duration // likewise; 0: no header
}

func (h told) pairs() []string {
	out := []string{
		"X-RateLimit-Limit", strconv.Itoa(h.limit), "X-RateLimit-Remaining", strconv.Itoa(h.remaining),
		"X-RateLimit-Reset", strconv.FormatInt(noon.Add(h.reset).Unix(), 10), "X-RateLimit-Resource", h.resource,
	}
	if h.date != 0 {
		out = append(out, "Date", noon.Add(h.date).Format(http.TimeFormat))
	}
	return out
}

func TestAllowancesAreWhatTheLastAnswersSay(t *testing.T) {
	const hour = time.Hour
	core := func(limit, remaining int, resets time.Duration) fleet.Meters {
		return fleet.Meters{{App: 1, Installation: 7, Account: "acme", Resource: "core", Limit: limit, Remaining: remaining, ResetAt: noon.Add(resets), SeenAt: noon}}
	}
	for name, tt := range map[string]struct {
		answers []told
		want    fleet.Meters
	}{
		"an answer":                             {[]told{{"core", 5000, 4321, hour, 0}}, core(5000, 4321, hour)},
		"GitHub's clock is ten minutes ahead":   {[]told{{"core", 5000, 4321, hour, 10 * time.Minute}}, core(5000, 4321, 50*time.Minute)},
		"an answer that was overtaken":          {[]told{{"core", 5000, 10, hour, 0}, {"core", 5000, 11, hour, 0}}, core(5000, 10, hour)},
		"servers that differ by a second":       {[]told{{"core", 5000, 10, hour, 0}, {"core", 5000, 11, hour - time.Second, 0}}, core(5000, 10, hour-time.Second)},
		"a new hour":                            {[]told{{"core", 5000, 10, time.Minute, 0}, {"core", 5000, 4999, hour, 0}}, core(5000, 4999, hour)},
		"an answer of the hour before":          {[]told{{"core", 5000, 4999, hour, 0}, {"core", 5000, 10, time.Minute, 0}}, core(5000, 4999, hour)},
		"a limit that was raised":               {[]told{{"core", 5000, 4000, hour, 0}, {"core", 15_000, 14_999, 2 * hour, 0}}, core(15_000, 14_999, hour)},
		"no numbers":                            {[]told{{"", 5000, 4999, hour, 0}}, nil},
		"a reset that has passed":               {[]told{{"core", 5000, 4, -hour, 0}}, core(5000, 4, 0)},
		"more remains than the limit allows":    {[]told{{"core", 50, 100, hour, 0}}, core(50, 50, hour)},
		"less than nothing remains":             {[]told{{"core", 50, -1, hour, 0}}, nil},
		"a name of a resource without an end":   {[]told{{string(make([]byte, 99)), 50, 1, hour, 0}}, nil},
		"what counts apart":                     {[]told{{"core", 50, 1, hour, 0}, {"actions_runner_registration", 100, 9, hour, 0}}, append(fleet.Meters{{App: 1, Installation: 7, Account: "acme", Resource: "actions_runner_registration", Limit: 100, Remaining: 9, ResetAt: noon.Add(hour), SeenAt: noon}}, core(50, 1, hour)...)},
		"the last call that is still allowed":   {[]told{{"core", 50, 0, hour, 0}}, core(50, 0, hour)},
		"a day, though an hour is all there is": {[]told{{"core", 50, 3, 24 * hour, 0}}, core(50, 3, hour)},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			answers := tt.answers
			r.mux.HandleFunc("DELETE /orgs/", func(w http.ResponseWriter, _ *http.Request) {
				reply(w, http.StatusNoContent, "", answers[0].pairs()...)
				answers = answers[1:]
			})
			for range tt.answers {
				if err := r.Remove(t.Context(), acme, 11); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tt.want, r.Allowances()); diff != "" {
				t.Errorf("allowances (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARefusalSaysWhichAllowanceIsUsedUp(t *testing.T) {
	const primary = `{"message":"API rate limit exceeded for installation ID 7."}`
	used := told{"core", 5000, 0, 20 * time.Minute, 0}
	meter := fleet.Meter{App: 1, Installation: 7, Account: "acme", Resource: "core", Limit: 5000, ResetAt: noon.Add(20 * time.Minute), SeenAt: noon}
	pause := fleet.Meter{App: 1, Installation: 7, Account: "acme", PausedUntil: noon.Add(9 * time.Second), SeenAt: noon}
	for name, tt := range map[string]struct {
		body   string
		header []string
		limit  fleet.LimitedError
		want   fleet.Meters
	}{
		"a primary limit is of what it counts": {primary, used.pairs(),
			fleet.LimitedError{Installation: 7, For: 20 * time.Minute, Text: "API rate limit exceeded for installation ID 7.", Resource: "core"}, fleet.Meters{meter}},
		"a secondary limit pauses all": {secondary, []string{"Retry-After", "9"},
			fleet.LimitedError{Installation: 7, For: 9 * time.Second, Text: "You have exceeded a secondary rate limit. [redacted]"}, fleet.Meters{pause}},
		"both at once": {secondary, append(used.pairs(), "Retry-After", "9"),
			fleet.LimitedError{Installation: 7, For: 9 * time.Second, Text: "You have exceeded a secondary rate limit. [redacted]"}, fleet.Meters{pause, meter}},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			r.on("DELETE /", http.StatusForbidden, tt.body, tt.header...)
			got := limitOf(t, r.Remove(t.Context(), acme, 11))
			if diff := cmp.Diff(tt.limit, got); diff != "" {
				t.Errorf("limit (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, r.Allowances()); diff != "" {
				t.Errorf("allowances (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryCallIsSeenInTheAllowances(t *testing.T) {
	s := simulate(t, nil)
	s.run(time.Minute)
	first := s.now
	s.minted(acme, "rf-1")
	s.run(time.Minute)
	_, err := s.Runners(t.Context(), acme, "rf-")
	s.must(err)
	_, err = s.Runners(t.Context(), alice, "rf-")
	s.must(err)
	of := func(installation int64, account, resource string, limit, used int, opened time.Time) fleet.Meter {
		return fleet.Meter{App: 1, Installation: installation, Account: account, Resource: resource, Limit: limit, Remaining: limit - used, ResetAt: opened.Add(time.Hour), SeenAt: s.now}
	}
	registered := of(7, "acme", fleet.Registrations, 10_000, 1, first)
	registered.SeenAt = first
	want := fleet.Meters{registered, of(7, "acme", fleet.CoreCalls, 5000, 2, first), of(8, "alice", fleet.CoreCalls, 5000, 1, s.now)}
	if diff := cmp.Diff(want, s.Allowances()); diff != "" {
		t.Errorf("allowances (-want +got):\n%s", diff)
	}
}

func TestRegistrationsGoOnWhenAllOtherCallsAreUsedUp(t *testing.T) {
	s := simulate(t, func(c *githubsim.Config) { c.Limits.Core = 2 })
	s.minted(acme, "rf-1") // reads the groups first
	var limits []fleet.LimitedError
	for range 2 {
		_, err := s.Runners(t.Context(), acme, "rf-")
		if err != nil {
			limits = append(limits, limitOf(t, err))
		}
	}
	want := []fleet.LimitedError{{Installation: 7, For: time.Hour, Resource: "core", Text: "API rate limit exceeded for installation ID 7."}}
	if diff := cmp.Diff(want, limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
	s.minted(acme, "rf-2")
}
