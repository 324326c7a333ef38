package githubsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Delivery is one webhook on its way.
type Delivery struct {
	URL    string
	Header http.Header
	Body   []byte
}

// delivery is what GitHub keeps of one for three days.
type delivery struct {
	id     int64
	guid   string
	at     time.Time
	event  string
	action string
	in     *installation
	repo   *repository
	body   []byte
	code   int
	status string
	sent   bool
}

const keepDeliveries = 72 * time.Hour

// announce sends a workflow_job webhook of what is true now: soon, late,
// twice or never, as the faults say.
func (s *Server) announce(j *job, action string) {
	s.lastDelivery++
	d := &delivery{
		id: s.lastDelivery, guid: s.guid("delivery", j.entity()+action), event: "workflow_job", action: action,
		in: j.run.repo.in, repo: j.run.repo, body: raw(s.eventPayload(j, action)), at: s.cfg.Now(),
	}
	s.deliveries = append(s.deliveries, d)
	f, entity := s.cfg.Faults, j.entity()+action
	wait := s.between(f.DelayMin, f.DelayMax, draws{"delay", entity})
	if s.hits(f.Late, "late", entity) {
		wait += s.between(0, f.LateBy, draws{"late by", entity})
	}
	if s.hits(f.Loss, "loss", entity) {
		s.after(wait, func() { d.sent, d.at, d.status = true, s.cfg.Now(), "failed to connect to host" })
		return
	}
	s.after(wait, func() { s.deliver(d) })
	if s.hits(f.Double, "double", entity) {
		s.after(wait+s.between(0, f.LateBy, draws{"double by", entity}), func() { s.deliver(d) })
	}
}

// deliver hands a delivery over outside the mutex, and notes its answer.
func (s *Server) deliver(d *delivery) {
	d.sent, d.at = true, s.cfg.Now()
	if s.cfg.Deliver == nil {
		d.status = "failed to connect to host"
		return
	}
	out := Delivery{URL: s.cfg.WebhookURL, Header: s.deliveryHeader(d), Body: d.body}
	s.hooks = append(s.hooks, func() {
		code, err := s.cfg.Deliver(out)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case err != nil:
			d.code, d.status = 0, "failed to connect to host"
		case code >= 200 && code < 300:
			d.code, d.status = code, "OK"
		default:
			d.code, d.status = code, fmt.Sprintf("Invalid HTTP Response: %d", code)
		}
	})
}

func (s *Server) deliveryHeader(d *delivery) http.Header {
	h := http.Header{
		"Content-Type":                           {"application/json"},
		"User-Agent":                             {"GitHub-Hookshot/0000000"},
		"X-Github-Event":                         {d.event},
		"X-Github-Delivery":                      {d.guid},
		"X-Github-Hook-Id":                       {"1"},
		"X-Github-Hook-Installation-Target-Type": {"integration"},
		"X-Github-Hook-Installation-Target-Id":   {strconv.FormatInt(s.cfg.AppID, 10)},
	}
	if s.cfg.WebhookSecret != "" {
		mac := hmac.New(sha256.New, []byte(s.cfg.WebhookSecret))
		mac.Write(d.body)
		h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return h
}

func (d *delivery) summary() map[string]any {
	return map[string]any{
		"id": d.id, "guid": d.guid, "delivered_at": d.at.UTC().Format(time.RFC3339), "redelivery": false, "duration": 0.1,
		"status": d.status, "status_code": d.code, "event": d.event, "action": d.action,
		"installation_id": d.in.ID, "repository_id": d.repo.ID, "throttled_at": nil,
	}
}

// listDeliveries shows what was tried, newest first, by cursor.
func (s *Server) listDeliveries(c call) reply {
	size := min(max(queryInt(c.URL.Query(), "per_page", 30), 1), 100)
	before, err := strconv.ParseInt(c.URL.Query().Get("cursor"), 10, 64)
	if err != nil {
		before = s.lastDelivery + 1
	}
	list, now := []any{}, s.cfg.Now()
	var link http.Header
	for i := len(s.deliveries) - 1; i >= 0; i-- {
		d := s.deliveries[i]
		if d.id >= before || !d.sent || now.Sub(d.at) > keepDeliveries {
			continue
		}
		if len(list) == size {
			link = http.Header{"Link": {fmt.Sprintf(`<%s/app/hook/deliveries?per_page=%d&cursor=%d>; rel="next"`, s.cfg.BaseURL, size, d.id+1)}}
			break
		}
		list = append(list, d.summary())
	}
	return reply{status: http.StatusOK, header: link, body: list}
}

func (s *Server) getDelivery(c call) reply {
	for _, d := range s.deliveries {
		if d.id != c.id("delivery_id") || !d.sent {
			continue
		}
		body := d.summary()
		headers := map[string]string{}
		for k := range s.deliveryHeader(d) {
			headers[k] = s.deliveryHeader(d).Get(k)
		}
		body["url"] = s.cfg.WebhookURL
		body["request"] = map[string]any{"headers": headers, "payload": json.RawMessage(d.body)}
		body["response"] = map[string]any{"headers": map[string]string{}, "payload": ""}
		return answer(http.StatusOK, body)
	}
	return notFound()
}
