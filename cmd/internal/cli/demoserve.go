package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/world"
	"github.com/runfleet/runfleet/fleet"
)

const (
	servedDays  = 30                // of the script, which nobody will see the end of
	servedEvery = 150 * time.Minute // it begins anew: its halves lie over each other, so that there is always work
	servedJobs  = 300               // in that time, unless said otherwise
	servedSpeed = 60                // unless said otherwise: a boot is seen to take its time
	servedSpan  = servedDays * 24 * time.Hour
)

// servedFile is the fleet file by which the verbs find a served demo's ledger.
// What it says of AWS and GitHub is never asked.
const servedFile = `# A simulated fleet: the verbs that only need its ledger work with this file
# while the demo is served.
fleet: demo
github:
  app_id: 12345
  private_key: env:NEVER_ASKED
  webhook_secrets: [env:NEVER_ASKED]
aws:
  region: us-east-1
  subnets: [subnet-a, subnet-b]
  security_groups: [sg-a]
  instance_profile: runfleet-machine
  drill_role: arn:aws:iam::123456789012:role/drills
serve: {ledger: %q}
pools:
  - {name: arm64, labels: [self-hosted, linux, arm64], arch: arm64, max: 60, prepared: true}
  - {name: x64, labels: [self-hosted, linux, x64], arch: x86_64, max: 60, prepared: true}
  - name: build    # two machines that stay, on demand, and rest at night
    labels: [self-hosted, linux, build]
    arch: arm64
    max: 2
    prepared: true
    lifetime: standing
    account: acme
    hours: {open: "0 8 * * 1-5", close: "0 20 * * 1-5", zone: UTC, closed: wait}
`

// playOn plays jobs without end, with the ledger in a folder where other verbs
// find it, until it is stopped.
func (d demo) playOn(ctx context.Context, out, log io.Writer) error {
	dir, err := filepath.Abs(d.serve)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, ledger := filepath.Join(dir, "runfleet.yaml"), filepath.Join(dir, "runfleet.db")
	for _, path := range []string{file, ledger} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %s is there already; --serve wants a folder of its own", errUsage, path)
		}
	}
	script, err := endless(d)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, servedFile, ledger), 0o600); err != nil {
		return err
	}
	c := demoWorld(d, script, ledger, log)
	c.Moments, c.Reclaim, c.Mishaps = nil, 0, world.Mishaps{} // what breaks is for whoever watches to choose
	w, err := world.New(ctx, c)
	if err != nil {
		return unlessStopped(err)
	}
	defer w.Close()
	if err := w.Store.Settle(ctx, fleet.Change{Marks: map[string]string{markSimulated: "demo"}}); err != nil {
		return unlessStopped(err)
	}
	fmt.Fprintf(log, `A simulated fleet, %.0f times as fast as life, until Ctrl-C. Beside it, try:
  export RUNFLEET_CONFIG=%s
  runfleet status
  runfleet machines list
  runfleet drill spot --pool arm64 --count 1 --notice 4m
  runfleet hours override closed build --until 2h
It is %s there, by its own clock; the verbs go by it too.
`, d.speed, file, c.Begin.Format("Mon 2006-01-02 15:04 MST"))
	if !d.quiet {
		w.OnLook(progress(log, w.Glance))
	}
	broken := unlessStopped(w.Run(ctx, servedSpan))
	fmt.Fprintln(log, "\n"+stoppedEarly)
	tell(out, w.Summary())
	return broken
}

// unlessStopped is no error where Ctrl-C is the cause: a demo that is served
// has no other end, however early that comes.
func unlessStopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// endless is the demo's script over and over, from its midst on.
func endless(d demo) ([]world.Job, error) {
	once, err := d.script()
	if err != nil {
		return nil, err
	}
	var all []world.Job
	for from, round := -servedEvery, 0; from < servedSpan; from, round = from+servedEvery, round+1 {
		for _, j := range once {
			if j.After += from; j.After >= 0 {
				j.Run += round * 1_000_000
				all = append(all, j)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b world.Job) int { return cmp.Compare(a.After, b.After) })
	return all, nil
}
