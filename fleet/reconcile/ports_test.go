package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// hub is a GitHub: it registers and lists, and knows its jobs.
type hub struct {
	rig     *rig
	runners []fleet.Runner
	jobs    map[fleet.JobID]fleet.Job
	next    int64
	hidden  []fleet.Job // of which no delivery tells; each in a run
	onJobs  func()      // before jobs are listed
	open    bool        // its groups let public repositories in
	release fleet.RunnerRelease

	installed []fleet.Installation
	numbers   []int64          // of accounts whose scope was asked for
	renamed   map[int64]string // logins of today, by number
	pushed    [][]fleet.Pushed // pages
}

func (h *hub) Installations(context.Context) ([]fleet.Installation, error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if refused, _ := h.rig.did("installations"); refused != nil {
		return nil, refused
	}
	return h.installed, nil
}

func (h *hub) Mint(_ context.Context, m fleet.Mint, name string) (int64, string, error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	refused, lost := h.rig.did("mint", name)
	if refused != nil {
		return 0, "", refused
	}
	if slices.ContainsFunc(h.runners, func(x fleet.Runner) bool { return x.Scope == m.Scope && x.Name == name }) {
		return 0, "", fleet.ErrTaken
	}
	h.next++
	h.runners = append(h.runners, fleet.Runner{Name: name, ID: h.next, Scope: m.Scope})
	return h.next, "config", lost
}

func (h *hub) Remove(_ context.Context, s fleet.Scope, id int64) error {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	refused, lost := h.rig.did("remove", id)
	if refused != nil {
		return refused
	}
	at := slices.IndexFunc(h.runners, func(x fleet.Runner) bool { return x.Scope == s && x.ID == id })
	switch {
	case at < 0:
		return fleet.ErrAbsent
	case h.runners[at].Busy:
		return fleet.ErrBusy
	}
	h.runners = slices.Delete(h.runners, at, at+1)
	return lost
}

func (h *hub) Rerun(_ context.Context, r fleet.Rerun) error {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	refused, lost := h.rig.did("rerun", r.Run)
	return errors.Join(refused, lost)
}

func (h *hub) Runners(_ context.Context, s fleet.Scope, prefix string) (found []fleet.Runner, err error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if refused, _ := h.rig.did("runners", s); refused != nil {
		return nil, refused
	}
	for _, x := range h.runners {
		if x.Scope == s && strings.HasPrefix(x.Name, prefix) {
			found = append(found, x)
		}
	}
	return found, nil
}

func (h *hub) Scope(_ context.Context, account fleet.Account) (fleet.Scope, error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if refused, _ := h.rig.did("scope", account.Login); refused != nil {
		return fleet.Scope{}, refused
	}
	h.numbers = append(h.numbers, account.ID)
	at := map[string]fleet.Scope{"acme": acme, "zeta": zeta}[strings.ToLower(account.Login)]
	at.Owner = cmp.Or(h.renamed[account.ID], at.Owner)
	return at, nil
}

func (h *hub) Enrolment(_ context.Context, s fleet.Scope) (fleet.Enrolment, time.Time, error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	refused, _ := h.rig.did("enrolment", s)
	return fleet.Enrolment{URL: "https://github.com/" + s.Owner, Token: "hush"}, h.rig.now.Add(45 * time.Minute), refused
}

func (h *hub) Job(_ context.Context, j fleet.Job) (fleet.Job, error) {
	h.rig.mu.Lock()
	defer h.rig.mu.Unlock()
	if refused, _ := h.rig.did("job", j.Key.ID); refused != nil {
		return fleet.Job{}, refused
	}
	known, ok := h.jobs[j.Key.ID]
	if !ok {
		return fleet.Job{}, fleet.ErrAbsent
	}
	return known, nil
}

// yard is an EC2 that has all that is asked of it, unless a test says how a
// launch is answered. One intent is launched once.
type yard struct {
	rig       *rig
	recipes   []fleet.Recipe
	answer    func(fleet.IntentID, fleet.Launch) (fleet.Launched, error)
	sent      []fleet.Intent // launches as they came, with their ids
	brought   map[fleet.IntentID]fleet.Launched
	shown     []fleet.Machine
	fleets    map[string]time.Time
	templates map[string]time.Time
}

func (y *yard) Launch(_ context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error) {
	y.rig.mu.Lock()
	defer y.rig.mu.Unlock()
	refused, lost := y.rig.did("launch", l.Count, l.Market)
	y.sent = append(y.sent, fleet.Intent{ID: id, SentAt: y.rig.now, Launch: &l})
	if refused != nil {
		return fleet.Launched{}, refused
	}
	if y.answer != nil {
		return y.answer(id, l)
	}
	if _, again := y.brought[id]; !again {
		y.brought[id] = y.bring(id, l, l.Count)
	}
	if lost != nil {
		return fleet.Launched{}, lost
	}
	return y.brought[id], nil
}

// bring launches machines, of the launch's first offer.
func (y *yard) bring(id fleet.IntentID, l fleet.Launch, n int) (got fleet.Launched) {
	for range n {
		m := fleet.Machine{
			ID: fleet.MachineID(fmt.Sprint("i-", len(y.shown)+1)), Pool: l.Pool, Intent: id, Template: l.Template,
			Offer: l.Offers[0], LaunchedAt: y.rig.now, State: fleet.Up, Standing: l.Standing,
		}
		y.shown = append(y.shown, m)
		m.State = fleet.Unseen
		got.Machines = append(got.Machines, m)
	}
	return got
}

func (y *yard) End(_ context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return y.turn("end", ids, fleet.Terminated)
}

func (y *yard) Start(_ context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return y.turn("start", ids, fleet.Pending)
}

func (y *yard) Stop(_ context.Context, ids []fleet.MachineID) map[fleet.MachineID]error {
	return y.turn("stop", ids, fleet.Stopping)
}

// turn refuses by "start i-1" and the like, or by "start" all of a call.
func (y *yard) turn(verb string, ids []fleet.MachineID, state fleet.MachineState) map[fleet.MachineID]error {
	y.rig.mu.Lock()
	defer y.rig.mu.Unlock()
	left := map[fleet.MachineID]error{}
	all, allLost := y.rig.did(verb, anys(ids)...)
	for _, id := range ids {
		one := y.rig.refuse[verb+" "+string(id)]
		if err := cmp.Or(all, one); err != nil {
			left[id] = err
			continue
		}
		for i := range y.shown {
			if y.shown[i].ID == id {
				y.shown[i].State = state
			}
		}
		if allLost != nil {
			left[id] = allLost
		}
	}
	return left
}

func (y *yard) Machines(context.Context) ([]fleet.Machine, error) {
	y.rig.mu.Lock()
	defer y.rig.mu.Unlock()
	if refused, _ := y.rig.did("machines"); refused != nil {
		return nil, refused
	}
	return slices.Clone(y.shown), nil
}

func (y *yard) Recipes(context.Context) ([]fleet.Recipe, error) {
	y.rig.mu.Lock()
	defer y.rig.mu.Unlock()
	if refused, _ := y.rig.did("recipes"); refused != nil {
		return nil, refused
	}
	return y.recipes, nil
}

func (y *yard) Leftovers(context.Context) (fleets, templates map[string]time.Time, err error) {
	y.rig.mu.Lock()
	defer y.rig.mu.Unlock()
	if refused, _ := y.rig.did("leftovers"); refused != nil {
		return nil, nil, refused
	}
	return y.fleets, y.templates, nil
}

func (y *yard) Sweep(_ context.Context, fleets, templates []string) error {
	y.rig.mu.Lock()
	defer y.rig.mu.Unlock()
	refused, _ := y.rig.did("sweep", anys(slices.Concat(fleets, templates))...)
	return refused
}

func anys[T any](xs []T) (all []any) {
	for _, x := range xs {
		all = append(all, x)
	}
	return all
}

// shelf is where configs wait. A test takes one by deleting it, as an agent.
type shelf struct {
	rig     *rig
	configs map[fleet.MachineID]time.Time
}

func (s *shelf) Put(_ context.Context, m fleet.MachineID, _ string) error {
	s.rig.mu.Lock()
	defer s.rig.mu.Unlock()
	refused, lost := s.rig.did("put", m)
	if refused != nil {
		return refused
	}
	if _, there := s.configs[m]; there {
		return fleet.ErrTaken
	}
	s.configs[m] = s.rig.now
	return lost
}

func (s *shelf) PutPlain(_ context.Context, names fleet.Plain, e fleet.Enrolment) error {
	s.rig.mu.Lock()
	defer s.rig.mu.Unlock()
	refused, _ := s.rig.did("plain", names.URL, names.Token, e.URL)
	return refused
}

func (s *shelf) Withdraw(_ context.Context, m fleet.MachineID) (taken bool, err error) {
	s.rig.mu.Lock()
	defer s.rig.mu.Unlock()
	refused, lost := s.rig.did("withdraw", m)
	if refused != nil {
		return false, refused
	}
	_, there := s.configs[m]
	delete(s.configs, m)
	return !there, lost
}

func (s *shelf) Stored(context.Context) (map[fleet.MachineID]time.Time, error) {
	s.rig.mu.Lock()
	defer s.rig.mu.Unlock()
	if refused, _ := s.rig.did("stored"); refused != nil {
		return nil, refused
	}
	return maps.Clone(s.configs), nil
}
