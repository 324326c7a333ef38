package replay

import "time"

// total adds up spans exactly. A Duration ends after 292 years, which the jobs
// of a long trace take together.
type total struct {
	whole int64 // seconds
	parts int64 // nanoseconds, of less than a second each
}

func (t *total) add(d time.Duration) { t.times(1, d) }

// times adds a span n times.
func (t *total) times(n int, d time.Duration) {
	t.whole += int64(n) * int64(d/time.Second)
	t.parts += int64(n) * int64(d%time.Second)
}

func (t *total) seconds() float64 {
	const second = int64(time.Second)
	return float64(t.whole+t.parts/second) + time.Duration(t.parts%second).Seconds()
}
