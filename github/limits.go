package github

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const (
	// GitHub asks for at least a minute where it names no time.
	usualPause = time.Minute
	// A primary limit refills within the hour; whatever is longer is a
	// mistake of somebody's clock.
	longestPause = time.Hour
	// refusalSize is what is kept of an answer that is no success.
	refusalSize = 64 << 10
)

// limits is a RoundTripper below go-github and ghinstallation. It turns
// GitHub's limit answers into a *fleet.LimitedError, which every layer above
// hands up unchanged. The rate headers of all other answers go to the meters
// and no further.
type limits struct {
	next   http.RoundTripper
	of     fleet.Meter // App, Installation and Account are set
	meters *meters
	now    func() time.Time
}

// RoundTrip sends a request.
func (l *limits) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		body, err := keepBody(resp)
		if err != nil {
			return nil, fmt.Errorf("read refusal: %w", err)
		}
		if limited(resp, body) {
			return nil, l.refused(resp, body)
		}
	}
	l.meters.note(l.seen(), resp.Header)
	// With a remaining count of zero, v57 would refuse every later call by
	// itself until the real time of the reset: after the last call that was
	// still allowed, too.
	resp.Header = resp.Header.Clone()
	for _, h := range []string{"Limit", "Remaining", "Used", "Reset", "Resource"} {
		resp.Header.Del("X-Ratelimit-" + h)
	}
	return resp, nil
}

// refused is the limit that an answer tells of. A primary one is of what it
// counts, and the meter has it; any other stops the whole installation.
func (l *limits) refused(resp *http.Response, body []byte) error {
	e := &fleet.LimitedError{Installation: l.of.Installation, For: l.pause(resp.Header), Text: refusal(resp, body)}
	l.meters.note(l.seen(), resp.Header)
	if resp.Header.Get("X-Ratelimit-Remaining") == "0" && !secondary(body) {
		e.Resource = resp.Header.Get("X-Ratelimit-Resource")
	}
	if e.Resource == "" {
		l.meters.pause(l.seen(), e.For)
	}
	return e
}

func (l *limits) seen() fleet.Meter {
	m := l.of
	m.SeenAt = l.now()
	return m
}

// keepBody reads the body of a refusal and puts a copy in its place, because
// ghinstallation leaves the body of a refused token request open.
func keepBody(resp *http.Response) ([]byte, error) {
	if resp.Body == nil {
		return nil, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, refusalSize))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

// limited tells a limit from other refusals. GitHub answers 403 or 429 for
// its primary and its secondary limits alike.
func limited(resp *http.Response, body []byte) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
	default:
		return false
	}
	if resp.Header.Get("X-Ratelimit-Remaining") == "0" || resp.Header.Get("Retry-After") != "" {
		return true
	}
	return secondary(body) || bytes.Contains(bytes.ToLower(body), []byte("api rate limit exceeded"))
}

// secondary tells a secondary limit by GitHub's words for it.
func secondary(body []byte) bool {
	text := strings.ToLower(string(body))
	for _, sign := range []string{"secondary rate limit", "abuse detection", "secondary-rate-limits", "#abuse-rate-limits"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// pause is how long GitHub wants us to wait. The reset header counts only
// when nothing remains: a secondary limit carries the primary one's reset,
// which may be an hour off.
func (l *limits) pause(h http.Header) time.Duration {
	at := sentAt(h, l.now()) // the reset is by GitHub's clock
	wait := usualPause
	if after, ok := retryAfter(h.Get("Retry-After"), at); ok {
		wait = after
	} else if reset, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil &&
		h.Get("X-Ratelimit-Remaining") == "0" {
		wait = time.Unix(reset, 0).Sub(at)
	}
	return min(max(wait, time.Second), longestPause)
}

// retryAfter reads both forms that HTTP allows: seconds, and an instant.
func retryAfter(s string, at time.Time) (time.Duration, bool) {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return time.Duration(n) * time.Second, true
	}
	if t, err := http.ParseTime(s); err == nil {
		return t.Sub(at), true
	}
	return 0, false
}

// refusal is GitHub's own text, or the status where it sent no JSON.
func refusal(resp *http.Response, body []byte) string {
	var said struct {
		Message string `json:"message"`
	}
	// A proxy's page is no JSON; the status says enough then.
	_ = json.Unmarshal(body, &said)
	return clean(cmp.Or(said.Message, http.StatusText(resp.StatusCode)))
}
