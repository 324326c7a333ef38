package wire

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/provision"
)

// inquire is what GitHub says of a file.
func inquire(ctx context.Context, gh *github.Apps, f *config.File) []fleet.Problem {
	of := f.Fleet()
	return gh.Check(ctx, of.Accounts, of.Pools)
}

// survey is what AWS says of a file.
func (m means) survey(ctx context.Context, f *config.File) []fleet.Problem {
	cloud, err := m.launcher("", true)(f)
	if err != nil {
		return []fleet.Problem{{Key: "pools", Text: err.Error()}}
	}
	found := provision.Checker{EC2: provision.NewEC2(m.aws), SSM: m.ssm}.Check(ctx, cloud.Config)
	return unshaped(f, found)
}

// unshaped leaves out which types of a shape are not offered, as long as one is:
// nobody named them.
func unshaped(f *config.File, found []fleet.Problem) []fleet.Problem {
	found = slices.DeleteFunc(found, func(p fleet.Problem) bool { return strings.HasPrefix(p.Key, "types[") && shaped(f, p.Pool) })
	for i, p := range found {
		if p.Key == "types" && shaped(f, p.Pool) {
			found[i].Key = "shape"
		}
	}
	return found
}

// shaped reports whether a pool's types are those of a shape.
func shaped(f *config.File, pool string) bool {
	return slices.ContainsFunc(f.Pools, func(p config.Pool) bool { return p.Name == pool && len(p.Types) == 0 })
}

// troublesOf is what stops each pool, the first thing in the order of the check.
func troublesOf(f *config.File, found []fleet.Problem) map[string]string {
	troubles := map[string]string{}
	for _, x := range found {
		for _, pool := range f.Pools {
			if x.Stops && (x.Pool == "" || x.Pool == pool.Name) && troubles[pool.Name] == "" {
				troubles[pool.Name] = f.Placed([]fleet.Problem{x}).Error()
			}
		}
	}
	return troubles
}

// settled reports whether a check found nothing that is to be asked again.
func settled(found []fleet.Problem) bool {
	return !slices.ContainsFunc(found, func(x fleet.Problem) bool { return x.Stops || x.Unsure })
}

// checkTime bounds a check in a function: others wait for their look meanwhile.
const checkTime = 20 * time.Second

// Check asks GitHub and AWS whether what the fleet file names is there, unless
// that was done for this file, by whichever process. Pools that could launch
// nothing that registers have a problem from then on, and the others go on. It
// reports whether the next look has news of that.
func (l *Looker) Check(ctx context.Context) (news bool, err error) {
	return l.Recheck(ctx, func(ctx context.Context) (reconcile.Check, bool) {
		ctx, cancel := context.WithTimeout(ctx, checkTime)
		defer cancel()
		found := append(inquire(ctx, l.hub, l.means.file), l.means.survey(ctx, l.means.file)...)
		c := reconcile.Check{Stops: troublesOf(l.means.file, found), Done: settled(found)}
		for _, p := range l.means.file.Placed(found) {
			c.Problems = append(c.Problems, p.String())
		}
		return c, ctx.Err() == nil
	})
}
