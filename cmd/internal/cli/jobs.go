package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger"
)

func jobsCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{Use: "jobs", Short: "List jobs that wait or run, and why they wait", Args: cobra.NoArgs}
	c.Flags().BoolVar(&all, "all", false, "jobs that are done too")
	return showing(c, func(ctx context.Context, b book, _ []string) (answer, error) {
		q := ledger.Query{Status: []fleet.JobStatus{fleet.Waiting, fleet.Queued, fleet.Running}}
		if all {
			q.Status = nil
		}
		jobs, err := b.store.Jobs(ctx, q)
		return answerJobs(jobs, b.at), err
	})
}

func answerJobs(jobs []fleet.Job, now time.Time) answer {
	a := answer{head: []string{"JOB", "STATUS", "WAITED", "REPOSITORY", "LABELS", "NAME", "WHY"}}
	a.values = views(jobs, func(j fleet.Job) jobView { return viewJob(j, now) })
	for _, j := range jobs {
		why := j.Verdict.String()
		switch j.Status {
		case fleet.Running:
			why = "on " + j.Runner
		case fleet.Done:
			why = j.Conclusion
		}
		waited := "-"
		if !j.QueuedAt.IsZero() {
			waited = j.Wait(now).Round(time.Second).String()
		}
		a.rows = append(a.rows, []string{
			strconv.FormatInt(int64(j.Key.ID), 10), j.Status.String(), waited,
			clean(j.Repo), clean(string(j.Class.Labels)), clean(j.Name), why,
		})
	}
	return a
}

func explainCommand() *cobra.Command {
	c := &cobra.Command{Use: "explain JOB", Short: "Tell a job's story: what was decided about it, when and why", Args: cobra.ExactArgs(1)}
	at := placeFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("%w: JOB is GitHub's number of a job, not %q", errUsage, args[0])
		}
		return withLedger(c.Context(), at, func(f *config.File, s *wire.Ledger) error {
			j, story, err := s.Explain(c.Context(), fleet.JobID(id))
			if err != nil {
				return err
			}
			state, err := s.Read(c.Context())
			if err != nil {
				return err
			}
			explain(c.OutOrStdout(), f.Fleet(), j, story)
			for _, line := range interruptions(state.Interrupted, j.Key) {
				fmt.Fprintln(c.OutOrStdout(), clean(line))
			}
			fmt.Fprintln(c.OutOrStdout(), "now: "+clean(now(j)))
			return nil
		})
	}
	return c
}

func explain(out io.Writer, f fleet.Fleet, j fleet.Job, story []ledger.Decision) {
	fmt.Fprintf(out, "job %d (attempt %d) of %s: %s\n", j.Key.ID, j.Key.Attempt, clean(j.Repo), clean(j.Name))
	fmt.Fprintf(out, "labels %s in %s; queued %s\n", clean(string(j.Class.Labels)), clean(j.Class.Scope.String()), when(j.QueuedAt))
	fit := 0
	arch := map[fleet.Arch]bool{}
	for _, p := range f.Pools {
		if p.Fits(j.Class.Labels) && !p.Serves(j.Class) {
			fmt.Fprintf(out, "pool %s holds its labels, and stands for account %s\n", p.Name, p.Account)
		}
		if p.Serves(j.Class) {
			fmt.Fprintf(out, "pool %s fits\n", p.Name)
			fit++
			arch[p.Arch] = true
		}
	}
	if fit == 0 {
		fmt.Fprintln(out, "no pool fits")
	}
	if len(arch) > 1 {
		fmt.Fprintln(out, "warning: pools of both architectures fit, and GitHub may give it to an idle runner of either")
	}
	for _, d := range story {
		fmt.Fprintf(out, "  %s  %s\n", when(d.At), clean(d.Text))
	}
}

// now is how a job stands.
func now(j fleet.Job) string {
	text := j.Status.String()
	switch {
	case j.Status == fleet.Running && j.Runner != "":
		text += ", on " + j.Runner
	case j.Status == fleet.Done && j.Conclusion != "":
		text += ", " + j.Conclusion
	case j.Status < fleet.Running && j.Verdict.Code != "":
		text += ", " + j.Verdict.String()
	}
	return text
}

// interruptions is what Spot did to a job, and what was done about it.
func interruptions(all []fleet.Interrupted, job fleet.JobKey) (lines []string) {
	for _, i := range all {
		if i.Again == job {
			lines = append(lines, fmt.Sprintf("it is the next life of job %d, which Spot interrupted on %s", i.Job.ID, i.Machine))
		}
		if i.Job != job {
			continue
		}
		line := fmt.Sprintf("Spot took %s back, as it said %s: ", i.Machine, when(i.At))
		switch {
		case i.Why != "":
			line += "the job is not run again, " + i.Why
		case i.Again == (fleet.JobKey{}) && i.RerunAt.IsZero():
			line += "the job is run again once its run is complete"
		case i.Again == (fleet.JobKey{}):
			line += "its run's failed jobs are run again since " + when(i.RerunAt)
		default:
			line += fmt.Sprintf("run again as job %d, attempt %d", i.Again.ID, i.Again.Attempt)
			if i.On != "" {
				line += fmt.Sprintf(", on %s (%s)", i.On, i.Market)
			}
			if i.Result != "" {
				line += ": " + i.Result
			}
		}
		lines = append(lines, line)
	}
	return lines
}
