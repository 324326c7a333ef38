package world

import (
	"bytes"
	"cmp"
	_ "embed" // the day that the demo plays
	"slices"
	"time"
)

//go:embed data/2025-10-14.csv
var busiestDay []byte

// Job is a line of a script: what somebody asks for, and when.
type Job struct {
	Run      int
	After    time.Duration // from the script's begin
	Duration time.Duration // 0: cancelled before it runs
	Failed   bool
	Labels   []string
	// Cancel is when somebody cancels it, after it was queued; 0: nobody.
	Cancel time.Duration
	Fork   bool // its run comes from one; of the run's first job
}

// BusiestDay is a real CI day: 789 jobs of 2025-10-14.
func BusiestDay() ([]Job, error) { return ReadTrace(bytes.NewReader(busiestDay)) }

// demoSpan bounds the demo's script.
const demoSpan = 5 * time.Hour

// Extract thins the built-in day out to n jobs for the demo. Every third x64
// job becomes an arm64 one, so that both architectures have work, and none
// runs longer than fifty minutes.
func Extract(jobs []Job, n int) []Job {
	out := Thin(jobs, n)
	for i := range out {
		out[i].Duration = min(out[i].Duration, 50*time.Minute)
		if i%3 == 2 && slices.Contains(out[i].Labels, "x64") {
			out[i].Labels = labels["linux-arm64"]
		}
	}
	return out
}

// Thin is n jobs of a script, evenly, from the five hours in which most jobs
// become ready, and from its begin on. A script that has fewer there is all of
// them.
func Thin(jobs []Job, n int) []Job {
	best, most, k := 0, 0, 0
	for i := range jobs {
		for k < len(jobs) && jobs[k].After-jobs[i].After < demoSpan {
			k++
		}
		if k-i > most {
			best, most = i, k-i
		}
	}
	window := jobs[best : best+most]
	if n <= 0 || n > len(window) {
		n = len(window)
	}
	out := make([]Job, n)
	for i := range out {
		out[i] = window[i*len(window)/n]
		out[i].After -= window[0].After
	}
	return out
}

// Stand makes jobs of a script into jobs of a standing pool's: one for each of
// the wishes, the nearest one in time that ran. The script stays in order.
func Stand(jobs, wishes []Job) []Job {
	out := slices.Clone(jobs)
	taken := map[int]bool{}
	for _, wish := range wishes {
		best := -1
		for i, j := range jobs {
			ran := j.Duration > 0 && slices.Contains(j.Labels, "self-hosted")
			if ran && !taken[i] && (best < 0 || (j.After-wish.After).Abs() < (jobs[best].After-wish.After).Abs()) {
				best = i
			}
		}
		if best < 0 {
			break // too short a script
		}
		taken[best] = true
		out[best].After, out[best].Duration, out[best].Labels = wish.After, wish.Duration, wish.Labels
	}
	slices.SortStableFunc(out, func(a, b Job) int { return cmp.Compare(a.After, b.After) })
	return out
}
