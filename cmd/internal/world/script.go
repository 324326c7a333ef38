package world

import (
	"bytes"
	_ "embed" // the day that the demo plays
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
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
}

// labels is what a trace's runner classes asked for. A class that is not here
// is GitHub's own.
var labels = map[string][]string{
	"linux-x64":       {"self-hosted", "linux", "x64"},
	"linux-x64-small": {"self-hosted", "linux", "x64"},
	"linux-arm64":     {"self-hosted", "linux", "arm64"},
}

// BusiestDay is a real CI day: 789 jobs of 2025-10-14.
func BusiestDay() ([]Job, error) { return ReadTrace(bytes.NewReader(busiestDay)) }

// ReadTrace reads a trace in CSV: columns run, ready_s, duration_s, conclusion
// and runner_class, in any order, times in whole seconds.
func ReadTrace(r io.Reader) ([]Job, error) {
	in := csv.NewReader(r)
	head, err := in.Read()
	if err == io.EOF {
		return nil, errors.New("read trace: it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[name] = i
	}
	for _, name := range []string{"run", "ready_s", "duration_s", "conclusion", "runner_class"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("read trace: line 1: no column %s", name)
		}
	}
	var jobs []Job
	for {
		row, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read trace: %w", err)
		}
		j, err := readJob(row, column)
		if err != nil {
			line, _ := in.FieldPos(0)
			return nil, fmt.Errorf("read trace: line %d: %w", line, err)
		}
		jobs = append(jobs, j)
	}
	if len(jobs) == 0 {
		return nil, errors.New("read trace: it holds no job")
	}
	slices.SortStableFunc(jobs, func(a, b Job) int { return int(a.After - b.After) })
	return jobs, nil
}

func readJob(row []string, column map[string]int) (Job, error) {
	number := map[string]int{}
	for _, name := range []string{"run", "ready_s", "duration_s"} {
		n, err := strconv.Atoi(row[column[name]])
		if err != nil || n < 0 {
			return Job{}, fmt.Errorf("%s: %q is no whole number of at least 0", name, row[column[name]])
		}
		number[name] = n
	}
	class := row[column["runner_class"]]
	j := Job{
		Run: number["run"], After: time.Duration(number["ready_s"]) * time.Second,
		Duration: time.Duration(number["duration_s"]) * time.Second,
		Failed:   row[column["conclusion"]] == "failure", Labels: labels[class],
	}
	if j.Labels == nil {
		j.Labels = []string{class}
	}
	return j, nil
}

// demoSpan bounds the demo's script.
const demoSpan = 5 * time.Hour

// Extract thins a script out to n jobs within the demo's span, evenly, from
// where the day is busiest. Every third x64 job is made an arm64 one if the
// trace has none, so that both architectures have work.
func Extract(jobs []Job, n int) []Job {
	best, most := 0, 0
	for i := range jobs {
		k := i
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
		out[i].Duration = min(out[i].Duration, 50*time.Minute)
		if i%3 == 2 && slices.Contains(out[i].Labels, "x64") {
			out[i].Labels = labels["linux-arm64"]
		}
	}
	return out
}
