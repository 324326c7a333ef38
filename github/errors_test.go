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
)

// meaning names what the reconciler would find in an error.
func meaning(err error) string {
	if err == nil {
		return "nothing"
	}
	var found []string
	for name, target := range map[string]error{
		"unknown": fleet.ErrUnknownOutcome, "throttled": fleet.ErrThrottled, "taken": fleet.ErrTaken,
		"busy": fleet.ErrBusy, "absent": fleet.ErrAbsent, "config": fleet.ErrConfig,
	} {
		if errors.Is(err, target) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return "error"
	}
	return strings.Join(found, "+")
}

func (r *rig) meanings(ctx context.Context) map[string]string {
	got := map[string]string{}
	for name, do := range r.calls() {
		got[name] = meaning(do(ctx))
	}
	return got
}

func all(mint, remove, runners, job, rerun string) map[string]string {
	return map[string]string{"mint": mint, "remove": remove, "runners": runners, "job": job, "rerun": rerun}
}

func TestEveryAnswerHasOneMeaning(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   map[string]string
	}{
		"not found":           {404, `{"message":"Not Found"}`, all("config", "absent", "config", "absent", "config")},
		"forbidden":           {403, `{"message":"Resource not accessible by integration"}`, all("config", "config", "config", "config", "config")},
		"unprocessable":       {422, `{"message":"Bad request"}`, all("config", "busy", "config", "config", "config")},
		"conflict":            {409, `{"message":"Already exists"}`, all("taken", "error", "error", "error", "error")},
		"bad gateway":         {502, `<html>`, all("unknown", "unknown", "unknown", "unknown", "unknown")},
		"bad credentials":     {401, `{}`, all("error", "error", "error", "error", "error")},
		"bad request":         {400, `{}`, all("error", "error", "error", "error", "error")},
		"accepted":            {202, `{}`, all("unknown", "unknown", "unknown", "unknown", "unknown")},
		"an answer cut short": {201, `{"runner":`, all("unknown", "unknown", "unknown", "unknown", "unknown")},
		"an empty answer":     {201, ``, all("unknown", "unknown", "nothing", "unknown", "unknown")},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			r.on("/repos/", tt.status, tt.body)
			if diff := cmp.Diff(tt.want, r.meanings(t.Context())); diff != "" {
				t.Errorf("meanings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARefusedTokenIsNeverAboutARunnerOrJob(t *testing.T) {
	for status, want := range map[int]string{401: "config", 403: "config", 404: "config", 422: "config", 500: "unknown", 302: "unknown"} {
		r := rigged(t)
		r.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			reply(w, status, `{"message":"Not Found"}`)
		})
		if diff := cmp.Diff(all(want, want, want, want, want), r.meanings(t.Context())); diff != "" {
			t.Errorf("%d (-want +got):\n%s", status, diff)
		}
	}
}

func TestWithoutAnAnswerTheOutcomeIsUnknown(t *testing.T) {
	r := rigged(t)
	r.mux.HandleFunc("/repos/", func(http.ResponseWriter, *http.Request) {
		panic(errors.New("connection reset while sending ghs_1_aaaa.bbbb-cccc.dddd"))
	})
	for name, do := range r.calls() {
		err := do(t.Context())
		if meaning(err) != "unknown" || strings.Contains(err.Error(), "bbbb") || !strings.Contains(err.Error(), "connection reset") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, do := range r.calls() {
		if err := do(ctx); meaning(err) != "unknown" || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsSayWhatWasAskedAndWhatGitHubSaid(t *testing.T) {
	r := rigged(t)
	r.on("DELETE /", 422, `{"message":"Bad request - Runner \"rf-1\" is still running a job\""}`)
	r.on("GET /orgs/acme/actions/runners", 400, `{"message":"Validation failed","errors":[{"resource":"Runner","field":"page","code":"invalid"},"odd"]}`)
	_, list := r.Runners(t.Context(), acme, "")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{r.Remove(t.Context(), acme, 11), `remove runner 11 from acme: runner is busy: 422 Bad request - Runner "rf-1" is still running a job"`},
		{r.Remove(t.Context(), acme, 0), `remove runner 0 from acme: no such number`},
		{list, `list runners of acme: 400 Validation failed Runner page invalid odd`},
	} {
		if diff := cmp.Diff(tt.want, fmt.Sprint(tt.err)); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
	}
}

func TestAMissingPermissionIsNamedInTheLog(t *testing.T) {
	r := rigged(t)
	r.on("POST /repos/", 403, `{"message":"Resource not accessible by integration"}`,
		"X-Accepted-GitHub-Permissions", "administration=write")
	_, _, err := r.Mint(t.Context(), fleet.Mint{Scope: alice, Labels: "linux"}, "rf-1")
	if meaning(err) != "config" {
		t.Error(err)
	}
	if text := r.log.String(); !strings.Contains(text, `needs="administration=write"`) || !strings.Contains(text, "installation=8") {
		t.Errorf("log is %s", text)
	}
}

func TestSecretsNeverReachAnErrorOrALog(t *testing.T) {
	for _, secret := range []string{
		"ghs_16C7e42F292c6912E7710c838347Ae178B4a",
		"ghs_1234_eyJhbGciOi.eyJpc3M-iOi_.c2lnbmF0dXJl",
		"github_pat_11AAAAAAA0_abcdefgh",
		"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln",
		"eyIucnVubmVyIjoiZXlKd2IyOXNTV1FpT2pFPSJ9==",
	} {
		for _, around := range []string{"%s", "token=%s", "(%s)", "é %s, and more", `a "%s"`} {
			r := rigged(t)
			text := fmt.Sprintf(around, secret)
			r.mux.HandleFunc("/repos/", func(http.ResponseWriter, *http.Request) { panic(errors.New(text)) })
			err := r.Remove(t.Context(), alice, 11)
			if strings.Contains(err.Error(), secret[len(secret)/2:]) || !strings.Contains(err.Error(), "[redacted]") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	r := rigged(t)
	r.on("POST /repos/", 422, `{"message":"no: eyJhbGciOiJSUzI1NiJ9aaaaaaaaaaaa `+strings.Repeat("long ", 999)+`"}`)
	_, _, err := r.Mint(t.Context(), fleet.Mint{Scope: alice, Labels: "linux"}, "rf-1")
	if text := err.Error(); len(text) > 700 || strings.Contains(text, "eyJ") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}
