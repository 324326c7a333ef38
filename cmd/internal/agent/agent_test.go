package agent

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// at is an event so long after noon.
type at struct {
	after time.Duration
	event Event
}

const (
	stampedAt = "2026-11-25 12:00:09Z: "
	listens   = stampedAt + "Listening for Jobs"
	begins    = stampedAt + "Running job: build (arm64, 1)"
	succeeds  = stampedAt + "Job build (arm64, 1) completed with result: Succeeded"
	fails     = stampedAt + "Job build (arm64, 1) completed with result: Failed"
	tooOld    = "An error occurred: Runner version v2.330.0 is deprecated and cannot receive messages."
	vanished  = "The runner no longer exists on the server. Cleaning up local configuration."
	unknown   = "Failed to create a session. The runner registration has been deleted from the server, please re-configure."
	notFound  = "Http response code: NotFound from 'POST https://api.github.com/actions/runner-registration' (Request Id: 1)"
)

// taken are the events until the runner runs, three seconds after noon.
var taken = []at{{time.Second, NotYet{}}, {3 * time.Second, Claimed{"the config"}}}

func after(before []at, then ...at) []at { return append(before[:len(before):len(before)], then...) }

// busy is a job that begins ten seconds after noon.
var busy = after(taken, at{9 * time.Second, Line{listens}}, at{10 * time.Second, Line{begins}})

// play gives an agent events, and a Tick whenever it asked for one, until the
// last event is over. Each effect is a line: its time in seconds and what it is.
func play(s Settings, events []at) (State, []string) {
	a, first := Begin("i-1", s, noon)
	var log []string
	record := func(now time.Time, effects []Effect) {
		for _, e := range effects {
			log = append(log, fmt.Sprintf("%v %s", now.Sub(noon).Seconds(), show(e)))
		}
	}
	record(noon, first)
	step := func(now time.Time, e Event) {
		var effects []Effect
		a, effects = a.On(now, e)
		record(now, effects)
	}
	for _, e := range events {
		for now := noon.Add(e.after); !a.Over() && a.Wake().Before(now); {
			step(a.Wake(), Tick{})
		}
		step(noon.Add(e.after), e.event)
	}
	return a, log
}

func show(e Effect) string {
	switch e := e.(type) {
	case Start:
		return fmt.Sprintf("start %q", string(e.Config))
	case Tell:
		r := e.Report
		text := "tell " + string(r.Kind)
		if r.Busy {
			text += " busy"
		}
		if r.Kind == fleet.ReportEnded {
			text += fmt.Sprintf(" %s (%s) code %d job %v-%v %s", r.Outcome, r.Reason, r.ExitCode, seconds(r.JobFrom), seconds(r.JobUntil), r.Result)
		}
		return strings.TrimSpace(text)
	case PowerOff:
		return "off " + string(e.Outcome)
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", e), "agent."), "{}"))
}

func seconds(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	return fmt.Sprint(t.Sub(noon).Seconds())
}

// asked is the beginning of all that have taken their config.
var asked = []string{"0 ask", "1 tell ready", `3 start "the config"`}

func TestAMachineDoesWhatItsLifeAsksFor(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events []at
		want   []string // after the runner's start
	}{
		{"a job is done, and the machine powers off", after(busy, at{70 * time.Second, Line{succeeds}}, at{71 * time.Second, Exited{0}}), []string{
			"71 tell ended done (its job is over) code 0 job 10-70 Succeeded", "71 off done",
		}},
		{"a job that failed is done too", after(busy, at{70 * time.Second, Line{fails}}, at{71 * time.Second, Exited{0}}), []string{
			"71 tell ended done (its job is over) code 0 job 10-70 Failed", "71 off done",
		}},
		{"a runner that GitHub lets go before a job is not one that had one", after(taken, at{200 * time.Second, Exited{0}}), []string{
			"200 tell ended unused (GitHub let go of the runner) code 0 job ?-?", "200 off unused",
		}},
		{"a runner that crashes is not started again", after(busy, at{20 * time.Second, Exited{2}}), []string{
			"20 tell ended crashed (the runner ended with code 2) code 2 job 10-?", "20 off crashed",
		}},
		{"a runner that a signal ends has crashed", after(taken, at{20 * time.Second, Exited{-1}}), []string{
			"20 tell ended crashed (the runner ended with code -1) code -1 job ?-?", "20 off crashed",
		}},
		{"a version that is too old is known by its code", after(taken, at{8 * time.Second, Exited{7}}), []string{
			"8 tell ended refused (GitHub refused the runner's version) code 7 job ?-?", "8 off refused",
		}},
		{"and by its line, where the code says nothing", after(taken, at{8 * time.Second, Line{tooOld}}, at{9 * time.Second, Exited{1}}), []string{
			"9 tell ended refused (GitHub refused the runner's version) code 1 job ?-?", "9 off refused",
		}},
		{"a registration that GitHub no longer has", after(taken, at{8 * time.Second, Line{unknown}}, at{9 * time.Second, Exited{1}}), []string{
			"9 tell ended unused (GitHub no longer has the runner's registration) code 1 job ?-?", "9 off unused",
		}},
		{"one that is gone once its job is over was good for that", after(busy, at{20 * time.Second, Line{succeeds}}, at{21 * time.Second, Line{vanished}}, at{22 * time.Second, Exited{0}}), []string{
			"22 tell ended done (its job is over) code 0 job 10-20 Succeeded", "22 off done",
		}},
		{"a token that is over registers nothing", after(taken, at{8 * time.Second, Line{notFound}}, at{9 * time.Second, Exited{1}}), []string{
			"9 tell ended refused (GitHub did not register the runner: its token may be over) code 1 job ?-?", "9 off refused",
		}},
		{"a registration that is granted when asked again is one", after(taken, at{8 * time.Second, Line{notFound}}, at{12 * time.Second, Line{listens}}, at{13 * time.Second, Exited{1}}), []string{
			"13 tell ended crashed (the runner ended with code 1) code 1 job ?-?", "13 off crashed",
		}},
		{"a session that another one holds", after(taken, at{250 * time.Second, Exited{5}}), []string{
			"250 tell ended conflict (another runner holds the session) code 5 job ?-?", "250 off conflict",
		}},
		{"a runner that cannot be started", after(taken, at{4 * time.Second, Broken{"no user runner"}}), []string{
			"4 tell ended broken (no user runner) code 0 job ?-?", "4 off broken",
		}},
		{"a runner that updated itself goes on without the config", after(taken,
			at{20 * time.Second, Exited{4}}, at{25 * time.Second, Updated{}}, at{40 * time.Second, Line{begins}}, at{50 * time.Second, Line{succeeds}}, at{51 * time.Second, Exited{0}}), []string{
			"20 awaitupdate", `25 start ""`, "51 tell ended done (its job is over) code 0 job 40-50 Succeeded", "51 off done",
		}},
		{"one that updates itself for ever does not", after(taken,
			at{20 * time.Second, Exited{4}}, at{25 * time.Second, Updated{}}, at{30 * time.Second, Exited{3}}, at{35 * time.Second, Updated{}},
			at{40 * time.Second, Exited{4}}, at{45 * time.Second, Updated{}}, at{50 * time.Second, Exited{4}}), []string{
			"20 awaitupdate", `25 start ""`, "30 awaitupdate", `35 start ""`, "40 awaitupdate", `45 start ""`,
			"50 tell ended crashed (the runner ended with code 4) code 4 job ?-?", "50 off crashed",
		}},
		{"the system stops the agent, and the job tells GitHub so", after(busy, at{20 * time.Second, Stop{}}, at{28 * time.Second, Line{fails}}, at{29 * time.Second, Exited{0}}), []string{
			"20 interrupt", "29 tell ended stopped (the system stopped the agent) code 0 job 10-28 Failed", "29 off stopped",
		}},
		{"a runner that does not heed it is killed, and the machine does not wait for ever", after(busy, at{20 * time.Second, Stop{}}, at{200 * time.Second, Tick{}}), []string{
			"20 interrupt", "50 kill", "60 tell ended stopped (the system stopped the agent) code -1 job 10-?", "60 off stopped",
		}},
		{"a job that runs too long is interrupted", after(busy, at{8 * time.Hour, Tick{}}), []string{
			"22510 interrupt", "22540 kill", "22550 tell ended over limit (its job ran longer than 6h15m0s) code -1 job 10-?", "22550 off over limit",
		}},
		{"a runner without a job does not listen for ever", after(taken, at{9 * time.Second, Line{listens}}, at{31 * time.Minute, Exited{0}}), []string{
			"1803 interrupt", "1833 kill", "1843 tell ended over limit (no job within 30m0s) code -1 job ?-?", "1843 off over limit",
		}},
		{"a runner that stays after its job is ended", after(busy, at{20 * time.Second, Line{succeeds}}, at{85 * time.Second, Exited{0}}), []string{
			"80 interrupt", "85 tell ended done (its job is over, and the runner stayed) code 0 job 10-20 Succeeded", "85 off done",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, log := play(Settings{}, tt.events)
			if diff := cmp.Diff(append(asked[:3:3], tt.want...), log); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
			if !a.Over() || !a.Wake().IsZero() {
				t.Error("it is not over")
			}
		})
	}
}

func TestAMachineThatSpotTakes(t *testing.T) {
	deadline := noon.Add(140 * time.Second)
	for _, tt := range []struct {
		name   string
		events []at
		want   []string
	}{
		{"takes no config any more", []at{{time.Second, NotYet{}}, {20 * time.Second, Notice{deadline}}}, []string{
			"0 ask", "1 tell ready", "5 ask",
			"20 tell notice", "20 tell ended interrupted (Spot takes the machine) code 0 job ?-?", "20 off interrupted",
		}},
		{"an idle runner stops at once", after(taken, at{20 * time.Second, Notice{deadline}}, at{21 * time.Second, Exited{0}}), []string{
			"20 tell notice", "20 interrupt", "21 tell ended interrupted (Spot takes the machine) code 0 job ?-?", "21 off interrupted",
		}},
		{"a job that ends in time is done", after(busy, at{20 * time.Second, Notice{deadline}}, at{100 * time.Second, Line{succeeds}}, at{101 * time.Second, Exited{0}}), []string{
			"20 tell notice busy", "101 tell ended done (its job is over) code 0 job 10-100 Succeeded", "101 off done",
		}},
		{"one that does not is interrupted before the deadline", after(busy, at{20 * time.Second, Notice{deadline}}, at{119 * time.Second, Line{fails}}, at{120 * time.Second, Exited{0}}), []string{
			"20 tell notice busy", "110 interrupt", "120 tell ended interrupted (Spot takes the machine) code 0 job 10-119 Failed", "120 off interrupted",
		}},
		{"a late notice interrupts at once", after(busy, at{130 * time.Second, Notice{deadline}}, at{135 * time.Second, Exited{0}}), []string{
			"130 tell notice busy", "130 interrupt", "135 tell ended interrupted (Spot takes the machine) code 0 job 10-?", "135 off interrupted",
		}},
		{"one without a deadline means two minutes", after(busy, at{20 * time.Second, Notice{}}, at{111 * time.Second, Exited{0}}), []string{
			"20 tell notice busy", "110 interrupt", "111 tell ended interrupted (Spot takes the machine) code 0 job 10-?", "111 off interrupted",
		}},
		{"a notice that is read again does not move the deadline", after(busy, at{20 * time.Second, Notice{deadline}}, at{25 * time.Second, Notice{deadline.Add(time.Hour)}}, at{111 * time.Second, Exited{0}}), []string{
			"20 tell notice busy", "110 interrupt", "111 tell ended interrupted (Spot takes the machine) code 0 job 10-?", "111 off interrupted",
		}},
		{"a notice of before the boot is none", after(busy, at{20 * time.Second, Notice{noon.Add(-time.Hour)}}, at{70 * time.Second, Exited{0}}), []string{
			"70 tell ended done (its job is over) code 0 job 10-?", "70 off done",
		}},
		{"a recommendation is told once and changes nothing", after(busy, at{20 * time.Second, Rebalance{}}, at{25 * time.Second, Rebalance{}}, at{70 * time.Second, Exited{0}}), []string{
			"20 tell rebalance busy", "70 tell ended done (its job is over) code 0 job 10-?", "70 off done",
		}},
		{"a notice in the middle of an update ends it", after(taken, at{20 * time.Second, Exited{4}}, at{21 * time.Second, Notice{deadline}}), []string{
			"20 awaitupdate", "21 tell notice", "21 tell ended interrupted (Spot takes the machine) code 0 job ?-?", "21 off interrupted",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, log := play(Settings{}, tt.events)
			want := tt.want
			if want[0] != "0 ask" {
				want = append(asked[:3:3], want...)
			}
			if diff := cmp.Diff(want, log); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMachineAsksAtItsPaceUntilItsLimit(t *testing.T) {
	s := Settings{Poll: 10 * time.Second, Wait: 25 * time.Second}
	no := func(seconds time.Duration) at { return at{seconds * time.Second, NotYet{}} }
	for _, tt := range []struct {
		name   string
		events []at
		want   []string
	}{
		{"no config comes", []at{no(1), no(11), no(21), {time.Minute, Tick{}}}, []string{
			"0 ask", "1 tell ready", "10 ask", "20 ask",
			"25 tell ended no config (no config within 25s) code 0 job ?-?", "25 off no config",
		}},
		{"an answer that is under way at the limit is waited for", []at{no(1), no(11), {28 * time.Second, Claimed{"late"}}, {30 * time.Second, Exited{0}}}, []string{
			"0 ask", "1 tell ready", "10 ask", "20 ask", `28 start "late"`,
			"30 tell ended unused (GitHub let go of the runner) code 0 job ?-?", "30 off unused",
		}},
		{"but not for ever", []at{no(1), no(11), {2 * time.Minute, Tick{}}}, []string{
			"0 ask", "1 tell ready", "10 ask", "20 ask",
			"80 tell ended no config (no config within 25s) code 0 job ?-?", "80 off no config",
		}},
		{"a slow answer delays the next asking, and nothing piles up", []at{no(14), {15 * time.Second, Claimed{"c"}}, {16 * time.Second, Exited{0}}}, []string{
			"0 ask", "14 tell ready", "14 ask", `15 start "c"`,
			"16 tell ended unused (GitHub let go of the runner) code 0 job ?-?", "16 off unused",
		}},
		{"a config that waits already needs no report", []at{{time.Second, Claimed{"c"}}, {2 * time.Second, Exited{0}}}, []string{
			"0 ask", `1 start "c"`, "2 tell ended unused (GitHub let go of the runner) code 0 job ?-?", "2 off unused",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, log := play(s, tt.events); !cmp.Equal(tt.want, log) {
				t.Errorf("effects (-want +got):\n%s", cmp.Diff(tt.want, log))
			}
		})
	}
}

func TestASecretPrintsAsAPlaceholder(t *testing.T) {
	a, _ := Begin("i-1", Settings{}, noon)
	a, effects := a.On(noon, Claimed{"hush"})
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, x := range []any{a, effects, effects[0], Claimed{"hush"}, Secret("hush")} {
			if text := fmt.Sprintf(format, x); strings.Contains(text, "hush") {
				t.Errorf("%s of %T: %s", format, x, text)
			}
		}
	}
}
