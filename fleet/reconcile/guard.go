package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const (
	guardEvery = time.Hour       // looks at what GitHub allows of groups and versions
	guardFor   = 3 * time.Hour   // what they found is told, if no later one finds it
	guardAgain = 5 * time.Minute // after one that was not answered
	// markRunner is the mark of what is known of versions of the runner.
	markRunner  = "runner"
	markGuarded = "guarded" // when everything was answered
	guardScopes = 20        // whose groups are looked at in one hour
	// releasesKept bounds the mark of versions.
	releasesKept = 20
)

// runnerMark is the mark's body.
type runnerMark struct {
	Version  string // that the fleet file names
	EndsAt   time.Time
	Releases map[string]time.Time // since when they are offered, as far as was seen
}

func runnerOf(marks map[string]string) (m runnerMark) {
	_ = json.Unmarshal([]byte(marks[markRunner]), &m) // one that cannot be read is none
	return m
}

// guard asks GitHub, once an hour, whether the groups of pools let public
// repositories in, and whether it still serves the runner's version. What it
// finds is in the ledger: it holds whoever comes after.
func (r *Reconciler) guard(ctx context.Context, s *fleet.Snapshot) error {
	if r.Guards == nil || s.At.Before(r.memory.guardAt) {
		return nil
	}
	known := runnerOf(s.State.Marks).Version == s.Fleet.Runner
	if due := instant(s.State.Marks[markGuarded]).Add(guardEvery); known && s.At.Before(due) {
		return nil
	}
	homes := homes(*s)
	if len(homes) == 0 {
		return nil // nobody can be asked yet
	}
	r.memory.guardAt = s.At.Add(guardAgain)
	c := fleet.Change{Marks: map[string]string{}}
	groups := r.guardGroups(ctx, *s, homes, &c)
	if runner := r.guardRunner(ctx, *s, homes[0], &c); groups && runner {
		c.Marks[markGuarded] = stamp(s.At)
	}
	if c.Empty() {
		return nil
	}
	if err := r.Ledger.Settle(ctx, c); err != nil {
		return err
	}
	var err error
	s.State, err = r.read(ctx)
	return err
}

// homes are the scopes in which the fleet's runners are or may soon be.
func homes(s fleet.Snapshot) []fleet.Scope {
	all := slices.Collect(maps.Values(s.Scopes))
	for at := range sources(s) {
		all = append(all, at.class.Scope)
	}
	for _, a := range activeOf(s.State.Marks) {
		all = append(all, a.Repository.Scope)
	}
	all = slices.DeleteFunc(all, func(at fleet.Scope) bool { return at == fleet.Scope{} })
	slices.SortFunc(all, fleet.Scope.Compare)
	return slices.Compact(all)
}

// unguarded tells of what was not answered. It is asked again soon.
func (r *Reconciler) unguarded(ctx context.Context, err error) {
	r.limit(err)
	r.Log.WarnContext(ctx, "GitHub's guards not known", "error", err)
}

// guardGroups tells of pools whose runner group lets public repositories in
// though the fleet serves none there: GitHub would give a job of one to any
// runner of theirs that holds its labels. It reports whether all is known.
func (r *Reconciler) guardGroups(ctx context.Context, s fleet.Snapshot, homes []fleet.Scope, c *fleet.Change) bool {
	all := true
	for _, at := range someOf(homes, s.At) {
		if at.Repo != "" || s.Fleet.ServesPublic(at.Owner) {
			continue
		}
		for _, p := range s.Fleet.Pools {
			if !p.Within(at) {
				continue
			}
			open, err := false, r.limitOn(at.Installation, fleet.Housekeeping)
			if err == nil {
				open, err = r.Guards.Open(ctx, at, p.Group)
			}
			if err != nil {
				r.unguarded(ctx, err)
				all = all && errors.Is(err, fleet.ErrConfig) // there is no such group: a mint tells
				continue
			}
			if open {
				c.Setbacks = append(c.Setbacks, warning(fleet.GroupKey(p.Name, at), s.At, s.At.Add(guardFor), fmt.Sprintf(
					"the runner group of pool %s in %s lets public repositories in, and github.allow lists none there: GitHub may give its machines a job of one",
					p.Name, at)))
			}
		}
	}
	return all
}

// someOf is guardScopes of many scopes, in turns by the hour: a look must not take
// minutes.
func someOf(homes []fleet.Scope, at time.Time) []fleet.Scope {
	if len(homes) <= guardScopes {
		return homes
	}
	first := int(at.Unix()/int64(guardEvery/time.Second)) * guardScopes % len(homes)
	return slices.Concat(homes[first:], homes[:first])[:guardScopes]
}

func warning(key fleet.SetbackKey, at, until time.Time, text string) fleet.Setback {
	return fleet.Setback{Key: key, Strikes: 1, At: at, Until: until, Detail: text}
}

// guardRunner notes what GitHub says of the runner, and tells of its end. It
// reports whether that is known.
func (r *Reconciler) guardRunner(ctx context.Context, s fleet.Snapshot, at fleet.Scope, c *fleet.Change) bool {
	version := s.Fleet.Runner
	if version == "" {
		return true
	}
	told, err := fleet.RunnerRelease{}, r.limitOn(at.Installation, fleet.Housekeeping)
	if err == nil {
		told, err = r.Guards.RunnerRelease(ctx, at, version)
	}
	if err != nil {
		r.unguarded(ctx, err)
		return false
	}
	m := noted(s, told)
	if body, err := json.Marshal(m); err == nil && string(body) != s.State.Marks[markRunner] {
		c.Marks[markRunner] = string(body)
	}
	if text := runnerText(s, told, m); text != "" {
		c.Setbacks = append(c.Setbacks, warning(fleet.RunnerKey(version), s.At, s.At.Add(guardFor), text))
	}
	return true
}

// noted is the mark with what GitHub told now.
func noted(s fleet.Snapshot, told fleet.RunnerRelease) runnerMark {
	m := runnerOf(s.State.Marks)
	m.Version, m.EndsAt = s.Fleet.Runner, told.EndsAt
	if m.Releases == nil {
		m.Releases = map[string]time.Time{}
	}
	if _, known := m.Releases[told.Newest]; !known && told.Newest != "" {
		m.Releases[told.Newest] = s.At
	}
	oldest := slices.SortedFunc(maps.Keys(m.Releases), func(a, b string) int {
		if fleet.OlderRunner(a, b) {
			return -1
		}
		return 1
	})
	for _, v := range oldest[:max(0, len(oldest)-releasesKept)] {
		delete(m.Releases, v)
	}
	return m
}

// runnerText is what people should know of the version's end; empty while it is
// further off than the notice.
func runnerText(s fleet.Snapshot, told fleet.RunnerRelease, m runnerMark) string {
	end, why := fleet.RunnerEnd(m.Version, told, m.Releases)
	switch {
	case end.IsZero() || s.At.Add(fleet.RunnerNotice).Before(end):
		return ""
	case s.At.Before(end):
		return fmt.Sprintf("GitHub serves runner %s until %s: %s; name a newer one under machine.runner%s",
			m.Version, end.Format(time.DateOnly), why, suchAs(told.Newest))
	}
	return runnerOver(m.Version, why) + "; nothing is launched until machine.runner names a newer one" + suchAs(told.Newest)
}

func suchAs(version string) string {
	if version == "" {
		return ""
	}
	return ", such as " + version
}

func runnerOver(version, why string) string {
	return fmt.Sprintf("GitHub does not serve runner %s: %s", version, why)
}

// refuseRunner adds the end of the runner's version to the problems of pools: no
// machine is launched to which GitHub would give no job. It goes by the ledger
// alone, so it holds before anybody is asked.
func refuseRunner(s fleet.Snapshot, problems map[string]string) {
	m, version := runnerOf(s.State.Marks), s.Fleet.Runner
	var told fleet.RunnerRelease
	if m.Version == version {
		told.EndsAt = m.EndsAt
	}
	end, why := fleet.RunnerEnd(version, told, m.Releases)
	if end.IsZero() || s.At.Before(end) {
		return
	}
	for _, p := range s.Fleet.Pools {
		if problems[p.Name] == "" {
			problems[p.Name] = runnerOver(version, why)
		}
	}
}
