package replay

import (
	"slices"
	"time"
)

// Waits are how long jobs waited, in seconds. A percentile is the smallest wait
// that at least its share of the jobs did not exceed.
type Waits struct {
	Jobs int     `json:"jobs"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
	Sum  float64 `json:"sum"`
	Zero float64 `json:"zero_share"` // of the jobs that waited not at all
}

// waitsOf puts the spans in order and reads the percentiles off.
func waitsOf(spans []time.Duration) Waits {
	if len(spans) == 0 {
		return Waits{}
	}
	slices.Sort(spans)
	n := len(spans)
	at := func(percent int) float64 { return spans[(n*percent+99)/100-1].Seconds() }
	var all total
	for _, d := range spans {
		all.add(d)
	}
	sum := all.seconds()
	zeros, _ := slices.BinarySearch(spans, 1)
	return Waits{
		Jobs: n, P50: at(50), P90: at(90), P95: at(95), P99: at(99), Max: spans[n-1].Seconds(),
		Mean: sum / float64(n), Sum: sum, Zero: float64(zeros) / float64(n),
	}
}
