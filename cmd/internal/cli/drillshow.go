package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet/chaos"
)

// ends is what a verb ends with that shows a drill: nothing if it passed.
func (d judged) ends() error {
	switch d.Verdict.Result {
	case chaos.Passed:
		return nil
	case chaos.Open, drillOrdered:
		return errors.New("the drill is not over")
	case chaos.Void:
		return errors.New("the drill proves nothing")
	}
	return fmt.Errorf("the drill %s", yes(d.Verdict.Result == drillRefused, "was refused", "failed"))
}

// tell is a drill as a person reads it.
func (d judged) tell(out io.Writer) {
	fmt.Fprintf(out, "drill %s: %d of pool %s, notice %s, ordered by %s%s\n", d.Drill.ID, d.Drill.Count, clean(d.Drill.Pool), short(d.Drill.Notice),
		clean(d.By), clean(yes(d.Reason == "", "", ": "+d.Reason)))
	if !d.At.IsZero() {
		fmt.Fprintf(out, "taken up %s (UTC)\n", when(d.At))
	}
	for _, m := range d.Verdict.Timeline {
		fmt.Fprintln(out, momentLine(m))
	}
	d.conclude(out)
}

// conclude says what a drill came to.
func (d judged) conclude(out io.Writer) {
	for _, f := range d.Verdict.Fates {
		fmt.Fprintln(out, clean(fateLine(f)))
	}
	if e := d.Experiment; e.ID != "" {
		d.tellMachines(out)
		fmt.Fprintf(out, "experiment %s: %s\n", e.ID, strings.TrimSuffix(clean(string(e.State)+", "+e.Reason), ", "))
	}
	for _, why := range d.Verdict.Why {
		fmt.Fprintln(out, "  "+clean(why))
	}
	fmt.Fprintln(out, "verdict:", d.Verdict.Result)
}

// tellMachines says what ran before and after, and what is left.
func (d judged) tellMachines(out io.Writer) {
	v := d.Verdict
	fmt.Fprintf(out, "before: %s of pool %s ran; %s: %d, of which %d ran before\n", count(len(v.Before), "machine", "machines"), d.Drill.Pool,
		yes(d.AfterAt.IsZero(), "now", "after"), len(v.After), len(v.Before)-len(v.Gone))
	if victims := d.Experiment.Victims; len(victims) > 0 {
		fmt.Fprintf(out, "picked by FIS: %s\n", strings.Join(ids(victims), ", "))
	}
	fmt.Fprintf(out, "%s: %s\n", yes(v.Result == chaos.Open, "still there", "left over"), cmp.Or(strings.Join(v.Left, ", "), "nothing"))
}

func momentLine(m chaos.Moment) string {
	line := m.At.UTC().Format("15:04:05") + "  " + m.What
	if m.Machine != "" {
		line += "  " + string(m.Machine)
	}
	if m.Job.ID != 0 {
		line += fmt.Sprintf("  job %d, attempt %d", m.Job.ID, m.Job.Attempt)
	}
	return line
}

// fateLine is what came of a job on a victim.
func fateLine(f chaos.Fate) string {
	outcome := string(f.Outcome)
	switch f.Outcome {
	case chaos.InTime:
		outcome = "green in time"
	case chaos.ByItself:
		outcome = "failed by itself, before the warning"
	}
	line := fmt.Sprintf("job %d, attempt %d, on %s: %s", f.Job.ID, f.Job.Attempt, f.Machine, outcome)
	if a := f.Again; a.Job.ID != 0 {
		where := "on a runner of others"
		switch {
		case a.Machine != "":
			where = "on " + string(a.Machine) + " (" + cmp.Or(string(a.Market), "market not known") + ")"
		case a.DoneAt.IsZero():
			where = "on no runner yet"
		}
		line += fmt.Sprintf(" as job %d, attempt %d, %s", a.Job.ID, a.Job.Attempt, where)
	}
	if heal := f.Heal(); heal > 0 {
		line += fmt.Sprintf(", green %s after the interruption", short(heal.Round(time.Second)))
	}
	if f.Why != "" {
		line += ": " + f.Why
	}
	return line
}

func drillShowCommand() *cobra.Command {
	c := &cobra.Command{Use: "show [DRILL]", Short: "Tell what came of a drill, the newest if none is named", Args: cobra.MaximumNArgs(1)}
	return showing(c, func(ctx context.Context, b book, args []string) (answer, error) {
		id := ""
		if len(args) == 1 {
			id = args[0]
		}
		d, err := drillOf(ctx, b, id)
		if err != nil {
			return answer{}, err
		}
		return answer{text: d.tell, values: viewDrillShown(d), end: d.ends()}, nil
	})
}

func drillListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the drills of the last week", Args: cobra.NoArgs}
	return showing(c, func(ctx context.Context, b book, _ []string) (answer, error) {
		all, err := drills(ctx, b)
		a := answer{head: []string{"DRILL", "POOL", "MACHINES", "NOTICE", "BY", "TAKEN UP (UTC)", "RESULT"}, values: views(all, viewDrill)}
		for _, d := range all {
			result := string(d.Verdict.Result)
			if d.Verdict.Result == drillRefused || d.Verdict.Result == drillOrdered {
				result += ": " + strings.Join(d.Verdict.Why, "; ")
			}
			a.rows = append(a.rows, []string{
				d.Drill.ID, clean(d.Drill.Pool), strconv.Itoa(d.Drill.Count), short(d.Drill.Notice), clean(d.By), when(d.At), clean(result),
			})
		}
		return a, err
	})
}
