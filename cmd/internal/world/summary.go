package world

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// Summary is what a day came to. Its JSON is the last line of the demo.
type Summary struct {
	V        int    `json:"v"`
	Seed     uint64 `json:"seed"`
	Jobs     Jobs   `json:"jobs"`
	Wait     Waits  `json:"wait_seconds"`
	Machines struct {
		Launched int `json:"launched"`
		Ended    int `json:"ended"`
		Left     int `json:"left"`
	} `json:"machines"`
	// Interrupted counts jobs that Spot interrupted, and those of them that
	// have a next life.
	Interrupted struct {
		Jobs  int `json:"jobs"`
		Again int `json:"again"`
	} `json:"interrupted"`
	// Interruption is the one of Mishaps, from notice to green.
	Interruption *Interruption `json:"interruption,omitempty"`
	// Standing counts machines that stay for many jobs: how many there are, the
	// jobs that they ran, their stops and starts, and those that are not as their
	// pool's hours ask for. They are not left over.
	Standing struct {
		Machines int `json:"machines"`
		Jobs     int `json:"jobs"`
		Stops    int `json:"stops"`
		Starts   int `json:"starts"`
		Amiss    int `json:"amiss"`
	} `json:"standing"`
	// Closings are those of standing pools, in the order of pools and times.
	Closings       []Closing                 `json:"closings,omitempty"`
	RunnersLeft    int                       `json:"runners_left"`
	ParametersLeft int                       `json:"parameters_left"`
	JobsPerMachine int                       `json:"jobs_per_machine_max"`
	CostUSD        float64                   `json:"cost_usd"`
	Story          []string                  `json:"story,omitempty"` // what went wrong and how it was mended
	APICalls       map[string]map[string]int `json:"api_calls"`
	// Broken is why the day ended early, an invariant that did not hold above
	// all; empty if it did not.
	Broken string `json:"broken,omitempty"`
}

// Jobs counts jobs by what became of them.
type Jobs struct {
	Queued    int `json:"queued"`
	Completed int `json:"completed"`
	Running   int `json:"running"` // when the day was stopped
	Cancelled int `json:"cancelled"`
	NoPool    int `json:"no_pool"`
	Rerun     int `json:"rerun"`      // next lives of jobs, counted nowhere else
	OverLimit int `json:"over_limit"` // ended with their machines, by their pool's job limit
	Unserved  int `json:"unserved"`   // a pool fits, and it never ran
}

// Waits are percentiles of the time from queued to running, in seconds. A job
// that was queued while the pools that fit it were closed, and make jobs wait,
// waits from their opening on.
type Waits struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

// again counts a job's next life: it may not be left unserved either.
func (j *Jobs) again(o githubsim.Outcome) {
	j.Rerun++
	if o.Started.IsZero() && o.Conclusion != "cancelled" {
		j.Unserved++
	}
}

// WaitsOf sorts waits, and is their percentiles; zeros if there are none.
func WaitsOf(waits []time.Duration) Waits {
	n := len(waits)
	if n == 0 {
		return Waits{}
	}
	slices.Sort(waits)
	return Waits{waits[(n-1)/2].Seconds(), waits[(n-1)*95/100].Seconds(), waits[n-1].Seconds()}
}

// Good reports whether nothing is unserved, left or broken, and what stands is as
// it should be.
func (s Summary) Good() bool {
	return s.Broken == "" && s.Standing.Amiss == 0 && s.Jobs.Unserved == 0 && s.Interrupted.Jobs == s.Interrupted.Again && s.Machines.Left == 0 && s.RunnersLeft == 0 && s.ParametersLeft == 0
}

func (w *World) fits(labels []string) bool {
	set := fleet.NewLabels(labels...)
	return slices.ContainsFunc(w.cfg.Fleet.Pools, func(p fleet.Pool) bool { return p.Fits(set) })
}

// Summary counts what happened so far.
func (w *World) Summary() Summary {
	s := Summary{V: 1, Seed: w.cfg.Seed, JobsPerMachine: w.perMost, CostUSD: w.AWS.Cost(), APICalls: w.AWS.Calls()}
	s.APICalls["github"] = w.GitHub.Calls()
	var waits []time.Duration
	for _, o := range w.GitHub.Outcomes() {
		if o.Attempt > 1 {
			s.Jobs.again(o) // the job is counted by its first life
			continue
		}
		s.Jobs.Queued++
		switch {
		case !w.fits(o.Labels):
			s.Jobs.NoPool++
		case !o.Started.IsZero():
			waits = append(waits, o.Started.Sub(w.dueFrom(o)))
			switch {
			case w.check.overLimit[o.ID]:
				s.Jobs.OverLimit++
			case o.Status == "completed":
				s.Jobs.Completed++
			default:
				s.Jobs.Running++
			}
		case o.Conclusion == "cancelled" && o.Done.Sub(o.Created) < time.Hour:
			s.Jobs.Cancelled++
		default:
			s.Jobs.Unserved++
		}
	}
	s.Wait = WaitsOf(waits)
	s.Story = w.Story()
	s.Interruption = w.interruption()
	s.Interrupted.Jobs, s.Interrupted.Again = w.spotStory()
	s.Standing.Machines, s.Standing.Jobs, s.Standing.Amiss = len(w.kept()), w.stood.jobs, w.amiss()
	s.Standing.Stops, s.Standing.Starts = len(w.stood.stops), w.stood.starts
	s.Closings = w.closings()
	s.Machines.Launched, s.Machines.Left = w.AWS.Launched(), len(w.machinesLeft())
	s.Machines.Ended = s.Machines.Launched - s.Machines.Left - s.Standing.Machines
	s.RunnersLeft, s.ParametersLeft = len(w.runnersLeft()), len(w.AWS.Left(w.parameters()).Parameters)
	return s
}

// Glance is how the world stands now.
type Glance struct {
	At                               time.Time
	Waiting, Running, Done, Machines int
}

// Glance counts jobs that a pool fits, and machines.
func (w *World) Glance() Glance {
	g := Glance{At: w.Now(), Machines: len(w.AWS.Alive())}
	for _, o := range w.GitHub.Outcomes() {
		switch {
		case o.Status == "completed":
			g.Done++
		case !w.fits(o.Labels):
		case o.Started.IsZero():
			g.Waiting++
		default:
			g.Running++
		}
	}
	return g
}
