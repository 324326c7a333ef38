package integration_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/provision/awsproxy"
)

// The bounds of a manager's resident memory, in MB.
const (
	idleBound = 40
	jobsBound = 100
	manyJobs  = 25_000
)

// It runs alone, before the tests that run beside each other.
func TestMemoryAndTheRestartWith25000JobsThatWait(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("resident memory is read from Linux's /proc")
	}
	s := newSite(t, "memory")
	wire := s.newCrew(1).wire
	file := s.write("ledger", armPool)
	manager := s.serve(file)
	manager.says("launch template made") // the first full look is over
	idle, most := manager.resident()
	t.Logf("idle: %.1f MB, %.1f MB at most", idle, most)
	if most > idleBound {
		t.Errorf("idle: %.1f MB, the bound is %d MB", most, idleBound)
	}
	if code, out := s.verb(file, "pause", "--reason", "so that all jobs wait"); code != 0 {
		t.Fatal(out)
	}
	s.flood(manager.url, manyJobs, queuedPayload(t, "self-hosted", "linux", "arm64"))
	s.status(file, "25000 jobs wait, 0 run; 0 machines, 0 intents open")
	until(t, soon, "every job has its verdict", func() string {
		_, out := s.verb(file, "status")
		if strings.Contains(out, "  25000 jobs: paused\n") {
			return ""
		}
		return out
	})
	now, most := manager.resident()
	t.Logf("%d jobs: %.1f MB, %.1f MB at most", manyJobs, now, most)
	if most > jobsBound {
		t.Errorf("%d jobs: %.1f MB, the bound is %d MB", manyJobs, most, jobsBound)
	}
	_ = manager.cmd.Process.Kill() // it may be over
	manager.code(soon)
	s.acts(file, wire)
}

// startBound is how long a manager may take from its start to its first launch,
// with many jobs in its ledger.
const startBound = 2 * time.Second

// acts starts managers, each after the last one was killed, until one is quick
// enough: on a machine that is busy otherwise the quickest of several is what
// the program itself takes.
func (s *site) acts(file string, wire *proxy) {
	s.t.Helper()
	if code, out := s.verb(file, "resume"); code != 0 {
		s.t.Fatal(out)
	}
	// A launch that is never made is made first by the next manager, too.
	wire.SetFaults(awsproxy.Fault{What: awsproxy.Down, Operation: "CreateFleet"})
	launches := func() int { return wire.Calls()["ec2"]["CreateFleet"] }
	var took []time.Duration
	for range 5 {
		before, began := launches(), time.Now()
		manager := start(s.t, s.env, "serve", "--config", file)
		poll(s.t, time.Millisecond, soon, "a launch", func() string {
			if launches() == before {
				return "there is none: " + manager.log.String()
			}
			return ""
		})
		took = append(took, time.Since(began).Round(time.Millisecond))
		_ = manager.cmd.Process.Kill() // it may be over
		manager.code(soon)
	}
	s.t.Logf("%d jobs: from the start to the first launch %v", manyJobs, took)
	if quickest := slices.Min(took); quickest > startBound {
		s.t.Errorf("the first launch came after %s, the bound is %s", quickest, startBound)
	}
}
