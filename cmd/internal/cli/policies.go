package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/runfleet/runfleet/fleet/replay"
)

// policy is what replays a trace, and what it needs to know.
type policy struct {
	name  string
	stock int
	setup time.Duration
	idle  time.Duration
	boot  time.Duration // constant; of the closed forms alone
}

// policyFleet is what is replayed if nothing else is said: the fleet file.
const policyFleet = "fleet"

// closedForms are the policies whose answer is known exactly, with the flags
// that each one asks for.
var closedForms = map[string][]string{
	"base-stock":    {"stock"},
	"ephemeral":     nil,
	"reuse-optimum": {"setup"},
	"reuse-timeout": {"setup", "idle"},
}

func (p *policy) flags(f *pflag.FlagSet) {
	f.StringVar(&p.name, "policy", policyFleet, "fleet, or a closed form: base-stock, ephemeral, reuse-optimum, reuse-timeout")
	f.IntVar(&p.stock, "stock", 0, "base-stock: machines that are kept ready")
	f.DurationVar(&p.setup, "setup", 25*time.Second, "reuse-optimum, reuse-timeout: what a new machine costs, as time of a machine")
	f.DurationVar(&p.idle, "idle", 5*time.Minute, "reuse-timeout: after which a machine without a job is given up")
}

// check refuses what does not go together. A closed form knows one boot for
// all.
func (p *policy) check(f *pflag.FlagSet, boot replay.Boot) error {
	own, closed := closedForms[p.name]
	if p.name != policyFleet && !closed {
		return fmt.Errorf("%w: --policy is fleet, base-stock, ephemeral, reuse-optimum or reuse-timeout, not %q", errUsage, p.name)
	}
	for _, flag := range []string{"stock", "setup", "idle"} {
		if f.Changed(flag) && !slices.Contains(own, flag) {
			return fmt.Errorf("%w: --%s says nothing to --policy %s", errUsage, flag, p.name)
		}
	}
	for _, flag := range []string{"config", "compare", "seed", "begin"} {
		if closed && f.Changed(flag) {
			return fmt.Errorf("%w: --%s says nothing to --policy %s: a closed form knows no fleet file", errUsage, flag, p.name)
		}
	}
	switch {
	case closed && !f.Changed("boot"):
		boot = replay.Boot{P50: 30 * time.Second, P95: 30 * time.Second}
	case closed && boot.P50 != boot.P95:
		return fmt.Errorf("%w: --policy %s takes one boot for all machines, such as --boot 30s", errUsage, p.name)
	}
	if p.stock < 0 || p.setup < 0 || p.idle < 0 {
		return fmt.Errorf("%w: --stock, --setup and --idle are at least 0", errUsage)
	}
	p.boot = boot.P50
	return nil
}

// exact is the answer of a closed form. What a form does not speak of is
// absent.
type exact struct {
	V        int           `json:"v"`
	Policy   string        `json:"policy"`
	Trace    facts         `json:"trace"`
	Boot     float64       `json:"boot_seconds"`
	Stock    *int          `json:"stock,omitempty"`
	Setup    *float64      `json:"setup_seconds,omitempty"`
	Idle     *float64      `json:"idle_seconds,omitempty"`
	Wait     *replay.Waits `json:"wait_seconds,omitempty"`
	Billed   *float64      `json:"billed_seconds,omitempty"`
	Overhead *float64      `json:"overhead_seconds,omitempty"` // above the work
	Cost     *float64      `json:"cost_seconds,omitempty"`     // the work included
	Reused   *int          `json:"reused,omitempty"`           // jobs on a machine of before
}

func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}

// answer computes the form on a trace.
func (p *policy) answer(t facts) exact {
	a := exact{V: 1, Policy: p.name, Trace: t, Boot: p.boot.Seconds()}
	switch p.name {
	case "base-stock":
		w := replay.BaseStock(t.trace, p.boot, p.stock)
		a.Stock, a.Wait = &p.stock, &w
	case "ephemeral":
		billed := replay.Ephemeral(t.trace, p.boot)
		a.Billed = &billed
	case "reuse-optimum":
		over := replay.ReuseOptimum(t.trace, p.setup)
		all := over + t.trace.Work()
		a.Setup, a.Overhead, a.Cost = seconds(p.setup), &over, &all
	case "reuse-timeout":
		r := replay.ReuseTimeout(t.trace, replay.Timeout{Boot: p.boot, Setup: p.setup, Idle: p.idle})
		a.Setup, a.Idle, a.Wait, a.Reused = seconds(p.setup), seconds(p.idle), &r.Waits, &r.Reused
		over := r.Cost - t.trace.Work()
		a.Cost, a.Overhead = &r.Cost, &over
	}
	return a
}

// tell prints the answer of a closed form on the jobs of a trace that ran.
func (p *policy) tell(out io.Writer, t facts, asJSON bool) error {
	a := p.answer(factsOf(t.File, t.trace.Ran()))
	if asJSON {
		return json.NewEncoder(out).Encode(a)
	}
	fmt.Fprintf(out, "%s\n", a.Trace)
	said := []string{"boot " + p.boot.String()}
	for _, flag := range closedForms[p.name] {
		said = append(said, fmt.Sprintf("%s %v", flag, map[string]any{"stock": p.stock, "setup": p.setup, "idle": p.idle}[flag]))
	}
	fmt.Fprintf(out, "policy %s, in closed form: %s\n\n", p.name, strings.Join(said, ", "))
	rows := [][]string{}
	for _, line := range []struct {
		name string
		s    *float64
	}{{"work", &a.Trace.Work}, {"billed", a.Billed}, {"above the work", a.Overhead}, {"cost", a.Cost}} {
		if line.s != nil {
			rows = append(rows, []string{line.name, hours(*line.s) + " h"})
		}
	}
	if a.Reused != nil {
		rows = append(rows, []string{"jobs on a machine of before", share(float64(*a.Reused), float64(a.Trace.Jobs))})
	}
	grid(out, rows)
	if a.Wait != nil {
		fmt.Fprintln(out)
		grid(out, [][]string{waitHead, waitRow("jobs", *a.Wait)})
	}
	return nil
}
