package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const (
	// markBoots and a pool's name are a mark: the pool's last boots. Their machines
	// are gone within minutes, and a process that looks may be new.
	markBoots = "boots "
	// enoughBoots is how many boots replace the estimate by their median.
	enoughBoots = 20
	// atOnce is how soon a runner shows that was waiting for its config.
	atOnce = 20 * time.Second
)

// boot is how long one machine took from launch to a waiting agent.
type boot struct {
	machine fleet.MachineID
	at      time.Time // when that showed
	took    time.Duration
}

// BootEstimates is the boot estimate of every pool that was seen to boot often
// enough, as a look has it, for those who only ask.
func BootEstimates(s fleet.State, f fleet.Fleet) map[string]time.Duration {
	estimates, _ := learnBoots(s, f)
	return estimates
}

// learnBoots is the boot estimate of every pool that was seen to boot often
// enough, by the ledger's marks and its machines, and the marks that must change
// so that nothing is forgotten with the machines.
func learnBoots(s fleet.State, f fleet.Fleet) (estimates map[string]time.Duration, marks map[string]string) {
	known := map[string][]boot{}
	for name, text := range s.Marks {
		if pool, ok := strings.CutPrefix(name, markBoots); ok {
			known[pool] = bootsOf(text)
		}
	}
	fresh := freshBoots(s, f.Name)
	estimates, marks = map[string]time.Duration{}, map[string]string{}
	for _, p := range f.Pools {
		all := lastBoots(known[p.Name], fresh[p.Name])
		if text := bootsText(all); text != s.Marks[markBoots+p.Name] {
			marks[markBoots+p.Name] = text
		}
		delete(known, p.Name)
		if len(all) == enoughBoots {
			spans := make([]time.Duration, len(all))
			for i, b := range all {
				spans[i] = b.took
			}
			slices.Sort(spans)
			estimates[p.Name] = spans[len(spans)/2]
		}
	}
	for pool := range known { // it left the file
		marks[markBoots+pool] = ""
	}
	return estimates, marks
}

// freshBoots is what the ledger's machines say of their pools' boots. One that
// told when its agent was there says it exactly. Any other's runner shows by its
// job's start or in a full look, whichever came first.
func freshBoots(s fleet.State, name string) map[string][]boot {
	shown, asked := map[fleet.MachineID]time.Time{}, map[fleet.MachineID]time.Time{}
	for _, j := range s.Jobs {
		if id, _, ok := fleet.ParseRunnerName(name, j.Runner); ok && !j.StartedAt.IsZero() {
			shown[id] = j.StartedAt
		}
	}
	for _, r := range s.Reports {
		if r.Kind == fleet.ReportReady {
			asked[r.Machine] = r.At
		}
	}
	all := map[string][]boot{}
	for _, m := range s.Machines {
		if !m.AdoptedAt.IsZero() || !m.StartedAt.IsZero() {
			continue
		}
		b := boot{m.ID, m.ReadyAt, 0}
		if at, ok := shown[m.ID]; ok && (b.at.IsZero() || at.Before(b.at)) {
			b.at = at
		}
		if at, ok := asked[m.ID]; ok && at.After(m.LaunchedAt) {
			b.at, b.took = at, at.Sub(m.LaunchedAt)
		} else if !b.at.IsZero() && m.Minted() {
			b.took = tookAtMost(m, b.at)
		}
		if b.took > 0 {
			all[m.Pool] = append(all[m.Pool], b)
		}
	}
	return all
}

// tookAtMost is what one machine's runner says of its boot. A machine that told
// nothing is registered when the estimate has passed, so its runner can never show
// before that: one that shows at once was waiting, and booted in less. Taking the
// whole span all the same would let the estimate feed on itself, ever longer.
func tookAtMost(m fleet.Machine, shown time.Time) time.Duration {
	if shown.Sub(m.MintedAt) <= atOnce {
		return m.MintedAt.Sub(m.LaunchedAt) / 2
	}
	return shown.Sub(m.LaunchedAt)
}

// lastBoots are the last ones, each machine once: what is known of it already
// stays. A machine whose boot was dropped for newer ones does not come back.
func lastBoots(known, fresh []boot) []boot {
	all := slices.Clone(known)
	for _, b := range fresh {
		old := len(known) >= enoughBoots && !known[0].at.Before(b.at)
		if !old && !slices.ContainsFunc(known, func(k boot) bool { return k.machine == b.machine }) {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b boot) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.machine, b.machine)) })
	return all[max(0, len(all)-enoughBoots):]
}

// bootsText is boots as a mark has them: MACHINE,SHOWN,TOOK in milliseconds, the
// oldest first.
func bootsText(all []boot) string {
	words := make([]string, len(all))
	for i, b := range all {
		words[i] = fmt.Sprintf("%s,%d,%d", b.machine, b.at.UnixMilli(), b.took.Milliseconds())
	}
	return strings.Join(words, " ")
}

// bootsOf reads a mark. What it cannot read it leaves out.
func bootsOf(text string) (all []boot) {
	for _, word := range strings.Fields(text) {
		parts := strings.Split(word, ",")
		if len(parts) != 3 {
			continue
		}
		at, err := strconv.ParseInt(parts[1], 10, 64)
		took, wrong := strconv.ParseInt(parts[2], 10, 64)
		if err == nil && wrong == nil {
			all = append(all, boot{fleet.MachineID(parts[0]), time.UnixMilli(at).UTC(), time.Duration(took) * time.Millisecond})
		}
	}
	return all
}
