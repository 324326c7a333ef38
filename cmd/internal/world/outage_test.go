package world

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awssim"
)

// steady is a day on which a job of five minutes comes every two minutes, for
// an hour, from eight o'clock on.
func steady(t *testing.T, with func(*Config)) (Summary, []githubsim.Outcome) {
	t.Helper()
	f, types := onePool(fleet.OnDemand)
	f.Pools[0] = f.Pools[0].WithDefaults()
	c := Config{Seed: 1, Begin: begin(), Fleet: f, Types: types}
	for i := range 30 {
		c.Script = append(c.Script, Job{
			Run: i + 1, After: time.Duration(i) * 2 * time.Minute, Duration: 5 * time.Minute, Labels: []string{"self-hosted", "linux", "arm64"},
		})
	}
	with(&c)
	w, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Run(t.Context(), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	return w.Summary(), w.GitHub.Outcomes()
}

// From twenty past eight, for ten minutes.
const (
	breaks = 20 * time.Minute
	mends  = 30 * time.Minute
)

func TestTenMinutesWithoutGitHubOrAWSCostTimeAndNothingElse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		with  func(*Config)
		after time.Duration // of its mending, until every job that waited runs
	}{
		{"GitHub is down", func(c *Config) {
			c.GitHub.Down = []githubsim.Window{{From: c.Begin.Add(breaks), To: c.Begin.Add(mends)}}
		}, 3 * time.Minute},
		{"GitHub is down, and its webhooks are lost too", func(c *Config) {
			window := githubsim.Window{From: c.Begin.Add(breaks), To: c.Begin.Add(mends)}
			c.GitHub.Down, c.GitHub.Loss = []githubsim.Window{window}, githubsim.Chance{Rate: 1, During: window}
		}, 4 * time.Minute},
		{"AWS fails every call", func(c *Config) {
			c.AWS.Windows = []awssim.Window{{From: breaks, Until: mends, ServerError: 1}}
		}, 3 * time.Minute},
		{"AWS throttles every call", func(c *Config) {
			c.AWS.Windows = []awssim.Window{{From: breaks, Until: mends, Throttled: 1}}
		}, 3 * time.Minute},
		{"AWS does what it is asked and never answers", func(c *Config) {
			c.AWS.Windows = []awssim.Window{{From: breaks, Until: mends, Lost: 1}}
		}, 3 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, all := steady(t, tt.with)
			// One machine may give up waiting for a registration.
			if !s.Good() || s.Jobs.Completed != 30 || s.JobsPerMachine != 1 || s.Machines.Launched > 31 {
				t.Errorf("summary: %+v", s)
			}
			for _, o := range all {
				late := after(o.Started) - max(after(o.Created), mends)
				if came := after(o.Created); came < mends && after(o.Started) > mends && late > tt.after || came >= mends+tt.after && late > time.Minute {
					t.Errorf("the job of %s began %s later", came, late)
				}
			}
		})
	}
}

// A jump in a machine's boot ends it at worst, and its job has another.
func TestAClockThatJumpsAnHourCostsNoJob(t *testing.T) {
	for name, jump := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			for n := range 4 { // from one job to the next
				at := breaks + time.Duration(n)*30*time.Second
				s, all := steady(t, func(c *Config) {
					jumps := c.Begin.Add(at)
					c.Skew = func(now time.Time) time.Duration {
						if now.Before(jumps) {
							return 0
						}
						return jump
					}
				})
				if !s.Good() || s.Jobs.Completed != 30 || s.JobsPerMachine != 1 || s.Machines.Launched > 31 || s.Wait.Max > 3*60 {
					t.Errorf("at %s: summary %+v", at, s)
				}
				for _, o := range all {
					if o.Conclusion != "success" || o.Attempt != 1 {
						t.Errorf("at %s: job %+v", at, o)
					}
				}
			}
		})
	}
}
