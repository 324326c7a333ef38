//go:build !lambda

package wire

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// resident is the process's resident memory in MB; Linux only.
func resident(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// What a manager holds of 25,000 jobs that wait: recorded, read and decided
// upon, a hundred looks of it.
func BenchmarkMemory25000Jobs(b *testing.B) {
	for b.Loop() {
		s, err := sqlite.Open(b.Context(), sqlite.Config{Path: filepath.Join(b.TempDir(), "m.db"), Fleet: "f"})
		if err != nil {
			b.Fatal(err)
		}
		now := time.Now()
		class := fleet.Class{Scope: fleet.Scope{Installation: 7, Owner: "acme"}, Labels: "arm64,linux,self-hosted"}
		for i := range 25 {
			events := make([]fleet.Event, 1000)
			for k := range events {
				n := i*1000 + k + 1
				events[k] = fleet.Event{ID: fmt.Sprint("d", n), At: now, Job: &fleet.Job{
					Key: fleet.JobKey{ID: fleet.JobID(n), Attempt: 1}, Class: class, Repo: "acme/widgets", Name: fmt.Sprint("build ", n),
					Workflow: "CI", Status: fleet.Queued, QueuedAt: now,
				}}
			}
			if _, err := s.Record(b.Context(), events...); err != nil {
				b.Fatal(err)
			}
		}
		pools := []fleet.Pool{{Name: "arm", Labels: class.Labels, Max: 100}}
		for range 100 {
			state, err := s.Read(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			fleet.Decide(fleet.Snapshot{At: now, Fleet: fleet.Fleet{Name: "f", Pools: pools}, State: state})
		}
		b.ReportMetric(resident(b), "RSS-MB")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
