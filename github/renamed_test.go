package github_test

import (
	"errors"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

func TestAnAccountIsFoundUnderItsNewName(t *testing.T) {
	s := simulate(t, nil)
	id := s.minted(acme, "rf-1")
	job := s.queued()
	s.must(s.sim.Rename("acme", "acme-two"))
	if _, err := s.Runners(t.Context(), acme, ""); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("before the new name is known: %v", err)
	}
	_, err := s.Installations(t.Context())
	s.must(err)
	got, err := s.Runners(t.Context(), acme, "")
	s.must(err)
	if len(got) != 1 || got[0].ID != id || got[0].Scope != acme {
		t.Errorf("runners %+v", got)
	}
	s.minted(acme, "rf-2")
	seen, err := s.Job(t.Context(), job)
	s.must(err)
	if seen.Class.Scope != acme {
		t.Errorf("job %+v", seen)
	}
	e, _, err := s.Enrolment(t.Context(), acme)
	s.must(err)
	if e.URL != "https://github.com/acme-two" {
		t.Errorf("machines would register at %s", e.URL)
	}
}

func TestAnInstallationThatIsShutSaysSo(t *testing.T) {
	for name, shut := range map[string]func(*simulated){
		"suspended, with a token from before": func(s *simulated) { s.sim.Suspend(7, true) },
		"suspended, and a new token is asked for": func(s *simulated) {
			s.sim.Suspend(7, true)
			s.now = s.now.Add(2 * time.Hour)
		},
		"deleted": func(s *simulated) {
			s.sim.Uninstall(7)
			s.now = s.now.Add(2 * time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, nil)
			_, err := s.Runners(t.Context(), acme, "")
			s.must(err)
			shut(s)
			_, err = s.Runners(t.Context(), acme, "")
			var told *fleet.ShutError
			if !errors.As(err, &told) || told.Installation != 7 || !errors.Is(err, fleet.ErrConfig) {
				t.Errorf("error %v", err)
			}
			if _, err := s.Runners(t.Context(), alice, ""); err != nil {
				t.Errorf("another installation: %v", err)
			}
		})
	}
}
