package agent

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// twice is two jobs on one machine.
var twice = after(busy,
	at{70 * time.Second, Line{succeeds}}, at{80 * time.Second, Line{begins}}, at{90 * time.Second, Line{fails}})

func TestAStandingMachineServesManyJobs(t *testing.T) {
	day := 24 * time.Hour
	for _, tt := range []struct {
		name     string
		settings Settings
		events   []at
		want     []string // after the runner's start
	}{
		{"neither a job nor its end ends it, nor days without one", Settings{}, after(twice, at{20 * day, Line{begins}}, at{20*day + time.Hour, Tick{}}), nil},
		{"the system's stop interrupts an idle runner", Settings{}, after(twice, at{time.Hour, Stop{}}, at{time.Hour + time.Second, Exited{0}}), []string{
			"3600 interrupt", "3601 tell ended stopped (the system stopped the agent) code 0 job 80-90 Failed", "3601 off stopped",
		}},
		{"and a busy one", Settings{}, after(busy, at{60 * time.Second, Stop{}}, at{65 * time.Second, Exited{0}}), []string{
			"60 interrupt", "65 tell ended stopped (the system stopped the agent) code 0 job 10-?", "65 off stopped",
		}},
		{"a job that runs too long stops the machine", Settings{Job: time.Minute}, after(busy, at{71 * time.Second, Exited{0}}), []string{
			"70 interrupt", "71 tell ended over limit (its job ran longer than 1m0s) code 0 job 10-?", "71 off over limit",
		}},
		{"the limit is each job's own", Settings{Job: time.Minute}, after(twice, at{95 * time.Second, Line{begins}}, at{156 * time.Second, Exited{0}}), []string{
			"155 interrupt", "156 tell ended over limit (its job ran longer than 1m0s) code 0 job 95-?", "156 off over limit",
		}},
		{"a runner that crashes is started again", Settings{}, after(twice, at{100 * time.Second, Exited{2}}, at{time.Hour, Tick{}}), []string{`105 start ""`}},
		{"five times without a job in between", Settings{}, after(busy, at{20 * time.Second, Exited{-1}}, at{30 * time.Second, Exited{2}}, at{40 * time.Second, Exited{2}},
			at{50 * time.Second, Exited{2}}, at{60 * time.Second, Exited{2}}, at{70 * time.Second, Exited{2}}), []string{
			`25 start ""`, `35 start ""`, `45 start ""`, `55 start ""`, `65 start ""`,
			"70 tell ended crashed (the runner ended with code 2) code 2 job ?-?", "70 off crashed",
		}},
		{"one that can't use its registration is not", Settings{}, after(twice, at{100 * time.Second, Exited{1}}), []string{
			"100 tell ended crashed (the runner ended with code 1) code 1 job 80-90 Failed", "100 off crashed",
		}},
		{"nor one whose registration is gone, whatever its code", Settings{}, after(twice, at{100 * time.Second, Line{vanished}}, at{101 * time.Second, Exited{2}}), []string{
			"101 tell ended unused (GitHub no longer has the runner's registration) code 2 job 80-90 Failed", "101 off unused",
		}},
		{"nor one that GitHub lets go", Settings{}, after(twice, at{100 * time.Second, Exited{0}}), []string{
			"100 tell ended unused (GitHub let go of the runner) code 0 job 80-90 Failed", "100 off unused",
		}},
		{"a runner updates itself between two jobs", Settings{}, after(twice, at{100 * time.Second, Exited{3}}, at{110 * time.Second, Updated{}}), []string{
			"100 awaitupdate", `110 start ""`,
		}},
		{"a stop comes before a restart", Settings{}, after(twice, at{100 * time.Second, Exited{2}}, at{102 * time.Second, Stop{}}), []string{
			"102 tell ended stopped (the system stopped the agent) code 0 job ?-?", "102 off stopped",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.settings.Standing = true
			_, got := play(tt.settings, tt.events)
			if diff := cmp.Diff(append(asked[:len(asked):len(asked)], tt.want...), got); diff != "" {
				t.Errorf("life (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAConfiguredMachineStartsItsRunnerAtOnce(t *testing.T) {
	a, got := play(Settings{Standing: true, Configured: true}, []at{
		{5 * time.Second, Line{listens}}, {time.Minute, Line{begins}}, {time.Hour, Line{succeeds}}, {48 * time.Hour, Tick{}},
	})
	if diff := cmp.Diff([]string{`0 start ""`}, got); diff != "" || a.Over() || a.Busy() {
		t.Errorf("over %v, busy %v, life (-want +got):\n%s", a.Over(), a.Busy(), diff)
	}
}

func TestAConfiguredMachineWhoseRegistrationIsGoneStops(t *testing.T) {
	_, got := play(Settings{Standing: true, Configured: true}, []at{{5 * time.Second, Line{unknown}}, {6 * time.Second, Exited{1}}})
	if diff := cmp.Diff([]string{
		`0 start ""`, "6 tell ended unused (GitHub no longer has the runner's registration) code 1 job ?-?", "6 off unused",
	}, got); diff != "" {
		t.Errorf("life (-want +got):\n%s", diff)
	}
}

func TestAStandingLifeStopsWhenTheSystemDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		a, effects := Begin("i-1", Settings{Standing: true, Configured: rapid.Bool().Draw(t, "configured")}, now)
		configs, offs := 0, 0
		see := func(effects []Effect) {
			for _, e := range effects {
				if offs > 0 {
					t.Fatalf("%T after PowerOff", e)
				}
				switch e := e.(type) {
				case Start:
					if e.Config != "" {
						configs++
					}
				case PowerOff:
					offs++
				}
			}
		}
		see(effects)
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "later")) * time.Second)
			a, effects = a.On(now, anyEvent().Draw(t, "what"))
			see(effects)
			if !a.Over() && !a.Wake().After(now) {
				t.Fatalf("at %v it is due since %v", now, a.Wake())
			}
		}
		a, effects = a.On(now, Stop{})
		see(effects)
		for range 10 { // then time alone brings it to its end
			if a.Over() {
				break
			}
			now = a.Wake()
			a, effects = a.On(now, Tick{})
			see(effects)
		}
		if configs > 1 || offs != 1 || now.Sub(noon) > 60*15*time.Minute+time.Minute {
			t.Fatalf("%d configs, %d ends, after %v", configs, offs, now.Sub(noon))
		}
	})
}
