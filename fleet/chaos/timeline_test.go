package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/chaos"
)

func TestTheTimelineFromNoticeToGreen(t *testing.T) {
	again := queued(on(3, 2, "i-4"), 6)
	again.Runner = fleet.RunnerName("acme", "i-4", 1)
	s := seen(done(on(1, 1, "i-1"), "failure", 3.5), done(named(on(2, 1, "i-2"), "b"), "success", 3), done(again, "success", 20))
	s.Notices = append(s.Notices,
		fleet.Notice{Machine: "i-1", Kind: fleet.Interruption, At: at(2.1), Deadline: at(3.9)}, // by the agent, later
		fleet.Notice{Machine: "i-2", Kind: fleet.Interruption, At: at(-60), Deadline: at(-58)}, // of another drill
		fleet.Notice{Machine: "i-9", Kind: fleet.Interruption, At: at(2), Deadline: at(4)},     // not of this one
	)
	v := chaos.Judge(s)
	var got []string
	for _, m := range v.Timeline {
		job := ""
		if m.Job.ID != 0 {
			job = fmt.Sprintf("%d/%d", m.Job.ID, m.Job.Attempt)
		}
		got = append(got, strings.Join(strings.Fields(fmt.Sprint(m.At.Format(time.TimeOnly), " ", m.What, " ", m.Machine, " ", job)), " "))
	}
	want := []string{
		"12:00:00 drill began",
		"12:00:00 recommended to leave i-1",
		"12:00:00 recommended to leave i-2",
		"12:02:00 warned i-1",
		"12:02:00 warned i-2",
		"12:02:00 experiment ended",
		"12:03:00 green i-2 2/1",
		"12:03:30 interrupted i-1 1/1",
		"12:06:00 re-run 3/2",
		"12:20:00 green i-4 3/2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	if got := v.Fates[0].Heal(); got != 16*time.Minute+30*time.Second {
		t.Errorf("healed in %s", got)
	}
	if got := v.Fates[1].Heal(); got != 0 || v.Fates[1].Interrupted() {
		t.Errorf("a job in time was healed in %s", got)
	}
}

func TestWhatRanBeforeAndAfterwards(t *testing.T) {
	for _, tt := range []struct {
		name             string
		with             func(*chaos.Seen)
		after, gone, new []fleet.MachineID
	}{
		{"what runs now, as long as the drill has no word of it", func(s *chaos.Seen) {
			s.Now = append(s.Now, machine("i-5", fleet.Pending, fleet.Spot), fleet.Machine{ID: "i-7", Pool: "x64", State: fleet.Up})
		}, []fleet.MachineID{"i-3", "i-4"}, []fleet.MachineID{"i-1", "i-2"}, []fleet.MachineID{"i-4"}},
		{"what ran when its victims were to be gone, however long ago", func(s *chaos.Seen) {
			s.After, s.AfterAt, s.Now = []fleet.MachineID{"i-6", "i-3"}, at(8), nil
		}, []fleet.MachineID{"i-3", "i-6"}, []fleet.MachineID{"i-1", "i-2"}, []fleet.MachineID{"i-6"}},
		{"nothing, if nothing ran then", func(s *chaos.Seen) { s.AfterAt = at(8) }, nil, []fleet.MachineID{"i-1", "i-2", "i-3"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := seen()
			tt.with(&s)
			v := chaos.Judge(s)
			want := [][]fleet.MachineID{{"i-1", "i-2", "i-3"}, tt.after, tt.gone, tt.new}
			if diff := cmp.Diff(want, [][]fleet.MachineID{v.Before, v.After, v.Gone, v.New}); diff != "" {
				t.Errorf("before, after, gone, new (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatOfADrillIsLeft(t *testing.T) {
	s := seen()
	if v := chaos.Judge(s); v.Left != nil {
		t.Errorf("left: %q", v.Left)
	}
	s.Now = append(s.Now, machine("i-2", fleet.Up, fleet.Spot))
	s.Left = []string{"the experiment's template"}
	if diff := cmp.Diff([]string{"the experiment's template", "machine i-2"}, chaos.Judge(s).Left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// drawn is a random drill of two victims, and lives of jobs of few names on
// few machines.
func drawn(r *rapid.T) chaos.Seen {
	var jobs []fleet.Job
	for i := range rapid.IntRange(0, 8).Draw(r, "jobs") {
		j := on(fleet.JobID(i+1), rapid.IntRange(1, 3).Draw(r, "attempt"), rapid.SampledFrom([]fleet.MachineID{"i-1", "i-2", "i-3", "i-4"}).Draw(r, "on"))
		j.Run, j.Name = fleet.RunID(rapid.IntRange(7, 8).Draw(r, "run")), rapid.SampledFrom([]string{"a", "b"}).Draw(r, "name")
		switch end := rapid.Float64Range(-5, 40).Draw(r, "end"); rapid.IntRange(0, 3).Draw(r, "kind") {
		case 0:
			j = queued(j, end)
		case 1:
			j = done(j, "success", end)
		case 2:
			j = done(j, "failure", end)
		}
		jobs = append(jobs, j)
	}
	s := seen(jobs...)
	s.At = at(rapid.Float64Range(0, 200).Draw(r, "now"))
	s.Notices = s.Notices[:rapid.IntRange(0, 4).Draw(r, "notices")]
	if rapid.Bool().Draw(r, "left") {
		s.Left = []string{"its template"}
	}
	if rapid.Bool().Draw(r, "settled") {
		s.After, s.AfterAt = []fleet.MachineID{"i-3", "i-4"}, at(7)
	}
	if rapid.IntRange(0, 3).Draw(r, "traces") == 0 {
		s.Traces = map[fleet.MachineID][]string{"i-1": {"its parameter", "registration"}}
	}
	s.Experiment.State = rapid.SampledFrom([]fleet.ExperimentState{fleet.ExperimentRunning, fleet.ExperimentCompleted, fleet.ExperimentStopped}).Draw(r, "state")
	return s
}

func shuffled[T any](dice *rand.Rand, list []T) []T {
	mixed := append([]T(nil), list...)
	dice.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return mixed
}

func TestTheVerdictDoesNotDependOnTheOrderOfWhatWasSeen(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := drawn(r)
		want := chaos.Judge(s)
		dice := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(r, "shuffle")))
		s.Jobs, s.Notices, s.Now, s.Before = shuffled(dice, s.Jobs), shuffled(dice, s.Notices), shuffled(dice, s.Now), shuffled(dice, s.Before)
		s.After = shuffled(dice, s.After)
		s.Experiment.Victims = shuffled(dice, s.Experiment.Victims)
		if diff := cmp.Diff(want, chaos.Judge(s)); diff != "" {
			r.Fatalf("verdict (-first +shuffled):\n%s", diff)
		}
	})
}

func TestAVerdictIsConsistent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := drawn(r)
		v := chaos.Judge(s)
		count := map[chaos.Outcome]int{}
		traces := s.Traces != nil && strings.Contains(strings.Join(v.Why, " "), "i-1: ") // of a victim that was struck
		for _, f := range v.Fates {
			count[f.Outcome]++
			if f.Outcome == chaos.Rerun && (f.Again.Job.Attempt <= f.Job.Attempt || f.Again.DoneAt.IsZero()) {
				r.Fatalf("healed by %+v", f)
			}
			if (f.Why == "") != (f.Outcome != chaos.Unsettled && f.Outcome != chaos.Lost) {
				r.Fatalf("fate without reason, or with too many: %+v", f)
			}
		}
		switch v.Result {
		case chaos.Passed:
			if count[chaos.Lost]+count[chaos.Unsettled]+len(s.Left) > 0 || traces {
				r.Fatalf("passed: %+v", v)
			}
		case chaos.Failed:
			if count[chaos.Unsettled] > 0 || count[chaos.Lost]+len(s.Left) == 0 && !traces || len(v.Why) == 0 {
				r.Fatalf("failed: %+v", v)
			}
		case chaos.Open, chaos.Void:
			if len(v.Why) == 0 {
				r.Fatalf("%s without a reason: %+v", v.Result, v)
			}
		default:
			r.Fatalf("result %q", v.Result)
		}
		for i := 1; i < len(v.Timeline); i++ {
			if v.Timeline[i].At.Before(v.Timeline[i-1].At) {
				r.Fatalf("timeline out of order: %+v", v.Timeline)
			}
		}
	})
}
