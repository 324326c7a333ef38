package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

const (
	// jobEvent is the only kind of delivery that the fleet reads back.
	jobEvent = "workflow_job"
	// listedPages bounds one call. The list holds the deliveries of all
	// installations of the App, so a large App pages a lot.
	listedPages = 50
	// readsPerCall bounds the payloads that one call fetches.
	readsPerCall = 300
	// failuresPerCall is how many payloads may fail before the call gives up.
	failuresPerCall = 3
)

// Lost returns the events of deliveries since an instant that have no
// successful attempt, oldest first, and the next call's since. GitHub tries
// nothing again by itself, and keeps deliveries for three days.
//
// Nothing is forgotten until the caller comes back with a later since, so
// events may be returned twice; the ledger knows them by their GUID.
func (c *Client) Lost(ctx context.Context, since time.Time) ([]fleet.Event, time.Time, error) {
	k := call{op: "read back deliveries", installation: theApp}
	if c.decode == nil {
		return nil, since, fmt.Errorf("%s: nothing decodes them", k.op)
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	api, err := c.client(theApp)
	if err != nil {
		return nil, since, k.wrap(err)
	}
	maps.DeleteFunc(c.read, func(_ int64, r read) bool { return r.at.Before(since) })
	w := c.walkSince(since)
	if err := c.list(ctx, api, w); err != nil {
		if !errors.Is(err, fleet.ErrThrottled) && !errors.Is(err, fleet.ErrUnknownOutcome) {
			c.walk = nil // its cursor may be what GitHub refuses
		}
		return nil, since, k.wrap(err)
	}
	events, upTo, err := c.readBack(ctx, api, w.pending(since))
	if w.whole && (err != nil || upTo.IsZero()) {
		// Only a walk that was cut short goes on. One delivery that cannot be
		// had must not keep the next call from a new list.
		c.walk = nil
	}
	if err != nil {
		if len(events) == 0 {
			return nil, since, k.wrap(err)
		}
		c.log.WarnContext(ctx, "read back deliveries in part", "read", len(events), "problem", err)
	}
	switch {
	case !w.whole:
		// The list is newest first: its old end is missing, and that is what
		// the next call goes on with.
		c.log.WarnContext(ctx, "list of deliveries is long", "since", since, "reached", w.oldest)
		return events, since, nil
	case !upTo.IsZero():
		return events, later(since, earlier(upTo, w.beganAt.Add(-settleTime))), nil
	}
	return events, later(since, later(w.top, w.beganAt.Add(-quietTime))), nil
}

func later(t, u time.Time) time.Time {
	if u.After(t) {
		return u
	}
	return t
}

func earlier(t, u time.Time) time.Time {
	if u.Before(t) {
		return u
	}
	return t
}

// walkSince goes on with a walk that the call before could not finish, or
// begins one.
func (c *Client) walkSince(since time.Time) *walk {
	at := c.now()
	if w := c.walk; w == nil || since.Before(w.since) || at.Sub(w.beganAt) > walkLife {
		c.walk = newWalk(since, at)
	}
	return c.walk
}

// list adds pages to a walk until it is whole or the call has had its share.
func (c *Client) list(ctx context.Context, api *github.Client, w *walk) error {
	k := call{op: "list deliveries", installation: theApp}
	page := func() error {
		ctx, cancel := bounded(ctx)
		defer cancel()
		opts := &github.ListCursorOptions{PerPage: pageSize, Cursor: w.cursor}
		items, resp, err := api.Apps.ListHookDeliveries(ctx, opts)
		if err != nil {
			return c.fail(ctx, k, err)
		}
		if resp.Cursor != "" && resp.Cursor == w.cursor {
			return fmt.Errorf("%s: page is followed by itself", k.op)
		}
		w.add(items, resp.Cursor)
		return nil
	}
	for range listedPages {
		if w.whole {
			return nil
		}
		if err := page(); err != nil {
			return err
		}
	}
	return nil
}

// readBack fetches and decodes deliveries, oldest first. If it does not get
// through, upTo is the instant before which nothing is left; else it is zero.
// An error is the first one; the events beside it are good.
func (c *Client) readBack(ctx context.Context, api *github.Client, lost []attempt) (events []fleet.Event, upTo time.Time, first error) {
	failed := 0
	for i, a := range lost {
		// Deliveries of one instant stay together: upTo could not part them.
		if i >= readsPerCall && a.at.After(lost[i-1].at) {
			if upTo.IsZero() {
				upTo = a.at
			}
			return events, upTo, first
		}
		got, known := c.read[a.id]
		var err error
		if !known {
			got, err = c.fetch(ctx, api, a)
		}
		if err == nil {
			c.read[a.id] = got
			if got.ok {
				events = append(events, got.event)
			}
			continue
		}
		if failed++; failed == 1 {
			first, upTo = err, a.at
		}
		if failed == failuresPerCall || errors.Is(err, fleet.ErrThrottled) || ctx.Err() != nil {
			return events, upTo, first
		}
	}
	return events, upTo, first
}

// fetch reads one delivery's payload from GitHub's store and decodes it.
func (c *Client) fetch(ctx context.Context, api *github.Client, a attempt) (read, error) {
	k := call{
		op:           fmt.Sprintf("read delivery %d", a.id),
		installation: theApp,
		means:        map[int]error{http.StatusNotFound: fleet.ErrAbsent},
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	req, err := api.NewRequest(http.MethodGet, fmt.Sprintf("app/hook/deliveries/%d", a.id), nil)
	if err != nil {
		return read{}, k.wrap(err)
	}
	// v57's own type wants every header to be text, which GitHub's schema does
	// not promise; the payload is all that is needed.
	var kept struct {
		Request struct {
			Payload json.RawMessage `json:"payload"`
		} `json:"request"`
	}
	if _, err := api.Do(ctx, req, &kept); err != nil {
		err = c.fail(ctx, k, err)
		if errors.Is(err, fleet.ErrAbsent) {
			c.log.WarnContext(ctx, "lost delivery is gone", "guid", a.guid, "delivered", a.at)
			return read{at: a.at}, nil
		}
		return read{}, err
	}
	e, ok, err := c.decode(jobEvent, a.guid, kept.Request.Payload, c.now())
	if err != nil {
		// It reads no better next time, and must not hold up the others.
		c.log.WarnContext(ctx, "lost delivery cannot be read", "guid", a.guid, "problem", clean(err.Error()))
		return read{at: a.at}, nil
	}
	return read{a.at, e, ok}, nil
}
