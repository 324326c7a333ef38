package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

const (
	// lookedLate is from when on a manager that runs should have looked: at rest a
	// full look comes every ten minutes.
	lookedLate = 12 * time.Minute
	// functionsLate is the same of functions, which look at all each minute: from
	// then on the deployment's own alarm tells of it.
	functionsLate = 5 * time.Minute
)

// What is known of the manager of a ledger.
const (
	managerRuns    = "runs"
	managerNone    = "none"
	managerUnknown = "unknown" // the ledger's lock may not be read
)

func statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "Say in a few lines how the fleet is", Args: cobra.NoArgs,
		Long: `Says how the fleet is, whether a manager runs, and how old the last full look is:
what is said of machines and runners is as of that.`,
	}
	return showing(c, func(_ context.Context, b book, _ []string) (answer, error) {
		v := viewStatus(b.snapshot(), b.Serve.Ledger, b.manager())
		return answer{text: v.tell, values: v}, nil
	})
}

// manager tells whether somebody manages: a server by the lock that it holds,
// functions, which hold none, by their last full look.
func (b book) manager() string {
	if b.Serve.Table() != "" {
		return yes(b.at.Sub(reconcile.LookedAt(b.state.Marks)) <= functionsLate, managerRuns, managerNone)
	}
	switch held, err := sqlite.Held(b.Serve.Ledger); {
	case err != nil:
		return managerUnknown
	case held:
		return managerRuns
	}
	return managerNone
}

// remedy is what helps where no manager runs.
func (b book) remedy() string {
	return yes(b.Serve.Table() != "", "see the log of the function look", "start serve")
}

// statusView is the status as JSON has it; see the other views.
type statusView struct {
	Fleet    string                    `json:"fleet"`
	Ledger   string                    `json:"ledger"`  // a file, or dynamodb:TABLE
	Plan     int64                     `json:"plan"`    // the ledger's number
	Manager  string                    `json:"manager"` // runs, none, unknown
	Looked   time.Time                 `json:"looked_at,omitzero"`
	Age      *float64                  `json:"looked_seconds_ago,omitempty"`
	Jobs     map[string]int            `json:"jobs"`     // waiting, queued, running
	Verdicts map[fleet.VerdictCode]int `json:"verdicts"` // of queued jobs; not-looked-at: none yet
	Machines int                       `json:"machines"`
	Intents  int                       `json:"open_intents"`
	Hours    []hoursView               `json:"hours"`
	Problems []problemView             `json:"problems"` // of pools that can launch nothing
	Setbacks []setbackView             `json:"setbacks"` // that hold
	Orders   []orderView               `json:"orders"`
	Alerts   []string                  `json:"alerts"`
	// GitHub is what GitHub's answers told the manager, as of its last full look.
	GitHub []meterView `json:"github_allowances"`
}

// notLookedAt stands for the verdict of a job that no look has seen yet.
const notLookedAt fleet.VerdictCode = "not-looked-at"

func viewStatus(seen fleet.Snapshot, ledger, manager string) statusView {
	f, s := seen.Fleet, seen.State
	v := statusView{
		Fleet: f.Name, Ledger: ledger, Plan: s.Number, Manager: manager, Looked: reconcile.LookedAt(s.Marks), Intents: len(s.Intents),
		Jobs: map[string]int{}, Verdicts: map[fleet.VerdictCode]int{}, Hours: []hoursView{}, Setbacks: []setbackView{},
		Orders: views(s.Orders, viewOrder), Alerts: texts(fleet.Decide(seen).Alerts),
		GitHub: viewMeters(reconcile.MetersIn(s.Marks), seen.At), Problems: viewProblems(s.Marks),
	}
	if !v.Looked.IsZero() {
		age := seen.At.Sub(v.Looked).Seconds()
		v.Age = &age
	}
	for _, status := range []fleet.JobStatus{fleet.Waiting, fleet.Queued, fleet.Running} {
		v.Jobs[status.String()] = 0
	}
	for _, j := range s.Jobs {
		if j.Open() {
			v.Jobs[j.Status.String()]++
		}
		if j.Status == fleet.Queued {
			v.Verdicts[cmp.Or(j.Verdict.Code, notLookedAt)]++
		}
	}
	for _, m := range s.Machines {
		if !m.Gone() {
			v.Machines++
		}
	}
	over := fleet.Overtimes(seen)
	for _, p := range f.Pools {
		if h, ok := seen.Hours[p.Name]; ok {
			v.Hours = append(v.Hours, viewHours(p.Name, h, over[p.Name]))
		}
	}
	for _, b := range s.Setbacks {
		if b.Holds(seen.At) && !b.Key.Kind.Warns() {
			v.Setbacks = append(v.Setbacks, viewSetback(b))
		}
	}
	return v
}

// tell is the status as a person reads it.
func (v statusView) tell(out io.Writer) {
	fmt.Fprintf(out, "fleet %s: %s, %d run; %s, %s open (plan %d)\n", v.Fleet, count(v.Jobs["queued"], "job waits", "jobs wait"), v.Jobs["running"],
		count(v.Machines, "machine", "machines"), count(v.Intents, "intent", "intents"), v.Plan)
	fmt.Fprintln(out, " ", v.life())
	for _, code := range slices.Sorted(maps.Keys(v.Verdicts)) {
		text := string(code)
		if code == notLookedAt {
			text = "not looked at yet"
		}
		fmt.Fprintf(out, "  %s: %s\n", count(v.Verdicts[code], "job", "jobs"), text)
	}
	for _, h := range v.Hours {
		fmt.Fprintf(out, "  pool %s is %s\n", h.Pool, clean(h.Now))
		if h.Overtime != nil {
			fmt.Fprintln(out, "    "+h.overtime())
		}
	}
	for _, p := range v.Problems {
		fmt.Fprintf(out, "  pool %s launches nothing: %s\n", p.Pool, clean(p.Problem))
	}
	for _, m := range v.GitHub {
		fmt.Fprintln(out, " ", m)
	}
	for _, b := range v.Setbacks {
		fmt.Fprintf(out, "  set back until %s: %s %s: %s\n", when(b.Until), b.Kind, b.Subject, clean(b.Detail))
	}
	for _, o := range v.Orders {
		fmt.Fprintln(out, "  ordered by", clean(o.By)+":", o.Kind, about(o.Subject)+o.rest())
	}
	for _, a := range v.Alerts {
		fmt.Fprintln(out, "  alert:", clean(a))
	}
}

// life says whether somebody manages the fleet, and how old what is known is.
func (v statusView) life() string {
	looked, late := "no full look yet", false
	if v.Age != nil {
		age := time.Duration(*v.Age * float64(time.Second)).Round(time.Second)
		looked, late = "last full look "+short(max(0, age))+" ago", age > lookedLate
	}
	functions := config.Serve{Ledger: v.Ledger}.Table() != ""
	switch {
	case functions && v.Manager == managerRuns:
		return "the functions look; " + looked
	case functions:
		return "the functions do not look, so nothing is launched or ended: see the log of look; " + looked
	case v.Manager == managerNone:
		return "no manager runs, so nothing is launched or ended: start serve; " + looked
	case v.Manager == managerRuns && late:
		return "a manager runs and does not look, see its log; " + looked
	case v.Manager == managerRuns:
		return "a manager runs; " + looked
	case late:
		return "no manager seems to run; " + looked
	}
	return looked
}
