package replay

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Boot is how long a machine takes from its launch until its runner can take a
// job. Where the two are equal every boot takes that long, else boots are drawn
// from a log-normal distribution through them.
type Boot struct{ P50, P95 time.Duration }

// ParseBoot reads "30s", or "25s..45s" for the median and the 95th percentile.
func ParseBoot(text string) (Boot, error) {
	low, high, two := strings.Cut(text, "..")
	if !two {
		high = low
	}
	p50, err := time.ParseDuration(strings.TrimSpace(low))
	p95, err2 := time.ParseDuration(strings.TrimSpace(high))
	switch {
	case errors.Join(err, err2) != nil, p50 < 0, p50 > p95, p95 > time.Hour, p50 == 0 && p95 > 0:
		return Boot{}, fmt.Errorf("%q is neither a length of time such as 30s nor median and 95th percentile such as 25s..45s, at most an hour", text)
	}
	return Boot{p50, p95}, nil
}

// String is the boot as ParseBoot reads it.
func (b Boot) String() string {
	if b.P50 == b.P95 {
		return b.P50.String()
	}
	return b.P50.String() + ".." + b.P95.String()
}

// z95 is how many standard deviations the 95th percentile lies from the median.
const z95 = 1.6448536269514722

// of is the boot of the machine of that number. It depends on seed and number
// alone, so that another fleet file meets the same boots.
func (b Boot) of(seed, number uint64) time.Duration {
	if b.P50 == b.P95 {
		return b.P50
	}
	sigma := math.Log(float64(b.P95)/float64(b.P50)) / z95
	z := rand.New(rand.NewPCG(seed, number)).NormFloat64()
	return min(time.Duration(float64(b.P50)*math.Exp(sigma*z)), 24*time.Hour).Round(time.Millisecond)
}
