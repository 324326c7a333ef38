package world

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/github/githubsim"
)

// From twenty past eight until twenty to nine one App is shut. In between, for
// six minutes, no delivery arrives: those of the App that is open are lost.
const (
	partsAt = 20 * time.Minute
	joinsAt = 40 * time.Minute
	deafAt  = 25 * time.Minute
	hearsAt = 31 * time.Minute
)

// parted is a steady day of two Apps, on which do shuts one of them and opens it
// again. Nothing is found but by deliveries and their lists.
func parted(t *testing.T, shut, open func(*World), with func(*Config)) (Summary, []githubsim.Outcome) {
	t.Helper()
	return steady(t, func(c *Config) {
		c.Second = true
		c.GitHub.Loss = githubsim.Chance{Rate: 1, During: githubsim.Window{From: c.Begin.Add(deafAt), To: c.Begin.Add(hearsAt)}}
		c.Moments = append(c.Moments, Moment{After: partsAt, Do: shut}, Moment{After: joinsAt, Do: open})
		c.Wrap = func(r *reconcile.Reconciler) { r.Search = nil }
		with(c)
	})
}

// strangersKey has GitHub know an App by a key that is not the fleet's.
func strangersKey(t *testing.T, app int64) (shut, open func(*World)) {
	t.Helper()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	own, err := appKey()
	if err != nil {
		t.Fatal(err)
	}
	return func(w *World) { w.GitHub.SetAppKey(app, &stranger.PublicKey) }, func(w *World) { w.GitHub.SetAppKey(app, &own.PublicKey) }
}

func TestWhileOneOfTwoAppsIsShutEveryJobIsServedByTheOther(t *testing.T) {
	firstKey, firstAgain := strangersKey(t, appID)
	secondKey, secondAgain := strangersKey(t, secondApp)
	for name, tt := range map[string]struct{ shut, open func(*World) }{
		"the first is suspended": {
			func(w *World) { w.GitHub.Suspend(installation, true) }, func(w *World) { w.GitHub.Suspend(installation, false) },
		},
		"the second is suspended": {
			func(w *World) { w.GitHub.Suspend(secondInstallation, true) }, func(w *World) { w.GitHub.Suspend(secondInstallation, false) },
		},
		"the first is deleted, and installed anew": {
			func(w *World) { w.GitHub.Uninstall(installation) },
			func(w *World) { w.GitHub.AddInstallation(githubsim.Installation{ID: 79, Account: organisation}) },
		},
		"the second is deleted, and installed anew": {
			func(w *World) { w.GitHub.Uninstall(secondInstallation) },
			func(w *World) {
				w.GitHub.AddInstallation(githubsim.Installation{ID: 79, Account: organisation, App: secondApp})
			},
		},
		"GitHub does not know the first's key":  {firstKey, firstAgain},
		"GitHub does not know the second's key": {secondKey, secondAgain},
	} {
		for dies, with := range map[string]func(*Config){
			"": func(*Config) {},
			", and the manager dies now and then": func(c *Config) {
				for i := range 8 {
					c.Moments = append(c.Moments, Moment{After: time.Duration(18+3*i) * time.Minute, Do: func(w *World) {
						w.restart()
						w.setLook(w.Now().Add(2 * time.Second))
					}})
				}
			},
		} {
			t.Run(name+dies, func(t *testing.T) {
				s, all := parted(t, tt.shut, tt.open, with)
				if !s.Good() || s.Jobs.Completed != 30 || s.JobsPerMachine != 1 || s.Machines.Launched != 30 || s.RunnersLeft != 0 {
					t.Errorf("summary: %+v", s)
				}
				for _, o := range all {
					came, waited := after(o.Created), o.Started.Sub(o.Created)
					lost := came >= deafAt && came < hearsAt
					if limit := map[bool]time.Duration{false: time.Minute, true: 3 * time.Minute}[lost]; waited > limit {
						t.Errorf("the job of %s began %s later", came, waited)
					}
				}
			})
		}
	}
}

// halfDeaf knows of no lost delivery of one App.
type halfDeaf struct {
	reconcile.Deliveries
	to int64
}

func (h halfDeaf) Lost(ctx context.Context, app int64, since time.Time) ([]fleet.Event, time.Time, error) {
	if app == h.to {
		return nil, since, nil
	}
	return h.Deliveries.Lost(ctx, app, since)
}

// A job whose delivery nobody reads back runs only when a runner of another idles.
func TestWithoutTheOtherAppsListItsLostDeliveriesAreServedLate(t *testing.T) {
	s, _ := parted(t, func(w *World) { w.GitHub.Suspend(installation, true) }, func(w *World) { w.GitHub.Suspend(installation, false) }, func(c *Config) {
		c.Wrap = func(r *reconcile.Reconciler) { r.Search, r.Deliveries = nil, halfDeaf{r.Deliveries, secondApp} }
	})
	if s.Wait.Max <= (3 * time.Minute).Seconds() {
		t.Errorf("nothing was late: %+v", s)
	}
}
