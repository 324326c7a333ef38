package webhooks

import (
	"log/slog"
	"net/http"
	"sync/atomic"
)

// Outcome is what became of a request.
type Outcome int

// All outcomes, in the order of the checks.
const (
	Elsewhere  Outcome = iota // not the path of webhooks
	NotPost                   // another method
	Full                      // too many bytes of bodies in flight
	TooLarge                  // the body is over 25 MB
	WrongType                 // the body is not JSON by its type
	Unsigned                  // the signature is missing or wrong
	Slow                      // the body did not come in time
	Broken                    // the body broke off
	Foreign                   // it is of another App
	Malformed                 // signed, and yet no delivery of GitHub's
	Ping                      // GitHub greets a new App
	Ignored                   // the event or action means nothing to the fleet
	Unrecorded                // the ledger did not take it
	Recorded                  // or it was known already
	Told                      // of an installation: GitHub is to be asked about it
	outcomes                  // how many there are
)

type answer struct {
	code  int
	level slog.Level
	often bool   // anyone can cause it or repeat it, or a busy ledger does: one line a minute
	name  string // all that a sender learns
}

// answers is how outcomes are answered and logged.
var answers = [outcomes]answer{
	Elsewhere:  {http.StatusNotFound, slog.LevelDebug, false, "not found"},
	NotPost:    {http.StatusMethodNotAllowed, slog.LevelDebug, false, "method not allowed"},
	Full:       {http.StatusServiceUnavailable, slog.LevelWarn, true, "full"},
	TooLarge:   {http.StatusRequestEntityTooLarge, slog.LevelWarn, true, "too large"},
	WrongType:  {http.StatusUnsupportedMediaType, slog.LevelWarn, true, "wrong type"},
	Unsigned:   {http.StatusUnauthorized, slog.LevelWarn, true, "unauthorized"},
	Slow:       {http.StatusRequestTimeout, slog.LevelWarn, true, "slow"},
	Broken:     {http.StatusBadRequest, slog.LevelDebug, false, "broken"},
	Foreign:    {http.StatusForbidden, slog.LevelWarn, false, "foreign"},
	Malformed:  {http.StatusBadRequest, slog.LevelWarn, false, "malformed"},
	Ping:       {http.StatusOK, slog.LevelInfo, true, "pong"},
	Ignored:    {http.StatusOK, slog.LevelDebug, false, "ignored"},
	Unrecorded: {http.StatusServiceUnavailable, slog.LevelWarn, true, "busy"},
	Recorded:   {http.StatusAccepted, slog.LevelDebug, false, "recorded"},
	Told:       {http.StatusAccepted, slog.LevelInfo, false, "told"},
}

// String is the outcome's name in answers, logs and metrics.
func (o Outcome) String() string {
	if o < 0 || o >= outcomes {
		return "unknown"
	}
	return answers[o].name
}

// Outcomes lists all outcomes, for metrics.
func Outcomes() []Outcome {
	list := make([]Outcome, outcomes)
	for i := range list {
		list[i] = Outcome(i)
	}
	return list
}

// tally counts an outcome and remembers when a line was last logged for it.
type tally struct {
	count    atomic.Int64
	loggedAt atomic.Int64 // Unix seconds; 0 if never
}

// Count is how many requests had an outcome since the start, of all Apps.
func (h *Handler) Count(o Outcome) int64 {
	if o < 0 || o >= outcomes {
		return 0
	}
	n := h.seen[o].count.Load()
	for _, other := range h.Others {
		n += other.Count(o)
	}
	return n
}

// note counts and logs an outcome. The log never holds anything of a body,
// and a header only where its form was checked.
func (h *Handler) note(r *http.Request, o Outcome, err error) {
	count := h.seen[o].count.Add(1)
	a := &answers[o]
	if h.Log == nil || !h.Log.Enabled(r.Context(), a.level) || a.often && !h.isDue(o) {
		return
	}
	list := []slog.Attr{slog.String("outcome", a.name), slog.String("from", r.RemoteAddr),
		slog.Int64("count", count)}
	if guid := r.Header.Get("X-GitHub-Delivery"); isGUID(guid) {
		list = append(list, slog.String("delivery", guid))
	}
	if err != nil {
		list = append(list, slog.String("error", err.Error()))
	}
	h.Log.LogAttrs(r.Context(), a.level, "webhook", list...)
}

// isDue reports whether a minute passed since the outcome's last line. Of
// requests that race for it, one wins.
func (h *Handler) isDue(o Outcome) bool {
	at, last := h.now().Unix(), h.seen[o].loggedAt.Load()
	return (last == 0 || at-last >= 60) && h.seen[o].loggedAt.CompareAndSwap(last, at)
}
