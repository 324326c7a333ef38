package githubsim

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The primary limits, by GitHub's names.
const (
	core         = "core"
	registration = "actions_runner_registration"
)

// window counts what was used since it opened. It opens with the first use after it ended.
type window struct {
	opened time.Time
	used   int
}

func (w *window) roll(at time.Time, length time.Duration) {
	if at.Sub(w.opened) >= length {
		*w = window{opened: at}
	}
}

// charge takes the cost of a call from the allowances of its installation, or refuses the call.
func (s *Server) charge(r route, in *installation, limits http.Header) (reply, bool) {
	if r.resource == "" || s.cfg.Enterprise != "" {
		return reply{}, true
	}
	now := s.cfg.Now()
	primary, limit := s.primary(in, r.resource)
	primary.roll(now, time.Hour)
	points := in.points[r.op]
	if points == nil {
		points = &window{}
		in.points[r.op] = points
	}
	points.roll(now, time.Minute)
	cost := 5
	if strings.HasPrefix(r.pattern, http.MethodGet) {
		cost = 1
	}
	if points.used+cost > s.cfg.Limits.Points {
		describe(limits, r.resource, *primary, limit)
		return s.secondary(s.cfg.Limits.Status, points.opened.Add(time.Minute).Sub(now)), false
	}
	if primary.used >= limit {
		describe(limits, r.resource, *primary, limit)
		return refuse(s.cfg.Limits.Status, "API rate limit exceeded for installation ID "+strconv.FormatInt(int64(in.ID), 10)+"."), false
	}
	points.used += cost
	primary.used++
	describe(limits, r.resource, *primary, limit)
	return reply{}, true
}

func (s *Server) primary(in *installation, resource string) (*window, int) {
	if resource == registration {
		return &in.registration, s.cfg.Limits.Registrations
	}
	return &in.core, s.cfg.Limits.Core
}

func describe(h http.Header, resource string, w window, limit int) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(limit-w.used))
	h.Set("X-RateLimit-Used", strconv.Itoa(w.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(reset(w).Unix(), 10))
	h.Set("X-RateLimit-Resource", resource)
}

// reset is in whole seconds, so it is rounded up: a client that waits until then must not be early.
func reset(w window) time.Time {
	return w.opened.Add(time.Hour + time.Second - 1).Truncate(time.Second)
}

func (s *Server) secondary(status int, wait time.Duration) reply {
	out := answer(status, map[string]string{
		"message":           "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
		"documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits",
		"status":            strconv.Itoa(status),
	})
	out.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}}
	return out
}

func (s *Server) rateLimit(c call) reply {
	now := s.cfg.Now()
	show := func(resource string) map[string]any {
		w, limit := s.primary(c.in, resource)
		w.roll(now, time.Hour)
		return map[string]any{"limit": limit, "used": w.used, "remaining": limit - w.used, "reset": reset(*w).Unix()}
	}
	search := map[string]any{"limit": 30, "used": 0, "remaining": 30, "reset": now.Add(time.Minute).Unix()}
	return answer(http.StatusOK, map[string]any{
		"resources": map[string]any{core: show(core), registration: show(registration), "search": search},
		"rate":      show(core),
	})
}
