package integration_test

import (
	"runtime"
	"strings"
	"testing"
)

// The bounds of a manager's resident memory, in MB.
const (
	idleBound = 40
	jobsBound = 100
	manyJobs  = 25_000
)

// It runs alone, before the tests that run beside each other.
func TestMemoryIdleAndWith25000JobsThatWait(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("resident memory is read from Linux's /proc")
	}
	s := newSite(t, "memory")
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
}
