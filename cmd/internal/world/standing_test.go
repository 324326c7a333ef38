package world

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awssim"
)

var buildLabels = []string{"self-hosted", "linux", "build"}

// standing is a world of two standing machines, closed from 08:30 to 09:10.
func standing(t *testing.T, policy fleet.ClosedPolicy, script []Job, with func(*Config)) *World {
	t.Helper()
	c := Config{
		Seed: 1, Begin: begin(), Script: script, Types: map[string][]string{"build": {"c7g.large", "m7g.large"}},
		Fleet: fleet.Fleet{Name: "demo", Pools: []fleet.Pool{fleet.Pool{
			Name: "build", Labels: fleet.NewLabels(buildLabels...), Arch: fleet.ARM64, Max: 2, Prepared: true,
			Lifetime: fleet.Standing, Account: "acme", Plain: fleet.Plain{URL: "gh-url", Token: "gh-token"},
		}.WithDefaults()}},
		Hours: map[string]schedule.Windows{"build": hoursOf(30, 70, policy)},
	}
	if with != nil {
		with(&c)
	}
	w, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Run(t.Context(), 20*time.Hour); err != nil {
		t.Fatal(err)
	}
	return w
}

// after is when something happened, from eight o'clock on.
func after(at time.Time) time.Duration { return at.Sub(begin()).Round(time.Second) }

func TestAClosingWithABusyMachineAJobMeanwhileAndAnOpening(t *testing.T) {
	w := standing(t, fleet.ClosedWait, []Job{
		{Run: 1, After: 20 * time.Minute, Duration: 25 * time.Minute, Labels: buildLabels},
		{Run: 2, After: 50 * time.Minute, Duration: 5 * time.Minute, Labels: buildLabels},
		{Run: 3, After: 80 * time.Minute, Duration: 5 * time.Minute, Labels: buildLabels},
	}, func(c *Config) { c.Fleet.Pools[0].Plain = fleet.Plain{} })
	s := w.Summary()
	if !s.Good() || s.Jobs.Completed != 3 || s.Standing.Jobs != 3 || s.Standing.Machines != 2 || s.Standing.Stops != 2 || s.Standing.Starts != 2 {
		t.Errorf("summary: %+v", s)
	}
	all := w.GitHub.Outcomes()
	if done := after(all[0].Done); all[0].Conclusion != "success" || done < 45*time.Minute || done > 46*time.Minute {
		t.Errorf("the job that ran at the closing: %s after %s", all[0].Conclusion, done)
	}
	if began := after(all[1].Started); began < 69*time.Minute || began > 71*time.Minute {
		t.Errorf("the job that came meanwhile began after %s", began)
	}
	// Registered once: the two runners are GitHub's first two.
	for _, r := range w.GitHub.Runners() {
		if r.ID > 2 || !r.Online {
			t.Errorf("runner %+v", r)
		}
	}
	if s.APICalls["github"]["registration-token"] != 1 || s.APICalls["ssm"]["PutParameter"] != 2 || s.APICalls["ec2"]["TerminateInstances"] != 0 {
		t.Errorf("calls: %v", s.APICalls)
	}
}

func TestAColdPoolStartsOneMachineForAJobWhileItIsClosed(t *testing.T) {
	w := standing(t, fleet.ClosedCold, []Job{
		{Run: 1, After: 45 * time.Minute, Duration: 5 * time.Minute, Labels: buildLabels},
		{Run: 2, After: 80 * time.Minute, Duration: time.Minute, Labels: buildLabels},
	}, nil)
	s := w.Summary()
	if !s.Good() || s.Standing.Stops != 3 || s.Standing.Starts != 3 || s.Wait.Max > 60 {
		t.Errorf("summary: %+v", s)
	}
}

func TestAPlainFormIsGoodForAnImageThatRegistersByItself(t *testing.T) {
	read := func(w *World, name string) string {
		out, err := w.AWS.SSM().GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(out.Parameter.Value)
	}
	registered := 0
	register := func(w *World) {
		if url := read(w, "gh-url"); url != "https://github.com/acme" {
			t.Errorf("address %s", url)
		}
		if _, err := w.GitHub.Register(read(w, "gh-token"), githubsim.Registration{Name: "gh-g2-runner-" + w.Now().String(), Labels: []string{"own"}}); err != nil {
			t.Error(err)
		}
		registered++
	}
	w := standing(t, fleet.ClosedWait, []Job{{After: 80 * time.Minute, Duration: time.Minute, Labels: buildLabels}}, func(c *Config) {
		// Ten minutes after the launch, and after the start.
		c.Moments = []Moment{{After: 10 * time.Minute, Do: register}, {After: 79 * time.Minute, Do: register}}
	})
	if registered != 2 || !slices.ContainsFunc(w.GitHub.Runners(), func(r githubsim.Registered) bool { return r.Name[:3] == "gh-" }) {
		t.Errorf("%d registered: %+v", registered, w.GitHub.Runners())
	}
}

func TestMachinesThatCannotBeStartedAreReplacedElsewhere(t *testing.T) {
	w := standing(t, fleet.ClosedWait, []Job{{After: 3 * time.Hour, Duration: time.Minute, Labels: buildLabels}}, func(c *Config) {
		c.AWS.Outages = []awssim.Outage{{From: 60 * time.Minute, Until: 10 * time.Hour, Offer: "c7g.large/*/*"}}
	})
	s := w.Summary()
	if !s.Good() || s.Machines.Launched != 4 || s.Standing.Machines != 2 {
		t.Errorf("summary: %+v", s)
	}
	for _, i := range w.AWS.Instances()[2:] {
		if i.Type != "m7g.large" {
			t.Errorf("replaced by a %s", i.Type)
		}
	}
}
