package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet/replay"
)

// replaying is the verb's flags.
type replaying struct {
	config  string
	compare []string // fleet files
	filter  []string // classes
	begin   string
	boot    string
	seed    uint64
	json    bool
	policy
}

func replayCommand() *cobra.Command {
	r := &replaying{}
	c := &cobra.Command{
		Use:   "replay TRACE",
		Short: "Replay a history of jobs against a fleet file: what they would have waited and cost",
		Long: `Replays a history of jobs against a fleet file, with the same decisions as in
service, in virtual time. Nothing is called and nothing is paid for.

TRACE is a CSV file, plain or gzip. Its first line names the columns: ready (RFC
3339, or seconds since 1970), duration (seconds, or 5m30s), labels (apart by
spaces) or runner_class, and, if they are there, run, workflow and cancelled.`,
		Example: `  runfleet replay jobs.csv --config runfleet.yaml
  runfleet replay jobs.csv.gz --compare today.yaml wanted.yaml
  runfleet replay --policy base-stock --boot 30s --stock 12 --filter linux-x64 --json jobs.csv.gz`,
		Args: cobra.ArbitraryArgs,
	}
	path := configFlag(c)
	f := c.Flags()
	f.StringSliceVar(&r.compare, "compare", nil, "fleet files to compare, in place of --config: a.yaml b.yaml")
	f.StringSliceVar(&r.filter, "filter", nil, "replay only jobs of these runner classes or with these labels")
	f.StringVar(&r.begin, "begin", "", "day or instant at which the trace's seconds begin, if that is not 1970")
	f.StringVar(&r.boot, "boot", "25s..45s", "from launch until the runner takes a job: 30s, or median and 95th percentile")
	f.Uint64Var(&r.seed, "seed", 1, "the same seed draws the same boots")
	f.BoolVar(&r.json, "json", false, "print the report as one line of JSON")
	r.policy.flags(f)
	c.RunE = func(c *cobra.Command, args []string) error {
		r.config = *path
		return r.run(c, args)
	}
	return c
}

func (r *replaying) run(c *cobra.Command, args []string) error {
	name, err := r.operands(args)
	if err != nil {
		return err
	}
	boot, err := replay.ParseBoot(r.boot)
	if err != nil {
		return fmt.Errorf("%w: --boot: %w", errUsage, err)
	}
	if err := r.policy.check(c.Flags(), boot); err != nil {
		return err
	}
	if len(r.compare) > 0 && c.Flags().Changed("config") {
		return fmt.Errorf("%w: --config says nothing beside --compare: name all fleet files there", errUsage)
	}
	trace, err := r.read(c.Context(), c.ErrOrStderr(), name)
	if err != nil {
		return err
	}
	if r.policy.name != policyFleet {
		return r.policy.tell(c.OutOrStdout(), trace, r.json)
	}
	files := r.compare
	if len(files) == 0 {
		files = []string{r.config}
	}
	var all []replayed
	for _, file := range files {
		one, err := r.replay(c.Context(), c.ErrOrStderr(), trace, file)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	return r.tell(c.OutOrStdout(), all)
}

// replayed is what came of one fleet file, and the trace that it met.
type replayed struct {
	V      int    `json:"v"`
	Policy string `json:"policy"`
	Config string `json:"config"`
	Fleet  string `json:"fleet"`
	Trace  facts  `json:"trace"`
	Boot   string `json:"boot"`
	Seed   uint64 `json:"seed"`
	replay.Report
	Took float64 `json:"took_seconds"` // of real time
}

// replay replays the trace against a fleet file.
func (r *replaying) replay(ctx context.Context, log io.Writer, t facts, file string) (replayed, error) {
	f, err := wire.ReadFile(file)
	if err != nil {
		return replayed{}, usage(err)
	}
	c := wire.Replay(f)
	if c.Boot, err = replay.ParseBoot(r.boot); err != nil {
		return replayed{}, err
	}
	for _, p := range c.Fleet.Pools {
		if limit := p.WithDefaults().BootLimit; c.Boot.P50 >= limit {
			return replayed{}, fmt.Errorf("%w: --boot %s: pool %s gives a machine up that is not there after %s (boot_limit)", errUsage, r.boot, p.Name, short(limit))
		}
	}
	if at := t.trace.Begin; len(c.Windows) > 0 && r.begin == "" && at.Year() == 1970 {
		fmt.Fprintf(log, "%s: its hours meet a trace that begins on %s; --begin says its real day\n", filepath.Base(file), at.Format("Mon 2006-01-02"))
	}
	l := newLines(log)
	defer l.done()
	c.Seed, c.Tell = r.seed, func(p replay.Progress) bool {
		l.tell(func() string {
			return fmt.Sprintf("%s: %s, %s of %s jobs, %d machines", filepath.Base(file), p.At.Format("2006-01-02 15:04"), grouped(p.Arrived), grouped(p.Jobs), p.Machines)
		})
		return ctx.Err() == nil
	}
	started := time.Now()
	report, err := replay.Run(t.trace, c)
	if errors.Is(err, replay.ErrStopped) && ctx.Err() != nil {
		err = fmt.Errorf("replay %s: %w", t.File, context.Cause(ctx))
	}
	return replayed{
		V: 1, Policy: policyFleet, Config: file, Fleet: f.Name, Trace: t, Boot: r.boot, Seed: r.seed,
		Report: report, Took: time.Since(started).Seconds(),
	}, err
}

// tell prints what came of one fleet file, or of several side by side.
func (r *replaying) tell(out io.Writer, all []replayed) error {
	switch {
	case r.json && len(all) == 1:
		return json.NewEncoder(out).Encode(all[0])
	case r.json:
		return json.NewEncoder(out).Encode(struct {
			V       int        `json:"v"`
			Compare []replayed `json:"compare"`
		}{1, all})
	case len(all) == 1:
		tellReplay(out, all[0])
	default:
		tellComparison(out, all)
	}
	return nil
}
