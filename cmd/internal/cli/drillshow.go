package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/chaos"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

const (
	drillPoll = time.Second // of the ledger, while a drill is followed
	drillJobs = 20_000      // of the ledger's newest, among which a drill's are
)

// errUnproved is the end of a drill that proves nothing good.
var errUnproved = errors.New("the drill did not pass")

// judged is a drill and what it came to so far.
type judged struct {
	fleet.DrillRun
	Verdict chaos.Verdict
}

// drillOf reads a drill, the newest if id is empty, and judges it by what the
// ledger knows.
func drillOf(ctx context.Context, fleetName string, s *sqlite.Store, id string) (judged, error) {
	state, err := s.Read(ctx)
	if err != nil {
		return judged{}, err
	}
	var found *fleet.DrillRun
	for i, d := range state.Drills {
		if d.Drill.ID == id || id == "" && (found == nil || found.At.Before(d.At)) {
			found = &state.Drills[i]
		}
	}
	if found == nil {
		return judged{}, fmt.Errorf("drill %s: %w (drill list shows the known ones)", cmp.Or(id, "of any kind"), ledger.ErrUnknown)
	}
	seen := fleet.Snapshot{At: lastLook(state), Fleet: fleet.Fleet{Name: fleetName}, State: state}
	jobs, err := s.Jobs(ctx, ledger.Query{Limit: drillJobs})
	if err != nil {
		return judged{}, err
	}
	return judged{*found, chaos.Judge(chaos.See(seen, *found, jobs))}, nil
}

// follow tells what happens in a drill until it is judged.
func follow(c *cobra.Command, fleetName string, s *sqlite.Store, id string) error {
	out, told := c.OutOrStdout(), 0
	for waited := false; ; {
		d, err := drillOf(c.Context(), fleetName, s, id)
		switch {
		case errors.Is(err, ledger.ErrUnknown) && !waited:
			waited = true
			fmt.Fprintln(out, "waiting for the manager to take it up")
		case err != nil && !errors.Is(err, ledger.ErrUnknown):
			return err
		case err == nil:
			for _, m := range d.Verdict.Timeline[min(told, len(d.Verdict.Timeline)):] {
				fmt.Fprintln(out, momentLine(m))
			}
			told = max(told, len(d.Verdict.Timeline))
			if d.Refused != "" || d.Over() && d.Verdict.Result != chaos.Open {
				return conclude(out, d)
			}
		}
		select {
		case <-c.Context().Done():
			fmt.Fprintf(out, "the drill goes on; runfleet drill show %s tells of it\n", id)
			return c.Context().Err()
		case <-time.After(drillPoll):
		}
	}
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

// where is where a job's next life ran.
func where(a chaos.Again) string {
	if a.Machine == "" {
		return "on a runner of others"
	}
	return "on " + string(a.Machine) + " (" + cmp.Or(string(a.Market), "market not known") + ")"
}

// conclude prints a drill's verdict, and is an error unless it passed.
func conclude(out io.Writer, d judged) error {
	if d.Refused != "" {
		fmt.Fprintln(out, "refused:", clean(d.Refused))
		return errUnproved
	}
	for _, f := range d.Verdict.Fates {
		line := fmt.Sprintf("job %d on %s: %s", f.Job.ID, f.Machine, f.Outcome)
		if f.Again.Job.ID != 0 {
			line += fmt.Sprintf(" as job %d, attempt %d, %s", f.Again.Job.ID, f.Again.Job.Attempt, where(f.Again))
		}
		if heal := f.Heal(); heal > 0 {
			line += fmt.Sprintf(", green %s after the interruption", heal.Round(time.Second))
		}
		if f.Why != "" {
			line += ": " + clean(f.Why)
		}
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "before: %s; gone since: %d; new: %d\n", count(len(d.Verdict.Before), "machine", "machines"), len(d.Verdict.Gone), len(d.Verdict.New))
	for _, why := range d.Verdict.Why {
		fmt.Fprintln(out, "  "+clean(why))
	}
	fmt.Fprintln(out, "verdict:", d.Verdict.Result)
	if d.Verdict.Result != chaos.Passed {
		return errUnproved
	}
	return nil
}

func drillShowCommand() *cobra.Command {
	c := &cobra.Command{Use: "show [DRILL]", Short: "Tell what came of a drill, the newest if none is named", Args: cobra.MaximumNArgs(1)}
	path, form := configFlag(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return withLedger(c.Context(), *path, func(f *config.File, s *sqlite.Store) error {
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			d, err := drillOf(c.Context(), f.Name, s, id)
			if err != nil {
				return err
			}
			if *form != "table" {
				return list(c.OutOrStdout(), *form, nil, nil, d)
			}
			out := c.OutOrStdout()
			fmt.Fprintf(out, "drill %s: %d of pool %s, notice %s, by %s %s\n", d.Drill.ID, d.Drill.Count, d.Drill.Pool, d.Drill.Notice, d.By, clean(d.Reason))
			for _, m := range d.Verdict.Timeline {
				fmt.Fprintln(out, momentLine(m))
			}
			return conclude(out, d)
		})
	}
	return c
}

func drillListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the drills of the last week", Args: cobra.NoArgs}
	path, form := configFlag(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withLedger(c.Context(), *path, func(f *config.File, s *sqlite.Store) error {
			state, err := s.Read(c.Context())
			if err != nil {
				return err
			}
			var rows [][]string
			for _, d := range state.Drills {
				all, err := drillOf(c.Context(), f.Name, s, d.Drill.ID)
				if err != nil {
					return err
				}
				result := string(all.Verdict.Result)
				if d.Refused != "" {
					result = "refused: " + clean(d.Refused)
				}
				rows = append(rows, []string{d.Drill.ID, d.Drill.Pool, strconv.Itoa(d.Drill.Count), d.By, when(d.At), result})
			}
			return list(c.OutOrStdout(), *form, []string{"DRILL", "POOL", "MACHINES", "BY", "AT (UTC)", "RESULT"}, rows, state.Drills)
		})
	}
	return c
}
