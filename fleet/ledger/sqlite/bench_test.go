package sqlite

import (
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/runfleet/runfleet/fleet"
)

// BenchmarkRecord is 64 deliveries at a time, each of a new job, to a file.
func BenchmarkRecord(b *testing.B) {
	s := open(b, Config{Path: filepath.Join(b.TempDir(), "f.db"), Fleet: "f"})
	var n atomic.Int64
	b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Record(b.Context(), queued(int(n.Add(1)))); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkReadAll is the first look after a start: nothing is mirrored yet.
func BenchmarkReadAll(b *testing.B) {
	s := filled(b, 10_000, 10_000)
	for b.Loop() {
		s.mirror.version = 0
		if _, err := s.Read(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory is the heap that 25,000 open jobs hold: the mirror and the
// copy that one look was given.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := heap()
		s := filled(b, 25_000, 0)
		state, err := s.Read(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((heap()-before)/(1<<20), "heap-MB")
		runtime.KeepAlive(state)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// filled is a ledger with so many open jobs and machines.
func filled(b *testing.B, jobs, machines int) *Store {
	b.Helper()
	s := open(b, Config{Path: filepath.Join(b.TempDir(), "f.db"), Fleet: "f"})
	events := make([]fleet.Event, jobs)
	for i := range events {
		events[i] = queued(i + 1)
	}
	if _, err := s.Record(b.Context(), events...); err != nil {
		b.Fatal(err)
	}
	var c fleet.Change
	for i := range machines {
		c.Machines = append(c.Machines, fleet.Machine{ID: fleet.MachineID(fleet.RunnerName("m", "i", i)), Pool: "p"})
	}
	if err := s.Settle(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	return s
}
