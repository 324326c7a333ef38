package replay

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Trace is jobs in the order in which they became ready.
type Trace struct {
	Begin     time.Time // when the first job became ready, in UTC
	Jobs      []Job
	Classes   []Class  // what jobs ask for; a job names one by its index
	Workflows []string // likewise; the first one is empty
}

// Job is a job of a trace: 40 bytes, because traces have millions of them.
type Job struct {
	Ready    time.Duration // since the trace's begin
	Duration time.Duration // 0: it was cancelled before it ran
	Cancel   time.Duration // then, since it was ready; 0: nobody knows when
	Class    int32
	Run      int32
	Workflow int32
	line     int32 // order in the file
}

// Class is what some jobs of a trace ask for.
type Class struct {
	Name   string // of the trace's runner class; empty if it names labels
	Labels fleet.Labels
}

// String is the class as people say it.
func (c Class) String() string {
	if c.Name != "" {
		return c.Name
	}
	return strings.Join(c.Labels.List(), "+")
}

// matches reports whether a word means the class: its name, or one of its
// labels.
func (c Class) matches(word string) bool {
	return strings.EqualFold(c.Name, word) || c.Labels.Holds(fleet.NewLabels(word))
}

// Span is the time from the first job to the end of the last one.
func (t Trace) Span() time.Duration {
	var end time.Duration
	for _, j := range t.Jobs {
		end = max(end, j.Ready+j.Duration)
	}
	return end
}

// Work is how long the jobs run, together, in seconds: many jobs run longer than
// a Duration holds.
func (t Trace) Work() float64 {
	var sum total
	for _, j := range t.Jobs {
		sum.add(j.Duration)
	}
	return sum.seconds()
}

// Only is the trace with the jobs of some classes: each word is the name of a
// class, or a label. A word that means none is an error that names the classes.
func (t Trace) Only(words []string) (Trace, error) {
	if len(words) == 0 {
		return t, nil
	}
	keep := make([]bool, len(t.Classes))
	for _, w := range words {
		found := false
		for i, c := range t.Classes {
			if c.matches(w) {
				keep[i], found = true, true
			}
		}
		if !found {
			return Trace{}, fmt.Errorf("no job of the trace is of class %q; there are %s", w, t.classList())
		}
	}
	return t.where(func(j Job) bool { return keep[j.Class] }), nil
}

// Ran is the trace without the jobs that were cancelled before they ran.
func (t Trace) Ran() Trace { return t.where(func(j Job) bool { return j.Duration > 0 }) }

func (t Trace) where(keep func(Job) bool) Trace {
	n := 0
	for _, j := range t.Jobs {
		if keep(j) {
			n++
		}
	}
	if n == len(t.Jobs) {
		return t
	}
	jobs := make([]Job, 0, n)
	for _, j := range t.Jobs {
		if keep(j) {
			jobs = append(jobs, j)
		}
	}
	t.Jobs = jobs
	return t.anchored()
}

// anchored is the trace beginning with its first job.
func (t Trace) anchored() Trace {
	if len(t.Jobs) == 0 || t.Jobs[0].Ready == 0 {
		return t
	}
	first := t.Jobs[0].Ready
	t.Begin = t.Begin.Add(first)
	for i := range t.Jobs {
		t.Jobs[i].Ready -= first
	}
	return t
}

func (t Trace) classList() string {
	names := make([]string, len(t.Classes))
	for i, c := range t.Classes {
		names[i] = c.String()
	}
	slices.Sort(names)
	return shown(names)
}

// labels is what the runner classes of a trace asked for. A class that is not
// here is one of GitHub's own, and a label by itself.
var labels = map[string]fleet.Labels{
	"linux-x64":       fleet.NewLabels("self-hosted", "linux", "x64"),
	"linux-x64-small": fleet.NewLabels("self-hosted", "linux", "x64"),
	"linux-arm64":     fleet.NewLabels("self-hosted", "linux", "arm64"),
}

// LabelsOf are the labels that jobs of a trace's runner class ask for.
func LabelsOf(class string) fleet.Labels {
	if l, ok := labels[class]; ok {
		return l
	}
	return fleet.NewLabels(class)
}
