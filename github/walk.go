package github

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

const (
	// answerTime is how old a delivery must be before it counts as lost: GitHub
	// waits ten seconds for an answer, and lists a delivery only then.
	answerTime = 15 * time.Second
	// settleTime is how old a delivery must be before since may pass it: an
	// older one may be listed after it. A GitHub Enterprise Server waits thirty
	// seconds for an answer.
	settleTime = 45 * time.Second
	// quietTime is how far behind our clock since follows where nothing was
	// delivered: GitHub's clock may be another.
	quietTime = 15 * time.Minute
	// walkLife is how long an unfinished walk is worth going on with.
	walkLife = time.Hour
)

// attempt is one try of GitHub's to deliver an event.
type attempt struct {
	id   int64  // a new one for each attempt
	guid string // the same for all attempts of an event
	at   time.Time
}

// read is what an attempt's payload came to.
type read struct {
	at    time.Time
	event fleet.Event
	ok    bool // there is one
}

// walk is a list of deliveries, newest first, from an instant back to since.
// It may take several calls; GitHub's cursors stay good meanwhile, and what is
// delivered after the walk began is for the next one.
type walk struct {
	since   time.Time
	beganAt time.Time
	cursor  string    // of the next page
	whole   bool      // the list is read back to since
	oldest  time.Time // how far back it is read
	top     time.Time // the newest delivery that since may pass
	// over holds the GUIDs that need nothing: they have a successful attempt,
	// or one so new that the next walk judges them.
	over map[string]bool
	lost map[string]attempt // newest attempt by GUID
}

func newWalk(since, at time.Time) *walk {
	return &walk{since: since, beganAt: at, top: since, over: map[string]bool{}, lost: map[string]attempt{}}
}

// add takes a page. Older than since is the end, even inside a page.
func (w *walk) add(items []*github.HookDelivery, next string) {
	w.cursor, w.whole = next, next == ""
	answered, settled := w.beganAt.Add(-answerTime), w.beganAt.Add(-settleTime)
	for _, d := range items {
		a := attempt{id: d.GetID(), guid: d.GetGUID(), at: d.GetDeliveredAt().UTC()}
		if a.id == 0 || a.guid == "" || a.at.IsZero() {
			continue
		}
		if a.at.Before(w.since) {
			w.whole = true
			return
		}
		w.oldest = a.at
		young := a.at.After(answered)
		if !a.at.After(settled) && a.at.After(w.top) {
			w.top = a.at
		}
		_, known := w.lost[a.guid]
		switch {
		case d.GetEvent() != jobEvent:
		case young, delivered(d):
			w.over[a.guid] = true
			delete(w.lost, a.guid)
		case !known && !w.over[a.guid]:
			w.lost[a.guid] = a
		}
	}
}

// delivered reports whether an attempt succeeded. GitHub's definition is the
// status "OK", because a connection that broke has no code; a code of 2xx is
// taken as well, whatever text comes with it.
func delivered(d *github.HookDelivery) bool {
	return d.GetStatus() == "OK" || d.GetStatusCode()/100 == 2
}

// pending are the lost deliveries that a caller's since has not passed yet,
// oldest first.
func (w *walk) pending(since time.Time) []attempt {
	var lost []attempt
	for _, a := range w.lost {
		if !a.at.Before(since) {
			lost = append(lost, a)
		}
	}
	slices.SortFunc(lost, func(a, b attempt) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	return lost
}
