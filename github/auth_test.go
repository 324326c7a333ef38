package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	key := privateKey(t)
	for name, tt := range map[string]struct {
		cfg  github.Config
		want string
	}{
		"a key that is no key": {github.Config{AppID: 3, PrivateKeys: [][]byte{[]byte("hunter2")}},
			"private key of GitHub App 3: not an RSA key in PEM form (7 bytes)"},
		"no key": {github.Config{AppID: 3},
			"private keys of GitHub App 3: 0, want one, or two while rotating"},
		"three keys": {github.Config{AppID: 3, PrivateKeys: [][]byte{key, key, key}},
			"private keys of GitHub App 3: 3, want one, or two while rotating"},
		"a second key that is no key": {github.Config{AppID: 3, PrivateKeys: [][]byte{key, []byte("hunter2")}},
			"private key 2 of GitHub App 3: not an RSA key in PEM form (7 bytes)"},
		"a torn key": {github.Config{AppID: 3, PrivateKeys: [][]byte{key[:len(key)/2]}},
			fmt.Sprintf("private key of GitHub App 3: not an RSA key in PEM form (%d bytes)", len(key)/2)},
		"no App": {github.Config{PrivateKeys: [][]byte{key}}, "GitHub App id 0: want a positive number"},
		"a base URL without a host": {github.Config{AppID: 3, PrivateKeys: [][]byte{key}, BaseURL: "api.github.com"},
			"GitHub base URL: want https://host or https://host/path"},
		"a base URL with a password": {github.Config{AppID: 3, PrivateKeys: [][]byte{key}, BaseURL: "https://a:hunter2@host"},
			"GitHub base URL: want https://host or https://host/path"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := github.New(tt.cfg)
			if diff := cmp.Diff(tt.want, fmt.Sprint(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryRequestGoesBelowTheBaseURL(t *testing.T) {
	for name, tt := range map[string]struct{ base, want string }{
		"github.com if nothing is said":                {"", "https://api.github.com"},
		"a host of its own with data residency":        {"https://api.acme.ghe.com", "https://api.acme.ghe.com"},
		"a server of one's own, with its path":         {"https://github.acme.example/api/v3", "https://github.acme.example/api/v3"},
		"a server of one's own, with a slash to spare": {"https://github.acme.example/api/v3/", "https://github.acme.example/api/v3"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			var got []string
			r.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				got = append(got, req.URL.String())
				if strings.HasSuffix(req.URL.Path, "/access_tokens") {
					reply(w, http.StatusCreated, fmt.Sprintf(`{"token":"ghs_7","expires_at":%q}`, time.Now().Add(time.Hour).Format(time.RFC3339)))
					return
				}
				reply(w, http.StatusNoContent, "")
			})
			cfg := r.config(t)
			cfg.BaseURL = tt.base
			if err := client(t, cfg).Remove(t.Context(), acme, 11); err != nil {
				t.Fatal(err)
			}
			want := []string{tt.want + "/app/installations/7/access_tokens", tt.want + "/orgs/acme/actions/runners/11"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAClientNeverPrintsItsKey(t *testing.T) {
	c := client(t, github.Config{AppID: 1, PrivateKeys: [][]byte{privateKey(t)}})
	text := fmt.Sprintf("%+v %#v", c, c)
	for _, leak := range []string{"BEGIN", "45, 45, 45, 45, 45", "0x2d, 0x2d, 0x2d"} {
		if strings.Contains(text, leak) {
			t.Errorf("a printed Client holds %q", leak)
		}
	}
}

func TestEachInstallationSignsWithItsOwnToken(t *testing.T) {
	r := rigged(t)
	var mu sync.Mutex
	got := map[string]string{}
	r.mux.HandleFunc("DELETE /", func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[req.URL.Path] = req.Header.Get("Authorization")
		w.WriteHeader(http.StatusNoContent)
	})
	var wg sync.WaitGroup
	for range 8 {
		for _, s := range []fleet.Scope{acme, alice} {
			wg.Go(func() {
				if err := r.Remove(t.Context(), s, 11); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	want := map[string]string{
		"/orgs/acme/actions/runners/11":         "token ghs_7",
		"/repos/alice/tools/actions/runners/11": "token ghs_8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("signatures (-want +got):\n%s", diff)
	}
	if r.wire.tokens != 2 {
		t.Errorf("%d token requests, want 2", r.wire.tokens)
	}
}

func TestNamesThatWouldLeaveTheirPathAreRefused(t *testing.T) {
	r := rigged(t)
	for _, name := range []string{"", ".", "..", "a/b", "a b", "a?b", "a#b", "a%2fb", "ä", "a\n"} {
		for _, err := range []error{
			r.Remove(t.Context(), fleet.Scope{Installation: 7, Owner: name}, 11),
			r.Remove(t.Context(), fleet.Scope{Installation: 7, Owner: name, Repo: "tools"}, 11),
			func() error {
				_, err := r.Job(t.Context(), fleet.Job{Repo: "acme/" + name, Class: fleet.Class{Scope: acme}})
				return err
			}(),
		} {
			if !errors.Is(err, fleet.ErrConfig) {
				t.Errorf("%q: %v, want %v", name, err, fleet.ErrConfig)
			}
		}
	}
	if err := r.Remove(t.Context(), fleet.Scope{Owner: "acme"}, 11); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("no installation: %v", err)
	}
	if len(r.wire.asked)+r.wire.tokens != 0 {
		t.Errorf("asked %v", r.wire.asked)
	}
}

func TestRedirectsStayOnTheHostAndKeepTheMethod(t *testing.T) {
	r := rigged(t)
	const job = `{"id":5,"status":"queued"}`
	for from, to := range map[string]string{
		"GET /repos/alice/tools/actions/jobs/5":     "https://api.github.com/repositories/9/actions/jobs/5",
		"GET /repos/alice/tools/actions/runners":    "https://evil.example/steal",
		"DELETE /repos/alice/tools/actions/runners": "",
	} {
		r.on(from, http.StatusMovedPermanently, `{"message":"Moved Permanently"}`, "Location", to)
	}
	r.on("DELETE /repos/alice/tools/actions/runners/11", http.StatusMovedPermanently,
		`{"message":"Moved Permanently"}`, "Location", "https://api.github.com/repositories/9/runners/11")
	r.on("GET /repositories/9/actions/jobs/5", http.StatusOK, job)
	r.on("GET /repositories/9/runners/11", http.StatusOK, `{}`)
	r.on("GET /steal", http.StatusOK, `{}`)
	calls := r.calls()
	if err := calls["job"](t.Context()); err != nil {
		t.Errorf("a renamed repository is not followed: %v", err)
	}
	if err := calls["runners"](t.Context()); err == nil {
		t.Error("a token was sent to another host")
	}
	if err := calls["remove"](t.Context()); err == nil {
		t.Error("a DELETE that became a GET reads as deleted")
	}
}

func TestEachRequestHasADeadline(t *testing.T) {
	r := rigged(t)
	var left []time.Duration
	r.mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		end, ok := req.Context().Deadline()
		if !ok {
			t.Errorf("%s has no deadline", req.URL.Path)
		}
		left = append(left, time.Until(end))
		reply(w, http.StatusNotFound, `{}`)
	})
	for _, call := range r.calls() {
		_ = call(context.Background())
	}
	if _, _, err := r.Lost(context.Background(), noon); err == nil {
		t.Error("a list that is not there is no error")
	}
	for _, d := range left {
		if d <= 0 || d > 30*time.Second {
			t.Errorf("%s left, want 30 s at most", d)
		}
	}
	if len(left) != 6 {
		t.Errorf("%d requests, want 6", len(left))
	}
}
