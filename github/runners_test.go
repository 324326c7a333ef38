package github_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

const groupList = `{"total_count":3,"runner_groups":[null,{"id":1,"name":"Default","default":true},{"id":4,"name":"big","default":false}]}`

func TestMintRegistersAllLabelsOfThePool(t *testing.T) {
	const made = `{"runner":{"id":23,"name":"rf-1","status":"offline","busy":false},"encoded_jit_config":"eyJjb25maWc="}`
	for name, tt := range map[string]struct {
		mint fleet.Mint
		path string
		body map[string]any
	}{
		"in an organisation's default group": {fleet.Mint{Scope: acme, Labels: fleet.NewLabels("self-hosted", "Linux", "arm64")},
			"POST /orgs/acme/actions/runners/generate-jitconfig",
			map[string]any{"name": "rf-1", "runner_group_id": 1.0, "work_folder": "_work", "labels": []any{"arm64", "linux", "self-hosted"}}},
		"in a group by name": {fleet.Mint{Scope: acme, Group: "big", Labels: "gpu"},
			"POST /orgs/acme/actions/runners/generate-jitconfig",
			map[string]any{"name": "rf-1", "runner_group_id": 4.0, "work_folder": "_work", "labels": []any{"gpu"}}},
		"in a repository, which has only group 1": {fleet.Mint{Scope: alice, Group: "big", Labels: "gpu"},
			"POST /repos/alice/tools/actions/runners/generate-jitconfig",
			map[string]any{"name": "rf-1", "runner_group_id": 1.0, "work_folder": "_work", "labels": []any{"gpu"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			var body map[string]any
			r.on("GET /orgs/acme/actions/runner-groups", 200, groupList)
			r.mux.HandleFunc(tt.path, func(w http.ResponseWriter, req *http.Request) {
				if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
					t.Error(err)
				}
				reply(w, http.StatusCreated, made)
			})
			id, config, err := r.Mint(t.Context(), tt.mint, "rf-1")
			if id != 23 || config != "eyJjb25maWc=" || err != nil {
				t.Errorf("minted %d %q %v", id, config, err)
			}
			if diff := cmp.Diff(tt.body, body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMintWithoutLabelsIsRefusedBeforeItIsSent(t *testing.T) {
	r := rigged(t)
	_, _, err := r.Mint(t.Context(), fleet.Mint{Scope: acme}, "rf-1")
	if diff := cmp.Diff("mint runner rf-1 in acme: configuration refused: no labels", fmt.Sprint(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if len(r.wire.asked) != 0 {
		t.Errorf("asked %v", r.wire.asked)
	}
}

// listed answers pages of n runners with the Link header of GitHub's.
func listed(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		page, size := 0, 0
		_, _ = fmt.Sscan(req.URL.Query().Get("page")+" "+req.URL.Query().Get("per_page"), &page, &size)
		var items []string
		for i := (page - 1) * size; i < min(page*size, n); i++ {
			items = append(items, fmt.Sprintf(`{"id":%d,"name":"rf-%d","status":"online","busy":%t}`, i+1, i+1, i%2 == 0))
		}
		if page*size < n {
			w.Header().Set("Link", fmt.Sprintf(`<https://api.github.com/x?page=%d>; rel="next"`, page+1))
		}
		reply(w, http.StatusOK, fmt.Sprintf(`{"total_count":%d,"runners":[%s]}`, n, strings.Join(items, ",")))
	}
}

func TestRunnersAreListedToTheLastPage(t *testing.T) {
	for _, s := range []fleet.Scope{acme, alice} {
		r := rigged(t)
		r.mux.HandleFunc("GET /orgs/acme/actions/runners", listed(250))
		r.mux.HandleFunc("GET /repos/alice/tools/actions/runners", listed(250))
		runners, err := r.Runners(t.Context(), s, "rf-")
		if err != nil || len(runners) != 250 || len(r.wire.asked) != 3 {
			t.Errorf("%d runners in %d pages, %v", len(runners), len(r.wire.asked), err)
		}
		want := fleet.Runner{Name: "rf-249", ID: 249, Scope: s, Online: true, Busy: true}
		if diff := cmp.Diff(want, runners[248]); diff != "" {
			t.Errorf("runner (-want +got):\n%s", diff)
		}
	}
}

func TestRunnersOfOthersAreNotListed(t *testing.T) {
	r := rigged(t)
	r.on("GET /orgs/acme/actions/runners", 200, `{"total_count":5,"runners":[null,
		{"id":1,"name":"laptop","status":"online","busy":false},
		{"id":2,"name":"rf-a-1","status":"offline","busy":true},
		{"id":3,"name":"rf-b-1","status":"online","busy":false},
		{"id":2,"name":"rf-a-1","status":"offline","busy":true}]}`)
	got, err := r.Runners(t.Context(), acme, "rf-a-")
	want := []fleet.Runner{{Name: "rf-a-1", ID: 2, Scope: acme, Busy: true}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, runners (-want +got):\n%s", err, diff)
	}
}

func TestAListThatBreaksOffIsNoList(t *testing.T) {
	r := rigged(t)
	r.mux.HandleFunc("GET /orgs/acme/actions/runners", func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("page") == "2" {
			reply(w, http.StatusBadGateway, "")
			return
		}
		listed(150)(w, req)
	})
	got, err := r.Runners(t.Context(), acme, "")
	if got != nil || meaning(err) != "unknown" {
		t.Errorf("%d runners, %v", len(got), err)
	}
	r.mux.HandleFunc("GET /repos/", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, `{"runners":[]}`, "Link", `<https://api.github.com/x?page=1>; rel="next"`)
	})
	_, err = r.Runners(t.Context(), alice, "")
	if diff := cmp.Diff("list runners of alice/tools: page 1 is followed by page 1", fmt.Sprint(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}
