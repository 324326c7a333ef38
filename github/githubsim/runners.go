package githubsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RunnerID is GitHub's number of a runner. It is never used twice.
type RunnerID int64

// scope is where runners are registered: an organisation, or one repository.
type scope struct {
	in      *installation
	key     string    // login, or full name, in lower case
	runners []*runner // by rising id
	names   map[string]*runner
}

type runner struct {
	id        RunnerID
	name      string
	scope     *scope
	group     *Group
	labels    []string
	ephemeral bool
	clientID  string // of its JIT config; a registration that was replaced has another one

	seen    bool // connected at least once
	online  bool // what GitHub shows
	alive   bool // what is so: a vanished machine shows online for a while
	leaving bool // its listener was asked to stop while a job ran
	job     *job
	epoch   int // rises with each change, so that timers of an older state do nothing
	gone    bool
}

// carries says whether the runner holds all these labels, whatever their case.
func (r *runner) carries(labels []string) bool {
	for _, want := range labels {
		if !slices.ContainsFunc(r.labels, func(has string) bool { return strings.EqualFold(has, want) }) {
			return false
		}
	}
	return true
}

// registrationOf is what both ways of registering ask for.
type registrationOf struct {
	name      string
	group     *Group
	labels    []string
	ephemeral bool
}

func (s *Server) register(at *scope, what registrationOf) *runner {
	s.lastRunner++
	r := &runner{
		id: s.lastRunner, scope: at, name: what.name, group: what.group,
		labels: slices.Clone(what.labels), ephemeral: what.ephemeral,
	}
	r.clientID = s.guid("client", strconv.FormatInt(int64(r.id), 10))
	s.runners[r.id] = r
	at.runners = append(at.runners, r)
	at.names[strings.ToLower(r.name)] = r
	s.expireUnconnected(r)
	return r
}

// expireUnconnected removes an ephemeral runner that is not connected for a day.
func (s *Server) expireUnconnected(r *runner) {
	epoch := r.epoch
	s.after(s.cfg.Times.NeverConnected, func() {
		if r.ephemeral && r.epoch == epoch && !r.online {
			s.remove(r)
		}
	})
}

// remove ends a registration.
func (s *Server) remove(r *runner) {
	if r.gone {
		return
	}
	s.leaveIdle(r)
	r.gone, r.online = true, false
	r.epoch++
	delete(s.runners, r.id)
	delete(r.scope.names, strings.ToLower(r.name))
	if i, ok := slices.BinarySearchFunc(r.scope.runners, r.id, func(r *runner, id RunnerID) int { return cmp.Compare(r.id, id) }); ok {
		r.scope.runners = slices.Delete(r.scope.runners, i, i+1)
	}
}

// scopeOf gives the scope of a path.
func (s *Server) scopeOf(c call) *scope {
	key := c.PathValue("org")
	if key == "" {
		key = s.repository(c).fullName()
	}
	key = strings.ToLower(key)
	known := s.scopes[key]
	if known == nil {
		known = &scope{in: s.accounts[strings.ToLower(c.in.Account)], key: key, names: map[string]*runner{}}
		s.scopes[key] = known
	}
	return known
}

// groupsOf gives the groups of a scope. A repository has only the default one.
func groupsOf(at *scope) []*Group {
	if strings.Contains(at.key, "/") {
		return []*Group{{ID: 1, Name: "Default"}}
	}
	return at.in.groups
}

type jitRequest struct {
	Name          *string
	RunnerGroupID *int64 `json:"runner_group_id"`
	Labels        []string
	WorkFolder    string `json:"work_folder"`
}

// problem gives GitHub's words for what is wrong with a request; "" if nothing is.
func (q jitRequest) problem() string {
	switch {
	case q.Name == nil || *q.Name == "":
		return "Invalid request.\n\n\"name\" wasn't supplied."
	case len(*q.Name) > 64:
		return "Name is too long (maximum is 64 characters)"
	case q.RunnerGroupID == nil:
		return "Invalid request.\n\n\"runner_group_id\" wasn't supplied."
	case len(q.Labels) < 1 || len(q.Labels) > 100:
		return "Invalid request.\n\nlabels must have 1 to 100 items."
	case slices.ContainsFunc(q.Labels, func(l string) bool { return l == "" || len(l) > 256 }):
		return "Invalid request.\n\nA label must have 1 to 256 characters."
	}
	return ""
}

func (s *Server) generateJITConfig(c call) reply {
	var q jitRequest
	if err := json.Unmarshal(c.body, &q); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	if text := q.problem(); text != "" {
		return refuse(http.StatusUnprocessableEntity, text)
	}
	at := s.scopeOf(c)
	groups := groupsOf(at)
	i := slices.IndexFunc(groups, func(g *Group) bool { return g.ID == *q.RunnerGroupID })
	if i < 0 {
		return notFound()
	}
	if at.names[strings.ToLower(*q.Name)] != nil {
		return refuse(http.StatusConflict, fmt.Sprintf("Already exists - A runner with the name %q already exists.", *q.Name))
	}
	lost := s.hits(s.cfg.Faults.JITReplyLost, "jit reply lost", at.key+"/"+*q.Name)
	r := s.register(at, registrationOf{*q.Name, groups[i], q.Labels, true})
	if lost {
		return s.lostReply()
	}
	return answer(http.StatusCreated, map[string]any{
		"runner":             runnerPayload(r),
		"encoded_jit_config": s.jitConfig(r, q.WorkFolder),
	})
}

func (s *Server) lostReply() reply {
	if s.cfg.Faults.LostStatus == 0 {
		return reply{lost: true}
	}
	return refuse(s.cfg.Faults.LostStatus, "Server Error")
}

type registrationToken struct {
	at      *scope
	expires time.Time
}

func (s *Server) registrationToken(c call) reply {
	at := s.scopeOf(c)
	secret := fmt.Sprintf("A%X", s.bytes(14, "registration", at.key))
	expires := s.cfg.Now().Add(time.Hour)
	s.registrations[secret] = registrationToken{at, expires}
	return answer(http.StatusCreated, map[string]any{"token": secret, "expires_at": instant(expires)})
}

func (s *Server) removeToken(c call) reply {
	secret := fmt.Sprintf("A%X", s.bytes(14, "remove", s.scopeOf(c).key))
	return answer(http.StatusCreated, map[string]any{"token": secret, "expires_at": instant(s.cfg.Now().Add(time.Hour))})
}

func (s *Server) listRunners(c call) reply {
	runners := s.scopeOf(c).runners
	if q := c.URL.Query(); q.Has("name") {
		runners = nil
		if r := s.scopeOf(c).names[strings.ToLower(q.Get("name"))]; r != nil {
			runners = []*runner{r}
		}
	}
	from, to, link := s.page(c, len(runners))
	out := []any{}
	for _, r := range runners[from:to] {
		out = append(out, runnerPayload(r))
	}
	return reply{
		status: http.StatusOK,
		body:   map[string]any{"total_count": len(runners), "runners": out},
		header: link,
	}
}

func (s *Server) runnerOf(c call) *runner {
	r := s.runners[RunnerID(c.id("runner_id"))]
	if r == nil || r.scope != s.scopeOf(c) {
		return nil
	}
	return r
}

func (s *Server) getRunner(c call) reply {
	r := s.runnerOf(c)
	if r == nil {
		return notFound()
	}
	return answer(http.StatusOK, runnerPayload(r))
}

func (s *Server) deleteRunner(c call) reply {
	r := s.runnerOf(c)
	if r == nil {
		return notFound()
	}
	if r.job != nil {
		return refuse(http.StatusUnprocessableEntity, fmt.Sprintf("Bad request - Runner %q is still running a job\"", r.name))
	}
	s.remove(r)
	s.release(r, Deleted)
	return reply{status: http.StatusNoContent}
}

func (s *Server) listGroups(c call) reply {
	groups := s.scopeOf(c).in.groups
	if name := c.URL.Query().Get("visible_to_repository"); name != "" {
		repo := s.repositories[strings.ToLower(c.in.Account+"/"+name)]
		groups = slices.DeleteFunc(slices.Clone(groups), func(g *Group) bool { return repo == nil || !g.serves(repo) })
	}
	from, to, link := s.page(c, len(groups))
	out := []any{}
	for _, g := range groups[from:to] {
		out = append(out, s.groupPayload(c.in, g))
	}
	return reply{
		status: http.StatusOK,
		body:   map[string]any{"total_count": len(groups), "runner_groups": out},
		header: link,
	}
}
