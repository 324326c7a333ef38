package reconcile

import (
	"context"

	"github.com/runfleet/runfleet/fleet"
)

func (h *hub) Runs(_ context.Context, of fleet.Repository) (runs []fleet.Run, err error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if refused, _ := h.rig.did("runs", of.Name); refused != nil {
		return nil, refused
	}
	seen := map[fleet.RunID]bool{}
	for _, j := range h.hidden {
		if j.Repo == of.Name && !seen[j.Run] {
			seen[j.Run] = true
			runs = append(runs, fleet.Run{ID: j.Run, Repository: of, Public: j.Public, Origin: j.Origin})
		}
	}
	return runs, nil
}

func (h *hub) Pushed(_ context.Context, in fleet.Installation, page int) (repos []fleet.Pushed, more bool, err error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if refused, _ := h.rig.did("pushed", in.ID, page); refused != nil {
		return nil, false, refused
	}
	if page > len(h.pushed) {
		return nil, false, nil
	}
	return h.pushed[page-1], page < len(h.pushed), nil
}

func (h *hub) Jobs(_ context.Context, r fleet.Run) (jobs []fleet.Job, err error) {
	if h.onJobs != nil {
		h.onJobs()
	}
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if refused, _ := h.rig.did("jobs", r.ID); refused != nil {
		return nil, refused
	}
	for _, j := range h.hidden {
		if j.Repo == r.Name && j.Run == r.ID {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

func (h *hub) Run(_ context.Context, of fleet.Repository, id fleet.RunID) (fleet.Run, error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if refused, _ := h.rig.did("run", id); refused != nil {
		return fleet.Run{}, refused
	}
	for _, j := range h.hidden {
		if j.Repo == of.Name && j.Run == id {
			return fleet.Run{ID: id, Repository: of, Public: j.Public, Origin: j.Origin}, nil
		}
	}
	return fleet.Run{}, fleet.ErrAbsent
}

func (h *hub) Open(_ context.Context, s fleet.Scope, group string) (bool, error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	refused, _ := h.rig.did("group", s, group)
	return h.open, refused
}

func (h *hub) RunnerRelease(_ context.Context, s fleet.Scope, version string) (fleet.RunnerRelease, error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	refused, _ := h.rig.did("release", s, version)
	return h.release, refused
}
