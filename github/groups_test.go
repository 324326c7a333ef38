package github_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func minting(t *testing.T) (r *rig, lists func() int, mint func(group string) error) {
	r = rigged(t)
	r.on("POST /orgs/acme/actions/runners/generate-jitconfig", 201, `{"runner":{"id":23},"encoded_jit_config":"eyJ"}`)
	lists = func() int {
		r.wire.mu.Lock()
		defer r.wire.mu.Unlock()
		return strings.Count(strings.Join(r.wire.asked, " "), "runner-groups")
	}
	mint = func(group string) error {
		_, _, err := r.Mint(t.Context(), fleet.Mint{Scope: acme, Group: group, Labels: "linux"}, "rf-1")
		return err
	}
	return r, lists, mint
}

func TestGroupsAreReadOnceForManyMints(t *testing.T) {
	r, lists, mint := minting(t)
	r.on("GET /orgs/acme/actions/runner-groups", 200, groupList)
	var wg sync.WaitGroup
	for _, name := range []string{"", "big", "Default", "", "big"} {
		wg.Go(func() {
			if err := mint(name); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if lists() != 1 {
		t.Errorf("groups were read %d times", lists())
	}
}

func TestAnUnknownGroupIsLookedForOnceAMinute(t *testing.T) {
	r, lists, mint := minting(t)
	list := groupList
	r.mux.HandleFunc("GET /orgs/acme/actions/runner-groups", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, list)
	})
	for range 3 {
		err := mint("tiny")
		want := `mint runner rf-1 in acme: configuration refused: no runner group "tiny" in acme; there are: Default, big`
		if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
	}
	list = `{"runner_groups":[{"id":9,"name":"tiny"}]}`
	r.now = noon.Add(59 * time.Second)
	if err := mint("tiny"); meaning(err) != "config" || lists() != 1 {
		t.Errorf("within the minute: %v, %d lists", err, lists())
	}
	r.now = noon.Add(time.Minute)
	if err := mint("tiny"); err != nil || lists() != 2 {
		t.Errorf("after the minute: %v, %d lists", err, lists())
	}
}

func TestGroupsAreReadAgainAfterGitHubRefusedAMint(t *testing.T) {
	r := rigged(t)
	lists, id := 0, 4
	r.mux.HandleFunc("GET /orgs/acme/actions/runner-groups", func(w http.ResponseWriter, _ *http.Request) {
		lists++
		reply(w, http.StatusOK, fmt.Sprintf(`{"runner_groups":[{"id":%d,"name":"big"}]}`, id))
	})
	r.on("POST /orgs/", 404, `{"message":"Not Found"}`)
	for range 3 {
		if _, _, err := r.Mint(t.Context(), fleet.Mint{Scope: acme, Group: "big", Labels: "x"}, "rf-1"); meaning(err) != "config" {
			t.Error(err)
		}
		r.now = r.now.Add(40 * time.Second)
	}
	if lists != 2 {
		t.Errorf("groups were read %d times, want 2", lists)
	}
}

func TestGroupsAreListedToTheLastPage(t *testing.T) {
	r, lists, mint := minting(t)
	r.mux.HandleFunc("GET /orgs/acme/actions/runner-groups", func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("page") == "1" {
			reply(w, http.StatusOK, groupList, "Link", `<https://api.github.com/x?page=2>; rel="next"`)
			return
		}
		reply(w, http.StatusOK, `{"runner_groups":[{"id":9,"name":"tiny"}]}`)
	})
	if err := mint("tiny"); err != nil || lists() != 2 {
		t.Errorf("%v after %d pages", err, lists())
	}
}

func TestAGroupListThatFailsFailsTheMint(t *testing.T) {
	r, _, mint := minting(t)
	status := 502
	r.mux.HandleFunc("GET /orgs/acme/actions/runner-groups", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, status, `{}`)
	})
	for _, tt := range []struct {
		status int
		want   string
	}{{502, "unknown"}, {429, "throttled"}, {403, "config"}} {
		status = tt.status
		if err := mint(""); meaning(err) != tt.want {
			t.Errorf("%d: %v", status, err)
		}
	}
	status = 200
	if err := mint(""); meaning(err) != "config" {
		t.Errorf("no default group: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := r.Mint(ctx, fleet.Mint{Scope: acme, Labels: "x"}, "rf-1"); err == nil {
		t.Error("a mint without time is no error")
	}
}
