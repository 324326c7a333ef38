package world

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// alarms hears what the fleet tells people to look at, and passes the log on.
type alarms struct {
	slog.Handler
	now  func() time.Time
	told map[string]time.Time // texts, when they were told last
}

// Enabled makes alerts heard whatever the log shows.
func (a alarms) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError || a.Handler.Enabled(ctx, l)
}

// Handle notes an alert.
func (a alarms) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "alert" {
		r.Attrs(func(attr slog.Attr) bool {
			a.told[attr.Value.String()] = a.now()
			return true
		})
	}
	if !a.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return a.Handler.Handle(ctx, r)
}

// WithAttrs is the same ear on a log with more attributes.
func (a alarms) WithAttrs(attrs []slog.Attr) slog.Handler {
	a.Handler = a.Handler.WithAttrs(attrs)
	return a
}

const (
	alertLag   = 3 * time.Minute           // a full look, and a crash or two
	alertAgain = time.Hour + 5*time.Minute // how long one that was told stands
)

// silent holds the second half of invariant 2: of the jobs that could run and
// wait longer than their bound, the oldest of each class is told of.
func (c *checker) silent(w *World, s fleet.State) {
	oldest := map[fleet.Class]fleet.Job{}
	for _, j := range s.Jobs {
		if j.Status != fleet.Queued || !w.fits(j.Class.Labels.List()) {
			continue
		}
		if slices.Contains([]fleet.VerdictCode{fleet.Closed, fleet.Launching, fleet.Refused}, j.Verdict.Code) {
			continue // it could not run, or is about to
		}
		class := j.Class
		class.Scope.Installation = 0 // of whichever App told of it
		if first, ok := oldest[class]; !ok || j.QueuedAt.Before(first.QueuedAt) {
			oldest[class] = j
		}
	}
	for _, j := range oldest {
		// The fleet may have heard of it late, and looks when it hears.
		known := w.owed(j.Class.Labels, j.QueuedAt)
		if known.IsZero() {
			continue
		}
		if j.RecordedAt.After(known.Add(fleet.DefaultAlertAfter)) {
			known = j.RecordedAt.Add(-fleet.DefaultAlertAfter)
		}
		if w.Now().Sub(known) > fleet.DefaultAlertAfter+alertLag && !w.alarms.about(j) {
			c.fail(w, "job %d has waited since %s, and nobody was told", j.Key.ID, j.QueuedAt.Format(time.TimeOnly))
		}
	}
}

func (a alarms) about(j fleet.Job) bool {
	for text, at := range a.told {
		if a.now().Sub(at) < alertAgain && strings.HasPrefix(text, fmt.Sprintf("job %d of ", j.Key.ID)) {
			return true
		}
	}
	return false
}
