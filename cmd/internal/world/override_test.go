package world

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// What an operator orders about hours is no breach of them.
func TestAnOverrideIsNoBreachOfTheHours(t *testing.T) {
	place := func(after time.Duration, o fleet.Order, span time.Duration) Moment {
		return Moment{After: after, Do: func(w *World) {
			o.By, o.At, o.Until = "ann", w.Now(), w.Now().Add(span)
			if o.Kind == fleet.Hold {
				o.Subject = w.AWS.Instances()[0].ID
			}
			if err := w.Store.Place(t.Context(), o); err != nil {
				t.Error(err)
			}
			w.wake()
		}}
	}
	lift := func(after time.Duration, id string) Moment {
		return Moment{After: after, Do: func(w *World) {
			if err := w.Store.Lift(t.Context(), id); err != nil {
				t.Error(err)
			}
			w.wake()
		}}
	}
	job := func(after time.Duration) Job {
		return Job{After: after, Duration: 2 * time.Minute, Labels: buildLabels}
	}
	for _, tt := range []struct {
		name          string
		moments       []Moment
		job           time.Duration // after the begin; the pool is closed from 30 to 70 minutes
		from, to      time.Duration // when it begins
		stops, starts int
		closings      int
	}{
		{"as the file says", nil, 50 * time.Minute, 69 * time.Minute, 71 * time.Minute, 2, 2, 1},
		{"kept open through a closing", []Moment{place(25*time.Minute, fleet.Order{ID: "o", Kind: fleet.KeepOpen, Subject: "build"}, 2*time.Hour)},
			50 * time.Minute, 50 * time.Minute, 51 * time.Minute, 0, 0, 0},
		{"opened while it is closed", []Moment{place(45*time.Minute, fleet.Order{ID: "o", Kind: fleet.KeepOpen}, 2*time.Hour)},
			50 * time.Minute, 50 * time.Minute, 51 * time.Minute, 2, 2, 0},
		{"opened for some minutes, and no longer", []Moment{place(40*time.Minute, fleet.Order{ID: "o", Kind: fleet.KeepOpen}, 2*time.Hour), lift(46*time.Minute, "o")},
			55 * time.Minute, 69 * time.Minute, 71 * time.Minute, 4, 4, 0},
		{"closed while it is open", []Moment{place(90*time.Minute, fleet.Order{ID: "o", Kind: fleet.KeepClosed, Subject: "build"}, 30*time.Minute)},
			100 * time.Minute, 119 * time.Minute, 121 * time.Minute, 4, 4, 1},
		{"closed while it is open, and opened again", []Moment{place(90*time.Minute, fleet.Order{ID: "o", Kind: fleet.KeepClosed}, 8*time.Hour), lift(105*time.Minute, "o")},
			100 * time.Minute, 105 * time.Minute, 106 * time.Minute, 4, 4, 1},
		{"closed as soon as machines are launched, which EC2 may not show yet, and opened again", []Moment{place(time.Second, fleet.Order{ID: "o", Kind: fleet.KeepClosed}, time.Hour), lift(4*time.Second, "o")},
			50 * time.Minute, 69 * time.Minute, 71 * time.Minute, 2, 2, 1},
		{"a machine held through a closing", []Moment{place(25*time.Minute, fleet.Order{ID: "o", Kind: fleet.Hold}, time.Hour)},
			80 * time.Minute, 80 * time.Minute, 81 * time.Minute, 1, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := standing(t, fleet.ClosedWait, []Job{job(tt.job), job(3 * time.Hour)}, func(c *Config) { c.Moments = tt.moments })
			s := w.Summary()
			if began := after(w.GitHub.Outcomes()[0].Started); !s.Good() || began < tt.from || began > tt.to {
				t.Errorf("the job began after %s; summary %+v", began, s)
			}
			if s.Standing.Stops != tt.stops || s.Standing.Starts != tt.starts || len(s.Closings) != tt.closings {
				t.Errorf("%d stops, %d starts, closings %+v", s.Standing.Stops, s.Standing.Starts, s.Closings)
			}
		})
	}
}
