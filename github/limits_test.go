package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

const secondary = `{"message":"You have exceeded a secondary rate limit. ghs_1_abc.def-ghi.jkl",` +
	`"documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`

func TestLimitsOfGitHubBecomeLimitsOfOurs(t *testing.T) {
	in := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	const primary = `{"message":"API rate limit exceeded for installation ID 8."}`
	for name, tt := range map[string]struct {
		status int
		body   string
		header []string
		want   time.Duration // 0: not a limit
	}{
		"403 with nothing left": {403, primary,
			[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20 * time.Minute)}, 20 * time.Minute},
		"429 with nothing left": {429, primary,
			[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20 * time.Minute)}, 20 * time.Minute},
		"a reset by GitHub's own clock": {403, primary, []string{"X-RateLimit-Remaining", "0",
			"X-RateLimit-Reset", in(20 * time.Minute), "Date", noon.Add(5 * time.Minute).Format(http.TimeFormat)}, 15 * time.Minute},
		"retry-after wins over the reset": {403, secondary,
			[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20 * time.Minute), "Retry-After", "17"}, 17 * time.Second},
		"retry-after as an instant": {429, `{}`,
			[]string{"Retry-After", noon.Add(90 * time.Second).Format(http.TimeFormat)}, 90 * time.Second},
		"a secondary limit does not wait for the primary one's reset": {403, secondary,
			[]string{"X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", in(50 * time.Minute)}, time.Minute},
		"a secondary limit by its text alone":  {403, `{"message":"You have exceeded a secondary rate limit"}`, nil, time.Minute},
		"a secondary limit by its link alone":  {403, `{"documentation_url":"https://docs.github.com/x#abuse-rate-limits"}`, nil, time.Minute},
		"a bare 429 from something in between": {429, `<html>slow down</html>`, nil, time.Minute},
		"a reset that has passed":              {403, primary, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(-time.Hour)}, time.Second},
		"a wait longer than any limit lasts":   {403, primary, []string{"Retry-After", "86400"}, time.Hour},
		"a refusal is no limit":                {403, `{"message":"Resource not accessible by integration"}`, []string{"X-RateLimit-Remaining", "7"}, 0},
		"a conflict on the last call allowed":  {409, `{}`, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(time.Hour)}, 0},
		"a 503 that names a time":              {503, `{}`, []string{"Retry-After", "10"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			r.on("/repos/", tt.status, tt.body, tt.header...)
			for call, do := range r.calls() {
				err := do(t.Context())
				var limit *fleet.LimitedError
				if !errors.As(err, &limit) {
					limit = &fleet.LimitedError{}
				}
				if limit.For != tt.want || tt.want > 0 && limit.Installation != 8 {
					t.Errorf("%s: %v, want a limit of %s", call, err, tt.want)
				}
				if errors.Is(err, fleet.ErrThrottled) != (tt.want > 0) || tt.want > 0 && errors.Is(err, fleet.ErrConfig) {
					t.Errorf("%s: %v has a wrong meaning", call, err)
				}
			}
		})
	}
}

func TestALimitOnTheTokenRequestIsALimitOfTheInstallation(t *testing.T) {
	for _, status := range []int{403, 429} {
		r := rigged(t)
		r.wire.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			reply(w, status, secondary, "Retry-After", "30")
		})
		for call, do := range r.calls() {
			want := &fleet.LimitedError{Installation: 8, For: 30 * time.Second,
				Text: "You have exceeded a secondary rate limit. [redacted]"}
			var got *fleet.LimitedError
			errors.As(do(t.Context()), &got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s at %d (-want +got):\n%s", call, status, diff)
			}
		}
	}
}

func TestALimitOnTheAppItselfNamesNoInstallation(t *testing.T) {
	r := rigged(t)
	r.on("GET /app/hook/deliveries", 429, `{}`, "Retry-After", "5")
	_, _, err := r.Lost(t.Context(), noon)
	var got *fleet.LimitedError
	errors.As(err, &got)
	want := &fleet.LimitedError{For: 5 * time.Second, Text: "Too Many Requests"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("limit (-want +got):\n%s", diff)
	}
}

func TestAfterAnyAnswerTheNextCallIsReallyMade(t *testing.T) {
	// v57 judges by the real clock, so the reset is far ahead of it.
	rest := []string{"X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0",
		"X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)}
	for _, status := range []int{204, 403, 404, 422, 429, 500} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			r := rigged(t)
			r.on("DELETE /", status, secondary, rest...)
			for range 3 {
				_ = r.Remove(t.Context(), acme, 11)
			}
			if n := len(r.wire.asked); n != 3 {
				t.Errorf("%d calls reached GitHub, want 3", n)
			}
		})
	}
}

// limitOf is the limit that an error tells of.
func limitOf(t *testing.T, err error) fleet.LimitedError {
	t.Helper()
	var limit *fleet.LimitedError
	if !errors.As(err, &limit) {
		t.Fatalf("%v is no limit", err)
	}
	return *limit
}
