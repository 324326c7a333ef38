//go:build machine

package main_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newStanding is a machine whose launch said that it stays.
func newStanding(t *testing.T, program []string) *rig {
	t.Helper()
	r := newRig(t, program)
	r.standing = true
	r.mock()
	return r
}

// decide is GitHub's part: what the runner meets at its next start.
func (r *rig) decide(play string) {
	r.t.Helper()
	must(r.t, os.WriteFile(filepath.Join(r.settings.Runner, "github"), []byte(play), 0o644))
}

// next is the machine's next boot.
func (r *rig) next() {
	r.t.Helper()
	must(r.t, os.Remove(filepath.Join(r.dir, "off")))
	r.start()
}

// says waits until the agent said something so many times, in this boot.
func (r *rig) says(text string, times int) {
	r.t.Helper()
	r.until(text, func() bool { return strings.Count(r.said(), text) == times })
}

// stopped is what EC2's stop of the machine is to the agent.
func (r *rig) stopped() {
	r.t.Helper()
	must(r.t, r.cmd.Process.Signal(syscall.SIGTERM))
	r.ended()
}

func (r *rig) configured() bool {
	_, err := os.Stat(filepath.Join(r.settings.Runner, ".runner"))
	return err == nil
}

const done = "completed with result: Succeeded"

// starts are the runner's, in short.
func (r *rig) starts() (all []string) {
	for _, s := range r.seen() {
		text := strings.Join(s.Args, " ")
		if s.Token {
			text += ", a token"
		}
		if s.Config {
			text += ", a config"
		}
		all = append(all, text)
	}
	return all
}

const registers = "configure --unattended --replace --no-default-labels --url https://github.com/acme --name rf-1 --labels arm64 --work _work, a token"

func TestAMachineThatStaysRegistersOnceAndServesManyJobs(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newStanding(t, program)
		target, err := url.Parse(r.cloud.address)
		must(t, err)
		var calls atomic.Int32
		proxy := httputil.NewSingleHostReverseProxy(target)
		r.endpoint = serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if strings.HasPrefix(q.Header.Get("X-Amz-Target"), "AmazonSSM.") {
				calls.Add(1)
			}
			proxy.ServeHTTP(w, q)
		}))

		r.decide("job 300ms 300ms")
		r.enrol(false)
		r.start()
		r.says(done, 2)
		if _, err := os.Stat(filepath.Join(r.dir, "off")); err == nil {
			t.Error("it powered off")
		}
		r.stopped() // while it is idle
		r.nothingStored()
		if calls.Load() != 2 {
			t.Errorf("%d calls of SSM, want a get and a delete", calls.Load())
		}

		r.decide("job 300ms")
		r.next()
		r.says(done, 1)
		r.stopped()
		if calls.Load() != 2 {
			t.Errorf("a later boot asked for a config")
		}
		r.tells("ended, stopped, Succeeded", "ended, stopped, Succeeded")
		if diff := cmp.Diff([]string{registers, "run", "run"}, r.starts()); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
	})
}

func TestAMachineThatStaysIsStoppedInItsJob(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newStanding(t, program)
		r.decide("job 10m")
		r.enrol(false)
		r.start()
		r.says("Running job", 1)
		r.stopped()
		r.tells("ended, stopped, Failed")
		if !r.configured() {
			t.Error("its registration is not stored any more")
		}
	})
}

func TestARegistrationThatIsGoneStopsTheMachine(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newStanding(t, program)
		r.decide("idle")
		r.enrol(false)
		r.start()
		r.says("Listening", 1)
		r.stopped()

		r.decide("deleted") // while it was stopped
		r.next()
		r.ended()
		r.decide("vanish 200ms") // while it listens: the runner forgets it, too
		r.next()
		r.ended()
		if r.configured() {
			t.Error("the runner has its registration still")
		}

		r.settings.Wait = 2 * time.Second
		must(t, os.Remove(filepath.Join(r.dir, "agent.json")))
		r.next() // it asks then, and nobody answers
		r.ended()
		r.tells("ended, stopped", "ended, unused", "ended, unused", "ready", "ended, no config")
		if diff := cmp.Diff([]string{registers, "run", "run", "run"}, r.starts()); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
	})
}

func TestATokenThatIsOverRegistersNothing(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newStanding(t, program)
		r.decide("deny")
		r.enrol(false)
		r.start()
		r.ended()
		r.nothingStored()
		r.tells("ended, refused")
		if diff := cmp.Diff([]string{registers}, r.starts()); diff != "" || r.configured() {
			t.Errorf("configured %v, starts (-want +got):\n%s", r.configured(), diff)
		}
	})
}

func TestARunnerThatStaysUpdatesItselfAndGoesOn(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newStanding(t, program)
		r.decide("update 300ms 300ms")
		r.enrol(false)
		r.start()
		r.says(done, 2)
		r.stopped()
		r.tells("ended, stopped, Succeeded")
		if diff := cmp.Diff([]string{registers, "run", "run"}, r.starts()); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
	})
}
