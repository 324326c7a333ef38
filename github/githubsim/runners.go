package githubsim

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// RunnerID is GitHub's number of a registration.
type RunnerID int64

// ErrUnregistered is what a runner hears whose registration is gone.
var ErrUnregistered = errors.New("the runner registration has been deleted from the server")

type runner struct {
	id        RunnerID
	name      string
	in        *installation
	repo      string // name, at repository scope
	group     int64
	labels    []string
	config    string
	connected bool
	alive     bool // its listener is up
	deleted   bool
	job       *job
	offline   time.Time // shown online until then, after it vanished
}

func (r *runner) fits(j *job) bool {
	if !r.alive || r.deleted || r.job != nil || r.in != j.run.repo.in {
		return false
	}
	if r.repo != "" && !strings.EqualFold(r.repo, j.run.repo.Name) {
		return false
	}
	if r.repo == "" && !r.in.serves(r.group, j.run.repo) {
		return false
	}
	for _, want := range j.spec.Labels {
		if !slices.ContainsFunc(r.labels, func(l string) bool { return strings.EqualFold(l, want) }) {
			return false
		}
	}
	return len(j.spec.Labels) > 0
}

func (in *installation) serves(group int64, r *repository) bool {
	return slices.ContainsFunc(in.groups, func(g *Group) bool { return g.ID == group && g.serves(r) })
}

func (s *Server) generateJITConfig(c call) reply {
	var in struct {
		Name   string   `json:"name"`
		Group  int64    `json:"runner_group_id"`
		Labels []string `json:"labels"`
	}
	if json.Unmarshal(c.body, &in) != nil || in.Name == "" || len(in.Name) > 64 || len(in.Labels) == 0 || len(in.Labels) > 100 {
		return refuse(http.StatusUnprocessableEntity, "Invalid request.")
	}
	if c.PathValue("repo") == "" && !slices.ContainsFunc(c.in.groups, func(g *Group) bool { return g.ID == in.Group }) {
		return notFound()
	}
	for _, r := range s.scoped(c) {
		if strings.EqualFold(r.name, in.Name) {
			return refuse(http.StatusConflict, fmt.Sprintf("Already exists - A runner with the name %s already exists.", in.Name))
		}
	}
	s.lastRunner++
	r := &runner{id: s.lastRunner, name: in.Name, in: c.in, repo: c.PathValue("repo"), group: in.Group, labels: in.Labels}
	r.config = s.jitConfig(r)
	s.runners[r.id] = r
	s.after(s.cfg.Times.NeverConnected, func() {
		if !r.connected {
			s.deregister(r, IdledOut)
		}
	})
	if s.hits(s.cfg.Faults.JITReplyLost, "jit reply lost", r.name) {
		if s.cfg.Faults.LostStatus == 0 {
			return reply{lost: true}
		}
		return refuse(s.cfg.Faults.LostStatus, "Server Error")
	}
	return answer(http.StatusCreated, map[string]any{"runner": s.runnerPayload(r), "encoded_jit_config": r.config})
}

// jitConfig has the real one's form and size: three files, of which one is a
// private key.
func (s *Server) jitConfig(r *runner) string {
	enc := base64.StdEncoding.EncodeToString
	file := func(v any) string { return enc(raw(v)) }
	big := func(n int, what string) string { return enc(s.bytes(n, what, r.name)) }
	return enc(raw(map[string]string{
		".runner": file(map[string]any{
			"AgentId": r.id, "AgentName": r.name, "PoolId": r.group, "PoolName": "Default", "Ephemeral": "True",
			"ServerUrl": "https://pipelines.actions.example/", "WorkFolder": "_work", "UseV2Flow": "True",
		}),
		".credentials": file(map[string]any{"Scheme": "OAuth", "Data": map[string]string{"ClientId": s.guid("client", r.name)}}),
		".credentials_rsaparams": file(map[string]string{
			"Modulus": big(256, "n"), "D": big(256, "d"), "P": big(128, "p"), "Q": big(128, "q"),
			"DP": big(128, "dp"), "DQ": big(128, "dq"), "InverseQ": big(128, "iq"), "Exponent": "AQAB",
		}),
	}))
}

func (s *Server) runnerPayload(r *runner) map[string]any {
	status, os := "offline", "unknown"
	if r.connected && (r.alive || s.cfg.Now().Before(r.offline)) {
		status = "online"
	}
	if r.connected {
		os = "Linux"
	}
	labels := []any{}
	for i, l := range r.labels {
		labels = append(labels, map[string]any{"id": i + 1, "name": l, "type": "custom"})
	}
	return map[string]any{
		"id": r.id, "runner_group_id": cmp.Or(r.group, 1), "name": r.name, "os": os, "status": status,
		"busy": r.job != nil, "labels": labels, "ephemeral": true,
	}
}

// scoped lists the registrations of a call's scope by number.
func (s *Server) scoped(c call) []*runner {
	var list []*runner
	for _, r := range s.runners {
		if r.in == c.in && strings.EqualFold(r.repo, c.PathValue("repo")) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *runner) int { return cmp.Compare(a.id, b.id) })
	return list
}

func (s *Server) listRunners(c call) reply {
	list := s.scoped(c)
	if name := c.URL.Query().Get("name"); name != "" {
		list = slices.DeleteFunc(list, func(r *runner) bool { return r.name != name })
	}
	from, to, link := s.page(c, len(list))
	out := []any{}
	for _, r := range list[from:to] {
		out = append(out, s.runnerPayload(r))
	}
	return reply{status: http.StatusOK, header: link, body: map[string]any{"total_count": len(list), "runners": out}}
}

func (s *Server) findRunner(c call) *runner {
	for _, r := range s.scoped(c) {
		if int64(r.id) == c.id("runner_id") {
			return r
		}
	}
	return nil
}

func (s *Server) getRunner(c call) reply {
	r := s.findRunner(c)
	if r == nil {
		return notFound()
	}
	return answer(http.StatusOK, s.runnerPayload(r))
}

func (s *Server) deleteRunner(c call) reply {
	r := s.findRunner(c)
	switch {
	case r == nil:
		return notFound()
	case r.job != nil:
		return refuse(http.StatusUnprocessableEntity, fmt.Sprintf("Bad request - Runner %q is still running a job", r.name))
	}
	s.deregister(r, Deleted)
	return answer(http.StatusNoContent, nil)
}

// deregister ends a registration; a listener that is up hears of it.
func (s *Server) deregister(r *runner, why Release) {
	if r.deleted {
		return
	}
	r.deleted = true
	delete(s.runners, r.id)
	s.idle = slices.DeleteFunc(s.idle, func(x *runner) bool { return x == r })
	if r.alive && s.cfg.OnRelease != nil {
		id := r.id
		s.hooks = append(s.hooks, func() { s.cfg.OnRelease(id, why) })
	}
	r.alive = false
}

// Connect is a listener's session: the runner is online from now on.
func (s *Server) Connect(config string) (RunnerID, error) {
	id, err := RunnerID(0), ErrUnregistered
	s.do(func() {
		for _, r := range s.runners {
			if r.config == config {
				r.connected, r.alive = true, true
				s.idle = append(s.idle, r)
				s.dispatchSoon(r.name)
				s.removeIdle(r)
				id, err = r.id, nil
				return
			}
		}
	})
	return id, err
}

// removeIdle ends a registration that only ever listens.
func (s *Server) removeIdle(r *runner) {
	if s.cfg.Times.IdleRemoval < 0 {
		return
	}
	s.after(s.cfg.Times.IdleRemoval, func() {
		if r.alive && r.job == nil {
			s.deregister(r, IdledOut)
		}
	})
}

// Vanish is the sudden death of a runner's machine: nothing is reported, and
// the job is given up when its lock expires.
func (s *Server) Vanish(id RunnerID) {
	s.do(func() {
		r := s.runners[id]
		if r == nil || !r.alive {
			return
		}
		r.alive, r.offline = false, s.cfg.Now().Add(s.cfg.Times.Offline)
		s.idle = slices.DeleteFunc(s.idle, func(x *runner) bool { return x == r })
		if j := r.job; j != nil && j.status == statusRunning {
			s.after(s.cfg.Times.Lock, func() {
				if j.status == statusRunning && j.runner == r {
					s.complete(j, "failure")
				}
			})
		}
	})
}

// Runners lists the names of all registrations.
func (s *Server) Runners() []string {
	var names []string
	s.do(func() {
		for _, r := range s.runners {
			names = append(names, r.name)
		}
	})
	slices.Sort(names)
	return names
}

func (s *Server) listGroups(c call) reply {
	from, to, link := s.page(c, len(c.in.groups))
	list := []any{}
	for _, g := range c.in.groups[from:to] {
		visibility := "all"
		if len(g.Repositories) > 0 {
			visibility = "selected"
		}
		list = append(list, map[string]any{
			"id": g.ID, "name": g.Name, "visibility": visibility, "default": g.ID == 1, "inherited": false,
			"runners_url":                fmt.Sprintf("%s/orgs/%s/actions/runner-groups/%d/runners", s.cfg.BaseURL, c.in.Account, g.ID),
			"allows_public_repositories": !g.NoPublic, "restricted_to_workflows": false,
			"selected_workflows": []string{}, "workflow_restrictions_read_only": false,
		})
	}
	return reply{status: http.StatusOK, header: link, body: map[string]any{"total_count": len(c.in.groups), "runner_groups": list}}
}
