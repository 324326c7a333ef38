package githubsim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// delivery is one attempt to send an event, as GitHub keeps it for three days.
type delivery struct {
	id     int64
	event  *event
	at     time.Time
	again  bool // asked for by the API
	code   int
	status string
	took   time.Duration
}

// keep files an attempt as the newest, and forgets what is older than three days.
func (s *Server) keep(d *delivery) {
	s.lastDelivery++
	d.id = s.lastDelivery
	s.deliveries = append(s.deliveries, d)
	oldest := s.cfg.Now().Add(-keepFor)
	for len(s.deliveries) > 0 && s.deliveries[0].at.Before(oldest) {
		s.deliveries[0] = nil // the slice would hold it
		s.deliveries = s.deliveries[1:]
	}
}

func post(client *http.Client, d Delivery) (int, error) {
	r, err := http.NewRequest(http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, err
	}
	r.Header = d.Header
	resp, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func (d *delivery) summary() map[string]any {
	out := map[string]any{
		"id": d.id, "guid": d.event.guid, "delivered_at": d.at.UTC().Format(time.RFC3339Nano), "redelivery": d.again,
		"duration": d.took.Seconds(), "status": d.status, "status_code": d.code, "event": d.event.name,
		"action": nullable(d.event.action), "installation_id": nil, "repository_id": nil, "throttled_at": nil,
	}
	if r := d.event.repo; r != nil {
		out["installation_id"], out["repository_id"] = d.event.in, r.ID
	}
	return out
}

// wanted says whether the status filter of the list lets a delivery through.
func (d *delivery) wanted(filter string) bool {
	switch filter {
	case success:
		return d.code >= 200 && d.code < 400
	case failure:
		return d.code >= 400 && d.code < 600 // so a broken connection without a code is in neither
	}
	return true
}

const cursorPrefix = "v1_"

// listDeliveries gives a page of the App's, newest first. A cursor names the delivery above the page, so new ones do not shift it.
func (s *Server) listDeliveries(c call) reply {
	q := c.URL.Query()
	size := min(max(queryInt(q, "per_page", 30), 1), 100)
	next := len(s.deliveries) - 1
	if text := q.Get("cursor"); text != "" {
		above, err := strconv.ParseInt(strings.TrimPrefix(text, cursorPrefix), 10, 64)
		if err != nil {
			return refuse(http.StatusBadRequest, "Invalid cursor")
		}
		at, _ := s.findDelivery(above)
		next = at - 1
	}
	if filter := q.Get("status"); filter != "" && filter != success && filter != failure {
		return refuse(http.StatusUnprocessableEntity, "Invalid status")
	}
	oldest := s.cfg.Now().Add(-keepFor)
	page := []any{}
	var last int64
	for ; next >= 0; next-- {
		d := s.deliveries[next]
		if d.at.Before(oldest) {
			break
		}
		if d.event.app != c.app || !d.wanted(q.Get("status")) {
			continue
		}
		if len(page) == size {
			q.Set("cursor", cursorPrefix+strconv.FormatInt(last, 10))
			link := fmt.Sprintf("<%s%s?%s>; rel=\"next\"", s.cfg.BaseURL, c.URL.Path, q.Encode())
			return reply{status: http.StatusOK, body: page, header: http.Header{"Link": {link}}}
		}
		page = append(page, d.summary())
		last = d.id
	}
	return answer(http.StatusOK, page)
}

func (s *Server) findDelivery(id int64) (int, bool) {
	return slices.BinarySearchFunc(s.deliveries, id, func(d *delivery, id int64) int { return cmp.Compare(d.id, id) })
}

func (s *Server) deliveryOf(c call) *delivery {
	i, ok := s.findDelivery(c.id("delivery_id"))
	if !ok || s.deliveries[i].event.app != c.app || s.cfg.Now().Sub(s.deliveries[i].at) > keepFor {
		return nil
	}
	return s.deliveries[i]
}

func (s *Server) getDelivery(c call) reply {
	d := s.deliveryOf(c)
	if d == nil {
		return notFound()
	}
	payload := s.bodyOf(d.event)
	headers := map[string]string{}
	for k, v := range s.deliveryHeader(d.event, payload) {
		headers[k] = v[0]
	}
	out := d.summary()
	out["url"] = s.cfg.WebhookURL
	out["request"] = map[string]any{"headers": headers, "payload": json.RawMessage(payload)}
	out["response"] = map[string]any{"headers": map[string]string{}, "payload": ""}
	return answer(http.StatusOK, out)
}

// redeliver sends a delivery again, as a new one with the same GUID. It can be lost again.
func (s *Server) redeliver(c call) reply {
	d := s.deliveryOf(c)
	if d == nil {
		return notFound()
	}
	f := s.cfg.Faults
	wait := s.between(f.DelayMin, f.DelayMax, draws{"redelivery", d.event.guid})
	s.after(wait, func() { s.deliver(d.event, true) })
	return answer(http.StatusAccepted, struct{}{})
}
