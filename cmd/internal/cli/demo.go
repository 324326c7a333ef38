package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/world"
	"github.com/runfleet/runfleet/fleet"
)

// stoppedEarly is said before what a demo came to that was stopped.
const stoppedEarly = "stopped before the end; what happened so far:"

// after is how long a demo goes on after its last job was queued.
const after = 48 * time.Hour

// demo is the verb's flags.
type demo struct {
	seed  uint64
	speed float64
	jobs  int
	trace string
	exit  bool
	json  bool
	quiet bool
	serve string
}

func demoCommand() *cobra.Command {
	var d demo
	c := &cobra.Command{
		Use:   "demo",
		Short: "Play some hours of real CI against a simulated GitHub and AWS",
		Long: `Plays jobs of a real CI day through the real program: signed webhooks over HTTP,
the ledger on disk, the decisions, the calls to GitHub and AWS. GitHub and AWS
themselves are simulated: no account is needed and nothing is paid for.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if d.serve != "" && !c.Flags().Changed("speed") {
				d.speed = servedSpeed
			}
			if d.serve != "" && !c.Flags().Changed("jobs") {
				d.jobs = servedJobs
			}
			if err := d.check(); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if d.serve != "" {
				return d.playOn(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
			}
			return d.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.Uint64Var(&d.seed, "seed", 1, "the same seed draws the same boots, delays and faults")
	f.Float64Var(&d.speed, "speed", 600, "simulated seconds in a second")
	f.IntVar(&d.jobs, "jobs", 60, "jobs to play, spread over at most five hours; 0 plays the whole trace")
	f.StringVar(&d.trace, "trace", "", "CSV file, gzipped or not, with columns run, ready_s, duration_s, conclusion, runner_class (default: a built-in day)")
	f.BoolVar(&d.exit, "exit", false, "end when the last job is over (it does, unless it is served)")
	f.StringVar(&d.serve, "serve", "", "play on until Ctrl-C, with fleet file and ledger in this folder, so that other verbs work beside it")
	f.BoolVar(&d.json, "json", false, "print the summary as one line of JSON")
	f.BoolVar(&d.quiet, "quiet", false, "no line of progress and no log")
	return c
}

// check says what is wrong with the flags, before anything is made.
func (d demo) check() error {
	switch {
	case !(d.speed > 0) || math.IsInf(d.speed, 0):
		return errors.New("--speed must be more than 0 and finite")
	case d.jobs < 0:
		return errors.New("--jobs must be at least 0")
	case d.serve != "" && (d.trace != "" || d.exit):
		return errors.New("--serve goes without --trace and --exit")
	}
	return nil
}

func (d demo) run(ctx context.Context, out, log io.Writer) error {
	script, err := d.script()
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	dir, err := os.MkdirTemp("", "runfleet-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := demoWorld(d, script, filepath.Join(dir, "runfleet.db"), log)
	w, err := world.New(ctx, c)
	if err != nil {
		return err
	}
	defer w.Close()
	if !d.quiet {
		w.OnLook(progress(log, w.Glance))
		fmt.Fprintf(log, "%s of %s.\n%.0f times as fast as life. GitHub and AWS are simulated; webhooks, ledger and decisions are real.\n",
			count(len(script), "job", "jobs"), d.source(script), d.speed)
	}
	broken := w.Run(ctx, script[len(script)-1].After+after)
	if errors.Is(broken, context.Canceled) {
		fmt.Fprintln(log, "\n"+stoppedEarly)
		broken = nil
	}
	return d.close(out, w.Summary(), broken)
}

// source says where the jobs of a script come from, and what was changed.
func (d demo) source(script []world.Job) string {
	switch {
	case d.trace != "":
		return d.trace
	case d.jobs == 0:
		return "a real CI day"
	}
	rewritten := 0
	for _, j := range script {
		if slices.Equal(j.Labels, standingLabels) {
			rewritten++
		}
	}
	return fmt.Sprintf("a real CI day, %d of them rewritten for a pool that closes and opens; none longer than 50 minutes, and some moved to arm64", rewritten)
}

func (d demo) script() ([]world.Job, error) {
	if d.trace == "" {
		day, err := world.BusiestDay()
		if err != nil || d.jobs == 0 {
			return d.standingJobs(day), err
		}
		return d.standingJobs(world.Extract(day, d.jobs)), nil
	}
	f, err := os.Open(d.trace)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	jobs, err := world.ReadTrace(f)
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", d.trace, err)
	}
	if d.jobs > 0 {
		return world.Thin(jobs, d.jobs), nil
	}
	for i := len(jobs) - 1; i >= 0; i-- {
		jobs[i].After -= jobs[0].After // it may count from 1970
	}
	return jobs, nil
}

// demoWorld is the demo's fleet and what happens to it: a webhook is lost, a
// machine never boots, Spot takes one machine back while it boots and one while
// its job runs, and for forty minutes Spot is empty. The built-in script has a
// standing pool too, which closes and opens again.
func demoWorld(d demo, script []world.Job, ledger string, log io.Writer) world.Config {
	begin := time.Date(2025, 10, 14, 13, 0, 0, 0, time.UTC)
	c := world.Config{
		Seed: d.seed, Begin: begin, Script: script, Ledger: ledger, Sockets: true,
		Fleet: fleet.Fleet{Name: "demo", Pools: []fleet.Pool{
			{Name: "arm64", Labels: fleet.NewLabels("self-hosted", "linux", "arm64"), Arch: fleet.ARM64, Max: 60, Prepared: true},
			{Name: "x64", Labels: fleet.NewLabels("self-hosted", "linux", "x64"), Arch: fleet.X86, Max: 60, Prepared: true},
		}},
		Types: map[string][]string{
			"arm64": {"c7g.xlarge", "m7g.xlarge", "c6g.xlarge"},
			"x64":   {"c6i.xlarge", "m6i.xlarge", "c5.xlarge"},
		},
	}
	if d.stands() {
		standingPool(&c, d.hours())
	}
	if d.trace == "" { // one's own day goes as it would
		c.Mishaps, c.Reclaim = world.Mishaps{Lose: 6, Dead: 9, Interrupt: 2 * time.Hour}, 5
	}
	spot := func(empty bool) func(*world.World) {
		return func(w *world.World) { w.AWS.SetEmpty("*/*/spot", empty) }
	}
	c.Moments = []world.Moment{{After: 30 * time.Minute, Do: spot(true)}, {After: 70 * time.Minute, Do: spot(false)}}
	if !d.quiet {
		c.Log = slog.New(slog.NewTextHandler(above{log}, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: timeless}))
	}
	started := time.Now()
	c.Pace = func(at time.Time) {
		due := started.Add(time.Duration(float64(at.Sub(begin)) / d.speed))
		time.Sleep(time.Until(due))
	}
	return c
}

// close tells what came of a demo, also of one that ended with an error.
func (d demo) close(out io.Writer, s world.Summary, broken error) error {
	if broken != nil {
		s.Broken = broken.Error()
	}
	if d.json {
		if err := json.NewEncoder(out).Encode(s); err != nil {
			return err
		}
	} else {
		tell(out, s)
	}
	if broken != nil {
		return broken
	}
	if !s.Good() {
		return errors.New("something is unserved or left over, see the summary")
	}
	return nil
}

// tell is the summary as a person reads it.
func tell(out io.Writer, s world.Summary) {
	fmt.Fprintf(out, "\n%s (GitHub and AWS simulated, seed %d)\n", count(s.Jobs.Queued, "job was queued", "jobs were queued"), s.Seed)
	fmt.Fprintf(out, "  %4d ran to the end\n", s.Jobs.Completed)
	if s.Jobs.OverLimit > 0 {
		fmt.Fprintf(out, "  %4d ended with the machine, over the job limit\n", s.Jobs.OverLimit)
	}
	left := "Left over"
	if s.Jobs.Running > 0 {
		left = "Still there"
		fmt.Fprintf(out, "  %4d ran when it was stopped\n", s.Jobs.Running)
	}
	fmt.Fprintf(out, "  %4d cancelled before a runner came\n", s.Jobs.Cancelled)
	fmt.Fprintf(out, "  %4d in want of machines that no pool has\n", s.Jobs.NoPool)
	fmt.Fprintf(out, "  %4d %s although a pool fits\n", s.Jobs.Unserved, yes(s.Jobs.Running > 0, "waited", "never ran"))
	fmt.Fprintf(out, "They waited %.0f s at the median, %.0f s at the 95th percentile, %.0f s at most.\n", s.Wait.P50, s.Wait.P95, s.Wait.Max)
	fmt.Fprintf(out, "%s, for $%.2f by list and average Spot prices. Those that are for one job ran at most %d each.\n",
		count(s.Machines.Launched, "machine was launched", "machines were launched"), s.CostUSD, s.JobsPerMachine)
	tellStanding(out, s)
	for _, line := range s.Story {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "%s: %s, %s, %s.\n", left, count(s.Machines.Left, "machine", "machines"),
		count(s.RunnersLeft, "runner", "runners"), count(s.ParametersLeft, "parameter", "parameters"))
}
