package replay_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet/replay"
)

// superposed is a trace of many projects alike: copies of one, each moved by
// whole weeks and up to two hours. Moving whole copies keeps the batches and the
// daily cycle.
func superposed(t replay.Trace, copies int) replay.Trace {
	const week = 7 * 24 * time.Hour
	dice := rand.New(rand.NewPCG(1, uint64(copies)))
	out := t
	out.Jobs = make([]replay.Job, 0, copies*len(t.Jobs))
	weeks := int(t.Span()/week) + 1
	for i := range copies {
		shift := time.Duration(dice.IntN(weeks))*week + time.Duration(dice.Int64N(int64(4*time.Hour)))
		for _, j := range t.Jobs {
			j.Ready = (j.Ready + shift) % (time.Duration(weeks) * week)
			j.Run += int32(i * 10_000)
			out.Jobs = append(out.Jobs, j)
		}
	}
	slices.SortStableFunc(out.Jobs, func(a, b replay.Job) int { return int(max(-1, min(1, a.Ready-b.Ready))) })
	return out
}

func BenchmarkSuperposed(b *testing.B) {
	for _, copies := range []int{25, 100} {
		trace := superposed(bitcoin(b), copies)
		trace.Jobs = trace.Jobs[:len(trace.Jobs)/5]
		for _, coalesce := range []time.Duration{250 * time.Millisecond, time.Second} {
			c := pools()
			c.Coalesce = coalesce
			for i := range c.Fleet.Pools {
				c.Fleet.Pools[i].Max = 100_000
			}
			b.Run(fmt.Sprintf("%d/%s", copies, coalesce), func(b *testing.B) {
				n := 0
				var got replay.Report
				for b.Loop() {
					var err error
					if got, err = replay.Run(trace, c); err != nil {
						b.Fatal(err)
					}
					n += got.Jobs.Ran
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "jobs/s")
				b.ReportMetric(float64(got.Decisions)/float64(got.Jobs.Ran), "looks/job")
				b.ReportMetric(float64(got.Machines.Most), "most")
			})
		}
	}
}
