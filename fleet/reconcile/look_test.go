package reconcile

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// mute is a GitHub that answers no question.
type mute struct {
	GitHub
	asked int
	err   error
}

func (m *mute) Job(context.Context, fleet.Job) (fleet.Job, error) {
	m.asked++
	return fleet.Job{}, m.err
}

func TestAnUnansweredQuestionWaitsAMinute(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	gh := &mute{err: fleet.ErrUnknownOutcome}
	r := &Reconciler{GitHub: gh, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	job := fleet.Job{Key: fleet.JobKey{ID: 1, Attempt: 1}, Status: fleet.Queued}
	s := fleet.Snapshot{State: fleet.State{Jobs: []fleet.Job{job}}}
	plan := fleet.Plan{Ask: []fleet.JobKey{job.Key}}
	for range 120 {
		s.At = now
		r.note(t.Context(), s, plan)
		if err := r.answer(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	if gh.asked != 2 {
		t.Errorf("asked %d times in two minutes", gh.asked)
	}
}

func TestANewMachinesAbsenceSaysNothing(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	r := &Reconciler{Log: slog.New(slog.DiscardHandler)}
	for _, tt := range []struct {
		name string
		age  time.Duration
		want int
	}{
		{"a machine younger than EC2's lag is not counted absent", fleet.PendingFor - time.Second, 0},
		{"an older one is", fleet.PendingFor, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := fleet.Snapshot{At: now, State: fleet.State{Machines: []fleet.Machine{{ID: "i-1", LaunchedAt: now.Add(-tt.age)}}}}
			if got := r.sightMachines(t.Context(), &s, nil); got[0].Missed != tt.want {
				t.Errorf("missed %d", got[0].Missed)
			}
		})
	}
}
