package world

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// What people order breaks no invariant: a pool is closed by order while jobs
// wait, and open by order when its hours are over; a machine is held, and a pool
// paused for longer than an alert takes.
func TestADayOnWhichPeopleOrderThings(t *testing.T) {
	place := func(after int, o fleet.Order, span time.Duration) Moment {
		return Moment{After: time.Duration(after) * time.Minute, Do: func(w *World) {
			if o.Kind == fleet.Hold {
				o.Subject = w.AWS.Instances()[0].ID
			}
			o.ID, o.By, o.At, o.Until = string(o.Kind)+" "+o.Subject, "ann", w.Now(), w.Now().Add(span)
			if err := w.Store.Place(t.Context(), o); err != nil {
				t.Error(err)
			}
			w.wake()
		}}
	}
	var script []Job
	for i := range 24 {
		script = append(script, Job{Run: i, After: time.Duration(2+2*i) * time.Minute, Duration: 9 * time.Minute, Labels: buildLabels})
	}
	w := standing(t, fleet.ClosedWait, script, func(c *Config) {
		c.Moments = []Moment{
			place(7, fleet.Order{Kind: fleet.KeepClosed, Subject: "build"}, 21*time.Minute),
			place(29, fleet.Order{Kind: fleet.KeepOpen, Subject: "build"}, 15*time.Minute),
			place(50, fleet.Order{Kind: fleet.Hold}, time.Hour),
			place(80, fleet.Order{Kind: fleet.Pause, Subject: "build"}, 25*time.Minute),
			{After: 90 * time.Minute, Do: func(w *World) {
				if err := w.Store.Lift(t.Context(), "pause build"); err != nil {
					t.Error(err)
				}
				w.wake()
			}},
			place(100, fleet.Order{Kind: fleet.KeepClosed}, 10*time.Hour),
			{After: 130 * time.Minute, Do: func(w *World) {
				if err := w.Store.Lift(t.Context(), "keep-closed "); err != nil {
					t.Error(err)
				}
				w.wake()
			}},
		}
	})
	if s := w.Summary(); !s.Good() || s.Jobs.Completed != len(script) {
		t.Errorf("summary: %+v", s)
	}
}
