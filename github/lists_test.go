package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// listing counts what a list costs: calls, those that said "unchanged", and what
// was taken of the primary allowance.
type listing struct{ Calls, Unchanged, Cost int }

func (s *simulated) core() int {
	for _, m := range s.Allowances() {
		if m.Installation == 7 && m.Resource == fleet.CoreCalls {
			return m.Limit - m.Remaining
		}
	}
	return 0
}

// lists runs f and says what its lists of runners cost.
func (s *simulated) lists(f func()) listing {
	const op = "list-runners"
	calls, same, cost := s.sim.Calls()[op], s.sim.Unchanged()[op], s.core()
	f()
	return listing{s.sim.Calls()[op] - calls, s.sim.Unchanged()[op] - same, s.core() - cost}
}

func TestAListThatDidNotChangeCostsNothing(t *testing.T) {
	s := simulate(t, nil)
	ids := map[string]int64{}
	for i := range 150 { // two pages
		name := fmt.Sprintf("rf-%03d", i)
		id, _, err := s.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, name)
		s.must(err)
		ids[name] = id
	}
	names := func() int {
		all, err := s.Runners(t.Context(), acme, "rf-")
		s.must(err)
		for _, x := range all {
			if ids[x.Name] != x.ID {
				t.Errorf("runner %s is %d, want %d", x.Name, x.ID, ids[x.Name])
			}
		}
		return len(all)
	}
	for _, step := range []struct {
		name string
		do   func()
		want listing
		n    int
	}{
		{"the first time", func() {}, listing{2, 0, 2}, 150},
		{"nothing changed", func() {}, listing{2, 2, 0}, 150},
		{"one of the second page is gone: the total is in both", func() {
			s.must(s.Remove(t.Context(), acme, ids["rf-149"]))
		}, listing{2, 0, 2}, 149},
		{"nothing changed since", func() {}, listing{2, 2, 0}, 149},
		{"one of the second page comes online: the first is the same", func() {
			_, config, err := s.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, "rf-online")
			s.must(err)
			ids["rf-online"] = ids["rf-148"] + 2
			names() // both pages are known with it
			_, err = s.sim.Connect(config)
			s.must(err)
		}, listing{2, 1, 1}, 150},
		{"all of the second page are gone", func() {
			for name, id := range ids {
				if name >= "rf-100" && name != "rf-149" {
					s.must(s.Remove(t.Context(), acme, id))
				}
			}
		}, listing{1, 0, 1}, 100},
		{"one page is left, and is the same", func() {}, listing{1, 1, 0}, 100},
		{"a second page is back", func() {
			id, _, err := s.Mint(t.Context(), fleet.Mint{Scope: acme, Labels: "linux"}, "rf-new")
			s.must(err)
			ids["rf-new"] = id
		}, listing{2, 0, 2}, 101},
	} {
		step.do()
		var n int
		if got := s.lists(func() { n = names() }); got != step.want || n != step.n {
			t.Errorf("%s: %+v with %d runners, want %+v with %d", step.name, got, n, step.want, step.n)
		}
	}
}

func TestALookAtRestCostsNothing(t *testing.T) {
	s := simulate(t, func(c *githubsim.Config) { c.Limits.Core = 3 })
	s.minted(acme, "rf-1")
	for range 50 {
		_, err := s.Runners(t.Context(), acme, "rf-")
		s.must(err)
	}
	if n := s.core(); n != 2 { // the groups once, the runners once
		t.Errorf("%d calls were counted, want 2", n)
	}
}

func TestTheKeptListsAreBounded(t *testing.T) {
	r := rigged(t)
	const weight, all = 700_000, 40 // 28 MB
	text := strings.Repeat(" ", weight)
	full := 0
	r.mux.HandleFunc("GET /orgs/{org}/actions/runners", func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("If-None-Match") == `"`+req.PathValue("org")+`"` {
			w.WriteHeader(304)
			return
		}
		full++
		reply(w, 200, text+`{"runners":[{"id":5,"name":"`+req.PathValue("org")+`"}]}`, "ETag", `"`+req.PathValue("org")+`"`)
	})
	list := func(i int) {
		at := fleet.Scope{Installation: int64(100 + i), Owner: fmt.Sprint("org-", i)}
		got, err := r.Runners(t.Context(), at, "")
		if want := []fleet.Runner{{ID: 5, Name: at.Owner, Scope: at}}; err != nil || !cmp.Equal(want, got) {
			t.Errorf("%v, %v", got, err)
		}
	}
	for i := range all {
		list(i)
	}
	for i := all - 1; i >= 0; i-- {
		list(i)
	}
	// 23 of them fit in 16 MB; the others are asked for anew.
	if got, want := full-all, all-23; got != want {
		t.Errorf("%d lists came anew, want %d", got, want)
	}
}

func TestWhatIsNotKeptComesThroughWhole(t *testing.T) {
	const runners = `{"total_count":1,"runners":[{"id":5,"name":"rf-5"}]}`
	want := []fleet.Runner{{ID: 5, Name: "rf-5", Scope: acme}}
	for name, answer := range map[string]http.HandlerFunc{
		"a page without an ETag": func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, runners) },
		"a page that is too heavy": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, 200, strings.Repeat(" ", 2<<20)+runners, "ETag", `"a"`)
		},
		"an ETag that is another's":     func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, runners, "ETag", `"a"`) },
		"a weak ETag, which lists have": func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, runners, "ETag", `W/"a"`) },
		"an ETag and a page that is last": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, 200, runners, "ETag", `"a"`, "Link", `<https://x/?page=1>; rel="prev"`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			r.mux.HandleFunc("GET /orgs/", answer)
			for range 2 {
				got, err := r.Runners(t.Context(), acme, "")
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			}
		})
	}
}

func TestAPageThatBreaksOffIsNoListThoughItHasAnETag(t *testing.T) {
	r := rigged(t)
	r.on("GET /orgs/", 200, `{"total_count":2,"runners":[{"id":5,"name":"rf-5"},`, "ETag", `"a"`)
	_, err := r.Runners(t.Context(), acme, "")
	if !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("error %v", err)
	}
}

func TestOnlyListsAreAskedForWithACondition(t *testing.T) {
	r := rigged(t)
	conditions := map[string]int{}
	r.mux.HandleFunc("/repos/", func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("If-None-Match") != "" {
			conditions[req.Method+" "+req.URL.Path]++
		}
		reply(w, 200, `{"id":5,"status":"queued","runners":[]}`, "ETag", `"a"`)
	})
	for range 3 {
		for _, do := range r.calls() {
			_ = do(context.Background())
		}
	}
	if diff := cmp.Diff(map[string]int{"GET /repos/alice/tools/actions/runners": 2}, conditions); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
}
