package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// emptied is an AWS in which one part may not answer, and nothing else is left.
type emptied struct {
	Cloud
	Configs
	recipes, stored, leftovers, sweep error
}

func (e emptied) Recipes(context.Context) ([]fleet.Recipe, error) { return nil, e.recipes }

func (e emptied) Stored(context.Context) (map[fleet.MachineID]time.Time, error) {
	return nil, e.stored
}

func (e emptied) Leftovers(context.Context) (ec2Fleets, templates map[string]time.Time, err error) {
	return nil, map[string]time.Time{"lt-1": {}}, e.leftovers
}

func (e emptied) Sweep(context.Context, []string, []string) error { return e.sweep }

func TestWhatCouldNotBeSweptIsSweptByTheNextFullLook(t *testing.T) {
	noon, down := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), errors.New("down")
	for _, tt := range []struct {
		name      string
		aws       emptied
		again     bool
		templates int
	}{
		{"all answered", emptied{}, false, 1},
		{"the recipes are unknown, so every template may be in use", emptied{recipes: down}, true, 0},
		{"the stored configs are unknown", emptied{stored: down}, true, 1},
		{"the instant fleets are unknown", emptied{leftovers: down}, true, 1},
		{"the sweep failed", emptied{sweep: down}, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &Reconciler{Cloud: tt.aws, Sweeper: tt.aws, Configs: tt.aws, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)}
			r.memory.swept = noon
			s := fleet.Snapshot{At: noon}
			if !r.leftovers(t.Context(), &s) {
				r.sweepAgain()
			}
			r.sweep(t.Context(), fleet.Intent{Sweep: &fleet.Sweep{Templates: []string{"lt-1"}}})
			if got := r.memory.swept.IsZero(); got != tt.again {
				t.Errorf("again: %t", got)
			}
			if len(s.Leftovers.Templates) != tt.templates {
				t.Errorf("templates: %v", s.Leftovers.Templates)
			}
			if want := map[bool]time.Duration{true: fullEvery, false: restEvery}[tt.again]; r.pause(s) != want {
				t.Errorf("the next full look is %s away", r.pause(s))
			}
		})
	}
}
