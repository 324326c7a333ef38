package githubsim_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

func TestAJITRequestIsChecked(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprint("l", i)
	}
	tests := []struct {
		name string
		at   string
		body map[string]any
		want int
	}{
		{"a name, a group and labels are enough", "/orgs/acme", jitBody("new", "linux"), 201},
		{"a hundred labels are allowed", "/orgs/acme", jitBody("new", many...), 201},
		{"a taken name is a conflict", "/orgs/acme", jitBody("TAKEN", "linux"), 409},
		{"a name that is taken elsewhere is free here", "/repos/acme/widgets", jitBody("taken", "linux"), 201},
		{"a name of 65 characters is refused", "/orgs/acme", jitBody(strings.Repeat("n", 65), "linux"), 422},
		{"an unknown group is not found", "/orgs/acme", map[string]any{"name": "new", "runner_group_id": 9, "labels": []string{"x"}}, 404},
		{"another account is not found", "/orgs/other", jitBody("new", "linux"), 404},
		{"a person's repository is not this installation's", "/repos/mona/toys", jitBody("new", "linux"), 404},
		{"an unknown repository is not found", "/repos/acme/none", jitBody("new", "linux"), 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, nil)
			s.mint("taken", "linux")
			s.call("POST", tt.at+"/actions/runners/generate-jitconfig", tt.body, tt.want, nil)
		})
	}
}

func TestAnInvalidJITRequestIsRefused(t *testing.T) {
	for name, body := range map[string]map[string]any{
		"null labels":     {"name": "new", "runner_group_id": 1, "labels": nil},
		"no labels":       {"name": "new", "runner_group_id": 1, "labels": []string{}},
		"101 labels":      jitBody("new", slices.Repeat([]string{"l"}, 101)...),
		"a missing group": {"name": "new", "labels": []string{"linux"}},
		"a missing name":  {"runner_group_id": 1, "labels": []string{"linux"}},
	} {
		t.Run(name, func(t *testing.T) {
			newSim(t, nil).wrong("POST", "/orgs/acme/actions/runners/generate-jitconfig", body, 422)
		})
	}
}

func TestAJITConfigHasTheFormOfTheRealThing(t *testing.T) {
	s := newSim(t, nil)
	minted := s.mint("rf-acme-i-0123456789abcdef0-1", "self-hosted", "linux", "arm64")
	if n := len(minted.Config); n < 3_000 || n > 4_500 {
		t.Errorf("config has %d characters", n)
	}
	outer, err := base64.StdEncoding.DecodeString(minted.Config)
	s.must(err)
	if n := len(outer); n > 4_096 {
		t.Errorf("decoded config has %d bytes, which is more than a standard parameter holds", n)
	}
	var files map[string][]byte
	s.must(json.Unmarshal(outer, &files))
	var got []string
	for _, name := range []string{".runner", ".credentials", ".credentials_rsaparams"} {
		if json.Valid(files[name]) {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff([]string{".runner", ".credentials", ".credentials_rsaparams"}, got); diff != "" || len(files) != 3 {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	var runner struct{ AgentId, AgentName string }
	s.must(json.Unmarshal(files[".runner"], &runner))
	if runner.AgentId != fmt.Sprint(minted.Runner.ID) || runner.AgentName != "rf-acme-i-0123456789abcdef0-1" {
		t.Errorf(".runner says %+v", runner)
	}
}

func TestAConfigConnectsOnceWhileItsRunnerIsRegistered(t *testing.T) {
	s := newSim(t, nil)
	minted := s.mint("one", "linux")
	if _, err := s.Connect(minted.Config); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Connect(minted.Config); !errors.Is(err, githubsim.ErrConnected) {
		t.Errorf("second machine with this config: %v", err)
	}
	s.call("DELETE", fmt.Sprintf("/orgs/acme/actions/runners/%d", minted.Runner.ID), nil, 204, nil)
	if _, err := s.Connect(minted.Config); !errors.Is(err, githubsim.ErrGone) {
		t.Errorf("after the delete: %v", err)
	}
	if _, err := s.Connect("bm9uc2Vuc2U="); err == nil {
		t.Error("nonsense connects")
	}
}

func TestWhenGitHubLetsGoOfRunners(t *testing.T) {
	s := newSim(t, nil)
	s.mint("never connected", "a")
	s.connected("idle", "b")
	deleted := s.connected("deleted", "c")
	s.connected("used", "linux")
	s.queued(githubsim.JobSpec{Labels: []string{"linux"}, Duration: time.Minute})
	s.run(30 * time.Second)
	s.call("DELETE", fmt.Sprintf("/orgs/acme/actions/runners/%d", deleted), nil, 204, nil)
	s.run(10 * time.Minute)
	if diff := cmp.Diff([]string{"3 deleted", "4 job done", "2 idle"}, s.released); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if n := len(s.Runners()); n != 1 {
		t.Errorf("%d runners are left, want the one that never connected", n)
	}
	s.run(24 * time.Hour)
	if n := len(s.Runners()); n != 0 {
		t.Errorf("%d runners are left after a day", n)
	}
}

func TestABusyRunnerIsNotDeleted(t *testing.T) {
	s := newSim(t, nil)
	id := s.connected("one", "self-hosted", "linux")
	s.queued(githubsim.JobSpec{})
	s.run(time.Minute)
	var refused struct{ Message string }
	s.call("DELETE", fmt.Sprintf("/orgs/acme/actions/runners/%d", id), nil, 422, &refused)
	if want := `Bad request - Runner "one" is still running a job"`; refused.Message != want {
		t.Errorf("message %q, want %q", refused.Message, want)
	}
}

func TestRunnersAreListedByPageAndByName(t *testing.T) {
	s := newSim(t, nil)
	for i := range 7 {
		s.mint(fmt.Sprint("r", i), "linux")
	}
	type list struct {
		Total   int `json:"total_count"`
		Runners []struct{ Name string }
	}
	var page list
	s.call("GET", "/orgs/acme/actions/runners?page=400000000000000000", nil, 200, nil)
	h := s.call("GET", "/orgs/acme/actions/runners?per_page=3&page=2", nil, 200, &page)
	if diff := cmp.Diff(list{7, []struct{ Name string }{{"r3"}, {"r4"}, {"r5"}}}, page); diff != "" {
		t.Errorf("page 2 (-want +got):\n%s", diff)
	}
	for _, want := range []string{`page=3&per_page=3>; rel="next"`, `page=1&per_page=3>; rel="prev"`, `page=3&per_page=3>; rel="last"`} {
		if !strings.Contains(h.Get("Link"), want) {
			t.Errorf("Link %q lacks %q", h.Get("Link"), want)
		}
	}
	s.call("GET", "/orgs/acme/actions/runners?name=r6", nil, 200, &page)
	if page.Total != 1 || page.Runners[0].Name != "r6" {
		t.Errorf("by name: %+v", page)
	}
}
