package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// GitHub's rule for versions of the runner: registration asks for the oldest one
// at least (enforced on github.com since 2026-09-25), and jobs are given to a
// version for thirty days after the next one came out.
const (
	OldestRunner = "2.329.0"
	RunnerFor    = 30 * 24 * time.Hour
	RunnerNotice = 14 * 24 * time.Hour // people are told so long before an end
)

// published is when releases came out, by the list at github.com/actions/runner.
// It tells of a version that was old already when a fleet first started. Later
// ones than these are known by what is offered.
var published = map[string]time.Time{
	"2.329.0": date(2025, time.October, 14), "2.330.0": date(2025, time.November, 19), "2.331.0": date(2026, time.January, 9),
	"2.332.0": date(2026, time.February, 25), "2.333.0": date(2026, time.March, 18), "2.334.0": date(2026, time.April, 21),
	"2.335.0": date(2026, time.June, 8), "2.336.0": date(2026, time.July, 20),
}

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// offeredFrom is when versions came out, or were first seen to be offered. One
// that is newer than all that were seen may not be offered here yet: GitHub
// releases progressively, and an Enterprise Server has its own.
func offeredFrom(seen map[string]time.Time) map[string]time.Time {
	all, newest := maps.Clone(seen), ""
	for v := range seen {
		if OlderRunner(newest, v) {
			newest = v
		}
	}
	for v, out := range published {
		if at, known := seen[v]; !OlderRunner(newest, v) && (!known || out.Before(at)) {
			all[v] = out
		}
	}
	return all
}

// RunnerRelease is what GitHub says of the runner.
type RunnerRelease struct {
	Newest string    // version that it offers; empty: it has no list
	EndsAt time.Time // of the version that was asked about; zero: not told
}

// OlderRunner reports whether a version of the runner is older than another. One
// that cannot be read is older than any.
func OlderRunner(a, b string) bool {
	x, y := numbers(a), numbers(b)
	for i := range x {
		if c := cmp.Compare(x[i], y[i]); c != 0 {
			return c < 0
		}
	}
	return false
}

func numbers(version string) (n [3]int) {
	for i, part := range strings.SplitN(version, ".", 3) {
		n[i], _ = strconv.Atoi(part) // what is no number counts as 0
	}
	return n
}

// RunnerEnd is when GitHub serves a version of the runner no more, and why; the
// zero time is never, as far as is known. seen is when versions were first seen
// to be offered. GitHub's own schedule wins where it tells one.
func RunnerEnd(version string, r RunnerRelease, seen map[string]time.Time) (end time.Time, why string) {
	if version == "" {
		return time.Time{}, ""
	}
	if OlderRunner(version, OldestRunner) {
		return time.Unix(0, 0).UTC(), fmt.Sprintf("GitHub takes no runner older than %s", OldestRunner)
	}
	if !r.EndsAt.IsZero() {
		return r.EndsAt, "GitHub says so"
	}
	next, since := "", offeredFrom(seen)
	for v, at := range since {
		if OlderRunner(version, v) && (next == "" || at.Before(since[next]) || at.Equal(since[next]) && OlderRunner(v, next)) {
			next = v
		}
	}
	if next == "" {
		return time.Time{}, ""
	}
	return since[next].Add(RunnerFor), fmt.Sprintf("GitHub serves a runner for 30 days after the next one, and %s was first offered on %s",
		next, since[next].UTC().Format(time.DateOnly))
}
