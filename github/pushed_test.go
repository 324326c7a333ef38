package github_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

func TestRepositoriesAreListedWithTheirLastPush(t *testing.T) {
	s := simulate(t, nil)
	s.must(s.sim.AddRepository(githubsim.Repository{Owner: "acme", Name: "old", Archived: true}))
	s.run(time.Minute)
	_, err := s.sim.Queue(githubsim.JobSpec{Repo: "acme/widgets", Labels: []string{"gpu"}})
	s.must(err)
	tools := fleet.Repository{Scope: fleet.Scope{Installation: 8, Owner: "alice", Repo: "tools"}, OwnerID: 1008, Name: "alice/tools"}
	for _, tt := range []struct {
		in   fleet.Installation
		want []fleet.Pushed
	}{
		{fleet.Installation{ID: 7, Account: "acme"}, []fleet.Pushed{{Repository: widgets, At: noon.Add(time.Minute)}}},
		{fleet.Installation{ID: 8, Account: "alice"}, []fleet.Pushed{{Repository: tools, At: noon}}},
	} {
		got, more, err := s.Pushed(t.Context(), tt.in, 1)
		s.must(err)
		if diff := cmp.Diff(tt.want, got); diff != "" || more {
			t.Errorf("%s, more: %t (-want +got):\n%s", tt.in.Account, more, diff)
		}
	}
}

func TestRepositoriesComeInPagesOfAHundred(t *testing.T) {
	s := simulate(t, nil)
	for i := range 149 {
		s.must(s.sim.AddRepository(githubsim.Repository{Owner: "acme", Name: fmt.Sprintf("r%03d", i)}))
	}
	for page, want := range map[int]int{1: 100, 2: 50} {
		got, more, err := s.Pushed(t.Context(), fleet.Installation{ID: 7, Account: "acme"}, page)
		s.must(err)
		if len(got) != want || more != (page == 1) {
			t.Errorf("page %d: %d repositories, more: %t", page, len(got), more)
		}
	}
}
