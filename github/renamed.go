package github

import (
	"net/http"
	"strings"
	"sync"

	"github.com/runfleet/runfleet/fleet"
)

// logins are the names that accounts have by now, by installation. GitHub leads
// from the old name of a repository to the new one, and from that of an
// organisation nowhere. It is safe for concurrent use.
type logins struct {
	mu  sync.Mutex
	now map[int64]string
}

func (l *logins) learn(all []fleet.Installation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = make(map[int64]string, len(all))
	for _, in := range all {
		l.now[in.ID] = in.Account
	}
}

func (l *logins) of(installation int64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now[installation]
}

// renamed is a RoundTripper that puts an account's name of today into paths:
// jobs, machines and registrations keep the one they came with.
type renamed struct {
	next         http.RoundTripper
	logins       *logins
	installation int64
	below        string // path of the API itself, with a slash at its end
}

// RoundTrip sends a request to where its account is now.
func (r *renamed) RoundTrip(req *http.Request) (*http.Response, error) {
	rest, ok := strings.CutPrefix(req.URL.Path, r.below)
	parts := strings.SplitN(rest, "/", 3)
	login := r.logins.of(r.installation)
	if !ok || len(parts) < 3 || parts[0] != "orgs" && parts[0] != "repos" || login == "" || strings.EqualFold(parts[1], login) || checkName(login) != nil {
		return r.next.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	parts[1] = login
	req.URL.Path, req.URL.RawPath = r.below+strings.Join(parts, "/"), ""
	return r.next.RoundTrip(req)
}
