package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/world"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// standingLabels are what jobs of the demo's standing pool ask for.
var standingLabels = []string{"self-hosted", "linux", "build"}

// stands reports whether the demo has a standing pool: a trace of one's own, a
// whole day and a demo that is served are played as they are.
func (d demo) stands() bool { return d.trace == "" && d.jobs > 0 && d.serve == "" }

// standingJobs makes some jobs of the script into a story: one that runs before
// the closing, one that is busy at it, one that is queued while the pool is
// closed, and one after its opening.
func (d demo) standingJobs(script []world.Job) []world.Job {
	if !d.stands() {
		return script
	}
	var wishes []world.Job
	for _, w := range [][2]int{{110, 25}, {141, 12}, {70, 10}, {175, 15}} {
		wishes = append(wishes, world.Job{
			After: time.Duration(w[0]) * time.Minute, Duration: time.Duration(w[1]) * time.Minute, Labels: standingLabels,
		})
	}
	return world.Stand(script, wishes)
}

// standingPool adds two machines that stay. They rest from 15:00 to 15:40, two
// hours after the demo's begin.
func standingPool(c *world.Config) {
	c.Fleet.Pools = append(c.Fleet.Pools, fleet.Pool{
		Name: "build", Labels: fleet.NewLabels(standingLabels...), Arch: fleet.ARM64, Max: 2, Prepared: true,
		Lifetime: fleet.Standing, Account: "acme",
	}.WithDefaults())
	c.Types["build"] = []string{"c7g.xlarge", "m7g.xlarge"}
	hours, err := schedule.New(schedule.Rule{Open: "40 15 * * *", Close: "0 15 * * *", Zone: "UTC", Closed: fleet.ClosedWait})
	if err != nil {
		panic(err) // unreachable: the lines are right
	}
	c.Hours = map[string]schedule.Windows{"build": hours}
}

// tellStanding is what standing machines did as a person reads it.
func tellStanding(out io.Writer, s world.Summary) {
	if s.Standing.Machines > 0 {
		fmt.Fprintf(out, "%s stand: between them they ran %s, were stopped %s and started %s.\n",
			count(s.Standing.Machines, "of them", "of them"), count(s.Standing.Jobs, "job", "jobs"),
			count(s.Standing.Stops, "time", "times"), count(s.Standing.Starts, "time", "times"))
	}
}
