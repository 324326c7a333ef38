package reconcile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// fullLook reads EC2 by tag and GitHub's runners, and writes what it saw into
// the ledger, so that every later look, of any process, judges by it. What
// could not be read is left as it was: absence must be seen, not assumed. So is
// what acts may be about to write. It takes a plan number, as a plan does: what
// was seen beside a plan that it did not know is seen again.
func (r *Reconciler) fullLook(ctx context.Context, s *fleet.Snapshot, write bool) error {
	var c fleet.Change
	shown, err := r.Cloud.Machines(ctx)
	if err != nil {
		r.Log.WarnContext(ctx, "machines not seen", "error", err)
	} else {
		c.Machines = r.sightMachines(ctx, s, shown)
		c.Marks = map[string]string{
			markLooked:       stamp(s.At),
			markLookedBefore: s.State.Marks[markLooked],
		}
	}
	r.listRunners(ctx, s, &c)
	if !write {
		see(s, c)
		return nil
	}
	if text, ok := r.metersMark(s.At); ok && c.Marks != nil {
		c.Marks[markMeters] = text
	}
	if c = actsOf(*s, r.Now()).leave(c); !c.Empty() {
		if err := r.Ledger.Commit(ctx, s.State.Number, c); err != nil {
			r.Full()
			return err
		}
	}
	if s.State, err = r.read(ctx); err != nil {
		return err
	}
	if r.Sweeper != nil && !s.At.Before(r.memory.swept.Add(sweepEvery)) {
		r.memory.swept = s.At
		all := r.leftovers(ctx, s)
		r.memory.left = s.Leftovers
		if !all {
			r.sweepAgain()
		}
	}
	return nil
}

// listRunners merges what GitHub lists of each scope into a full look's change.
func (r *Reconciler) listRunners(ctx context.Context, s *fleet.Snapshot, c *fleet.Change) {
	for _, scope := range scopes(s, c.Machines) {
		if r.limitOn(scope.Installation, fleet.Housekeeping) != nil || shut(s.State, scope.Installation) {
			continue
		}
		listed, err := r.GitHub.Runners(ctx, scope, "rf-"+s.Fleet.Name+"-")
		if err != nil {
			r.limit(err)
			if errors.Is(err, fleet.ErrConfig) {
				r.Doubt(scope.Installation) // its account may have another name now
			}
			r.Log.WarnContext(ctx, "runners not seen", "scope", scope.String(), "error", err)
			continue
		}
		sightRunners(s, scope, listed, c)
	}
}

// see puts sights into a snapshot alone, for a look that writes nothing.
func see(s *fleet.Snapshot, c fleet.Change) {
	if c.Machines != nil {
		s.State.Machines = c.Machines
	}
	for _, x := range c.Runners {
		at := slices.IndexFunc(s.State.Runners, func(y fleet.Runner) bool { return y.Name == x.Name })
		if at < 0 {
			s.State.Runners = append(s.State.Runners, x)
			continue
		}
		s.State.Runners[at] = x
	}
}

// sightMachines merges what EC2 shows into the ledger's machines, and adopts
// machines that carry the fleet's tag and are not in the ledger.
func (r *Reconciler) sightMachines(ctx context.Context, s *fleet.Snapshot, shown []fleet.Machine) []fleet.Machine {
	bySight := make(map[fleet.MachineID]fleet.Machine, len(shown))
	for _, m := range shown {
		bySight[m.ID] = m
	}
	var rows []fleet.Machine
	for _, m := range s.State.Machines {
		sight, ok := bySight[m.ID]
		delete(bySight, m.ID)
		if ok {
			m = m.Sighted(sight, s.At)
		} else if s.At.Sub(m.LaunchedAt) >= fleet.PendingFor {
			m.Missed++
		}
		if at, ok := s.Scopes[m.Pool]; ok && m.Standing && m.Scope.Owner == at.Owner {
			m.Scope = at // the App may have been installed anew
		}
		rows = append(rows, m)
	}
	for _, m := range shown {
		if _, unknown := bySight[m.ID]; !unknown || m.Gone() {
			continue
		}
		if m.SeenAt = s.At; asked(s.State, m) {
			r.Log.InfoContext(ctx, "launch seen", "machine", m.ID, "pool", m.Pool, "intent", m.Intent)
			rows = append(rows, m)
			continue
		}
		m.AdoptedAt = s.At
		if m.Standing && (m.State == fleet.Stopping || m.State == fleet.Stopped) {
			m.StoppedAt, m.ReadyAt = s.At, s.At // it is taken to have come up once
		}
		r.Log.InfoContext(ctx, "adopt", "machine", m.ID, "pool", m.Pool, "reason", "it carries the fleet's tag")
		rows = append(rows, m)
	}
	return rows
}

// asked reports whether this ledger asked for a machine and waits for the answer.
func asked(state fleet.State, m fleet.Machine) bool {
	return slices.ContainsFunc(state.Intents, func(in fleet.Intent) bool { return in.Launch != nil && in.ID == m.Intent })
}

// sightRunners merges a scope's registrations into the ledger's, and tells
// their machines that they came up.
func sightRunners(s *fleet.Snapshot, scope fleet.Scope, listed []fleet.Runner, c *fleet.Change) {
	known := map[string]fleet.Runner{}
	for _, x := range s.State.Runners {
		if x.Scope == scope {
			known[x.Name] = x
		}
	}
	rows := c.Machines
	if rows == nil {
		rows = s.State.Machines
	}
	at := make(map[fleet.MachineID]int, len(rows))
	for i, m := range rows {
		at[m.ID] = i
	}
	for _, x := range listed {
		old, ok := known[x.Name]
		delete(known, x.Name)
		x.Scope, x.SeenAt, x.FirstAt, x.TriedAt, x.OnlineAt = scope, s.At, s.At, old.TriedAt, old.OnlineAt
		if ok {
			x.FirstAt = old.FirstAt
		}
		x.BusyAt = busySince(x, old)
		if x.Online {
			x.OnlineAt = s.At
		}
		c.Runners = append(c.Runners, x)
		id, try, ok := fleet.ParseRunnerName(s.Fleet.Name, x.Name)
		if i, found := at[id]; ok && found {
			if m, changed := cameUp(rows[i], x, try); changed {
				rows[i] = m
				if c.Machines == nil {
					c.Machines = rows
				}
			}
		}
	}
	for _, x := range known {
		x.Missed++
		c.Runners = append(c.Runners, x)
	}
}

// busySince is when the looks began to show a registration as busy.
func busySince(x, old fleet.Runner) time.Time {
	switch {
	case !x.Busy:
		return time.Time{}
	case old.Busy && !old.BusyAt.IsZero():
		return old.BusyAt
	}
	return x.SeenAt
}

// cameUp is the machine after its registration was seen. A machine adopted
// without any registration known takes over the one that GitHub shows.
func cameUp(m fleet.Machine, x fleet.Runner, try int) (fleet.Machine, bool) {
	before := m
	if m.Try == 0 && !m.AdoptedAt.IsZero() {
		m.Try, m.RunnerID, m.Scope, m.MintedAt = try, x.ID, x.Scope, x.FirstAt
	}
	if m.Try == try && m.Minted() && m.RunnerID == 0 {
		m.RunnerID = x.ID // the machine registered itself
		m.Taken = true
	}
	up := (x.Online || x.Busy) && m.StoppedAt.IsZero() // GitHub shows a stopped one online for a moment
	if m.Try == try && m.Minted() && m.ReadyAt.IsZero() && up {
		m.ReadyAt, m.Taken = x.SeenAt, true
	}
	return m, m != before
}
