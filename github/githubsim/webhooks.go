package githubsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
)

// Delivery is one webhook on its way.
type Delivery struct {
	URL    string
	Header http.Header
	Body   []byte
}

// hookID is the number of the App's one webhook.
const hookID = 480_000_001

// largestPayload is what GitHub sends at most. A larger event is not sent at all.
const largestPayload = 25 << 20

// event is something that GitHub tells, once or several times.
type event struct {
	guid         string
	name, action string
	repo         *repository
	app          int64                 // that is told
	in           InstallationID        // of it on the repository's account
	payload      func() map[string]any // renders what was true when it happened
}

// emitJob tells of a job as it is now.
func (s *Server) emitJob(j *job, action string) {
	then := *j
	e := &event{name: "workflow_job", action: action, repo: j.run.repo}
	e.payload = func() map[string]any {
		part := s.jobPayload(&then)
		out := map[string]any{"action": action, "workflow_job": part}
		if then.gated {
			out["deployment"] = s.deploymentPayload(&then)
			if action == queued {
				part["status"] = waiting // what GitHub really sends after an approval
			}
		}
		return out
	}
	s.emit(e, fmt.Sprintf("job/%d/%s", j.id, action))
}

// emitRun tells of a workflow run as it is now.
func (s *Server) emitRun(r *run, action string) {
	then := *r
	then.jobs = nil
	e := &event{name: "workflow_run", action: action, repo: r.repo}
	e.payload = func() map[string]any {
		return map[string]any{"action": action, "workflow_run": s.runPayload(&then), "workflow": s.workflowPayload(&then)}
	}
	s.emit(e, fmt.Sprintf("run/%d/%d/%s", r.id, r.attempt, action))
}

// Ping sends the event that GitHub sends when a webhook is set up.
func (s *Server) Ping() {
	s.do(func() {
		e := &event{name: "ping"}
		e.payload = func() map[string]any {
			since := instant(s.cfg.Now())
			return map[string]any{
				"zen": "Speak like a human.", "hook_id": hookID,
				"hook": map[string]any{
					"type": "App", "id": hookID, "name": "web", "active": true, "events": events(), "app_id": s.cfg.AppID,
					"config": map[string]any{
						"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": s.cfg.WebhookURL,
					},
					"created_at": since, "updated_at": since, "deliveries_url": s.cfg.BaseURL + "/app/hook/deliveries",
				},
			}
		}
		s.emit(e, "ping")
	})
}

// emit tells every App of an event. The key names the series of its draws.
func (s *Server) emit(e *event, key string) {
	all := s.copies(e, key)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s.send(all[name], name)
	}
}

// send sends an event soon, late, twice or never, as the faults say.
func (s *Server) send(e *event, key string) {
	e.guid = s.guid("event", key)
	f := s.cfg.Faults
	if s.hits(f.Unmade, "unmade", key) {
		return
	}
	wait := s.between(f.DelayMin, f.DelayMax, draws{"delay", key})
	if s.hits(f.Late, "late", key) {
		wait += s.between(0, f.LateBy, draws{"late by", key})
	}
	again := s.between(0, f.LateBy, draws{"double by", key})
	s.after(wait, func() { s.deliver(e, false) })
	if s.hits(f.Double, "double", key) {
		s.after(wait+again, func() { s.deliver(e, false) })
	}
}

// deliver tries once, outside the mutex, and keeps what came of it.
func (s *Server) deliver(e *event, again bool) {
	lost := s.hits(s.cfg.Faults.Loss, "loss", e.guid)
	at := s.cfg.Now()
	body := s.bodyOf(e)
	if lost || s.cfg.Deliver == nil || len(body) > largestPayload {
		code := http.StatusBadGateway
		if s.draw("loss status", e.guid) < 0.5 {
			code = 0
		}
		s.keep(&delivery{event: e, at: at, again: again, code: code, status: "failed to connect to host"})
		return
	}
	out := Delivery{URL: s.cfg.WebhookURL, Header: s.deliveryHeader(e, body), Body: body}
	s.hooks = append(s.hooks, func() {
		code, err := s.cfg.Deliver(out)
		s.do(func() {
			kept := &delivery{event: e, at: at, again: again, code: code}
			kept.status, kept.code = statusOf(code, err)
			kept.took = s.cfg.Now().Sub(at)
			s.keep(kept)
		})
	})
}

// statusOf is how the list of deliveries words an outcome.
func statusOf(code int, err error) (string, int) {
	switch {
	case err != nil && os.IsTimeout(err):
		return "timed out", http.StatusGatewayTimeout
	case err != nil:
		return "failed to connect to host", http.StatusBadGateway
	case code >= 200 && code < 300:
		return "OK", code
	}
	return fmt.Sprintf("Invalid HTTP Response: %d", code), code
}

// bodyOf renders an event. It gives the same bytes each time, so a delivery can be sent again.
func (s *Server) bodyOf(e *event) []byte {
	out := e.payload()
	out["sender"] = s.actor()
	if e.repo != nil {
		in := e.repo.in
		out["repository"] = e.repo.body
		out["installation"] = map[string]any{"id": e.in, "node_id": fmt.Sprintf("MDIz_%d", e.in)}
		if in.org != nil {
			out["organization"] = in.org
		}
	}
	return raw(out)
}

func (s *Server) deliveryHeader(e *event, body []byte) http.Header {
	h := http.Header{}
	for k, v := range map[string]string{
		"Accept": "*/*", "Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/9b2e3f0",
		"X-GitHub-Event": e.name, "X-GitHub-Delivery": e.guid, "X-GitHub-Hook-ID": strconv.Itoa(hookID),
		"X-GitHub-Hook-Installation-Target-Type": "integration",
		"X-GitHub-Hook-Installation-Target-ID":   strconv.FormatInt(e.app, 10),
	} {
		h.Set(k, v)
	}
	for k, v := range s.signature() {
		h.Set(k, v)
	}
	if secret := s.secret(e.app); secret != "" {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return h
}

func (s *Server) deploymentPayload(j *job) map[string]any {
	url := fmt.Sprintf("%s/deployments/%d", s.repoURL(j.run.repo), j.id)
	return map[string]any{
		"id": j.id, "node_id": fmt.Sprintf("DE_%d", j.id), "sha": headSHA, "ref": "main", "task": "deploy", "payload": map[string]any{},
		"environment": j.spec.Environment, "original_environment": j.spec.Environment, "description": nil, "creator": s.actor(),
		"created_at": instant(j.created), "updated_at": instant(j.created), "url": url, "statuses_url": url + "/statuses",
		"repository_url": s.repoURL(j.run.repo), "transient_environment": false, "production_environment": false,
	}
}

func (s *Server) workflowPayload(r *run) map[string]any {
	path, since := ".github/workflows/"+r.workflow+".yml", instant(r.repo.in.created)
	web := s.site() + "/" + r.repo.fullName()
	return map[string]any{
		"id": workflowID(r), "node_id": fmt.Sprintf("W_%d", workflowID(r)), "name": r.workflow, "path": path, "state": "active",
		"created_at": since, "updated_at": since, "badge_url": web + "/workflows/" + r.workflow + "/badge.svg",
		"html_url": web + "/blob/main/" + path, "url": fmt.Sprintf("%s/actions/workflows/%d", s.repoURL(r.repo), workflowID(r)),
	}
}

// HTTPDeliver posts deliveries to their URL. Give the client GitHub's timeout of ten seconds.
func HTTPDeliver(client *http.Client) func(Delivery) (int, error) {
	return func(d Delivery) (int, error) { return post(client, d) }
}

// keepFor is how long GitHub remembers a delivery.
const keepFor = 3 * 24 * time.Hour
