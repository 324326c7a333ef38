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

// stands reports whether the demo has a standing pool: a trace of one's own and
// a whole day are played as they are.
func (d demo) stands() bool { return d.trace == "" && (d.jobs > 0 || d.serve != "") }

// standingJobs makes some jobs of the script into a story: one that runs before
// the closing, one that is busy at it, one that is queued while the pool is
// closed, and one after its opening. A demo that is served has some at all times.
func (d demo) standingJobs(script []world.Job) []world.Job {
	if !d.stands() {
		return script
	}
	story := [][2]int{{110, 25}, {141, 12}, {70, 10}, {175, 15}}
	if d.serve != "" {
		story = nil
		for after := 5; after < 300; after += 40 {
			story = append(story, [2]int{after, 12})
		}
	}
	var wishes []world.Job
	for _, w := range story {
		wishes = append(wishes, world.Job{
			After: time.Duration(w[0]) * time.Minute, Duration: time.Duration(w[1]) * time.Minute, Labels: standingLabels,
		})
	}
	return world.Stand(script, wishes)
}

// hours are those of the demo's standing machines: they rest for forty minutes,
// two hours after its begin, and at night where the demo is served.
func (d demo) hours() schedule.Rule {
	if d.serve != "" {
		return schedule.Rule{Open: "0 8 * * 1-5", Close: "0 20 * * 1-5", Zone: "UTC", Closed: fleet.ClosedWait}
	}
	return schedule.Rule{Open: "40 15 * * *", Close: "0 15 * * *", Zone: "UTC", Closed: fleet.ClosedWait}
}

// standingPool adds two machines that stay, with hours.
func standingPool(c *world.Config, rule schedule.Rule) {
	c.Fleet.Pools = append(c.Fleet.Pools, fleet.Pool{
		Name: "build", Labels: fleet.NewLabels(standingLabels...), Arch: fleet.ARM64, Max: 2, Prepared: true,
		Lifetime: fleet.Standing, Account: "acme",
	}.WithDefaults())
	c.Types["build"] = []string{"c7g.xlarge", "m7g.xlarge"}
	hours, err := schedule.New(rule)
	if err != nil {
		panic(err) // unreachable: the lines are right
	}
	c.Hours = map[string]schedule.Windows{"build": hours}
}

// tellStanding is what standing machines did as a person reads it.
func tellStanding(out io.Writer, s world.Summary) {
	if s.Standing.Machines > 0 {
		fmt.Fprintf(out, "%s, for many jobs: between them they ran %s, were stopped %s and started %s.\n",
			count(s.Standing.Machines, "stands", "stand"), count(s.Standing.Jobs, "job", "jobs"),
			count(s.Standing.Stops, "time", "times"), count(s.Standing.Starts, "time", "times"))
	}
}
