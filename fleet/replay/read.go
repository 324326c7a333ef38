package replay

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// mostJobs bounds what a trace may hold, and so what reading it may cost.
const mostJobs = 20_000_000

// The columns of a trace, each with the names that it may have. Others are
// passed over.
var (
	colReady     = []string{"ready", "ready_s"}
	colDuration  = []string{"duration", "duration_s"}
	colLabels    = []string{"labels", "runner_class"}
	colRun       = []string{"run"}
	colWorkflow  = []string{"workflow"}
	colCancelled = []string{"cancelled", "cancelled_s", "started_s"}
)

// Read reads a trace in CSV, plain or as gzip. The first line names the columns,
// in any order: ready (RFC 3339, or seconds since 1970), duration (seconds, or a
// span such as 5m30s), labels (apart by spaces) or runner_class, and, if they
// are there, run, workflow and cancelled: the instant at which a job whose
// duration is 0 was cancelled. The name is for errors: they begin with name and
// line.
func Read(name string, r io.Reader) (Trace, error) {
	plain, err := unpacked(r)
	if err != nil {
		return Trace{}, fmt.Errorf("%s: %w", name, err)
	}
	in := csv.NewReader(plain)
	in.ReuseRecord, in.TrimLeadingSpace = true, true
	x := &reader{runs: map[string]int32{}, workflows: map[string]int32{"": 0}, classes: map[string]int32{}}
	x.trace.Workflows = []string{""}
	for line := 1; ; {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			line, _ = in.FieldPos(0)
			err = x.row(row)
		} else if at := (*csv.ParseError)(nil); errors.As(err, &at) {
			line, err = at.Line, at.Err
		}
		if err != nil {
			return Trace{}, fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
	t, err := x.done()
	if err != nil {
		return Trace{}, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// unpacked takes gzip and a byte order mark off.
func unpacked(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		b = bufio.NewReaderSize(z, 1<<16)
	}
	if head, _ := b.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		if _, err := b.Discard(3); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// reader is a trace while it is read. Its maps give indices to texts.
type reader struct {
	trace                    Trace
	runs, workflows, classes map[string]int32
	columns                  *columns
}

// columns are the places of a trace's columns in a row; -1 for what it has not.
type columns struct {
	ready, duration, labels, run, workflow, cancelled int
	named                                             bool // labels are a runner class
}

func (x *reader) row(row []string) error {
	if x.columns == nil {
		c, err := head(row)
		x.columns = c
		return err
	}
	j, err := x.job(row)
	switch {
	case err != nil:
		return err
	case len(x.trace.Jobs) == mostJobs:
		return fmt.Errorf("more than %d jobs: replay the trace in parts", mostJobs)
	}
	j.line = int32(len(x.trace.Jobs))
	if x.columns.run < 0 {
		j.Run = j.line // each job for itself
	}
	x.trace.Jobs = append(x.trace.Jobs, j)
	return nil
}

// head finds the columns in the first row.
func head(row []string) (*columns, error) {
	names := make([]string, len(row))
	for i, name := range row {
		names[i] = strings.ToLower(strings.TrimSpace(name))
	}
	find := func(any []string) int {
		return slices.IndexFunc(names, func(n string) bool { return slices.Contains(any, n) })
	}
	c := &columns{
		ready: find(colReady), duration: find(colDuration), labels: find(colLabels[:1]),
		run: find(colRun), workflow: find(colWorkflow), cancelled: find(colCancelled),
	}
	if c.labels < 0 {
		c.labels, c.named = find(colLabels[1:]), true
	}
	for _, need := range []struct {
		at    int
		names []string
	}{{c.ready, colReady}, {c.duration, colDuration}, {c.labels, colLabels}} {
		if need.at < 0 {
			return nil, fmt.Errorf("no column %s; the first line names the columns", strings.Join(need.names, " or "))
		}
	}
	return c, nil
}

func (x *reader) job(row []string) (Job, error) {
	c := x.columns
	ready, err := instant(row[c.ready])
	if err != nil {
		return Job{}, fmt.Errorf("ready: %w", err)
	}
	lasts, err := span(row[c.duration])
	if err != nil {
		return Job{}, fmt.Errorf("duration: %w", err)
	}
	j := Job{Ready: ready, Duration: lasts}
	if j.Class, err = x.class(row[c.labels]); err != nil {
		return Job{}, err
	}
	if c.run >= 0 {
		j.Run = index(x.runs, row[c.run], nil)
	}
	if c.workflow >= 0 {
		j.Workflow = index(x.workflows, row[c.workflow], func(s string) {
			x.trace.Workflows = append(x.trace.Workflows, s)
		})
	}
	if lasts == 0 && c.cancelled >= 0 && row[c.cancelled] != "" {
		at, err := instant(row[c.cancelled])
		if err != nil {
			return Job{}, fmt.Errorf("cancelled: %w", err)
		}
		j.Cancel = max(0, at-ready)
	}
	return j, nil
}

// index is the number of a text, which is told once when it is new.
func index(known map[string]int32, s string, isNew func(string)) int32 {
	i, ok := known[s]
	if !ok {
		s = strings.Clone(s) // the row's memory is used again
		i = int32(len(known))
		known[s] = i
		if isNew != nil {
			isNew(s)
		}
	}
	return i
}

func (x *reader) class(text string) (int32, error) {
	i, ok := x.classes[text]
	if ok {
		return i, nil
	}
	text = strings.Clone(text)
	c := Class{Name: strings.TrimSpace(text)}
	if x.columns.named {
		c.Labels = LabelsOf(c.Name)
	} else {
		c = Class{Labels: fleet.NewLabels(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;+|[]\"'", r) })...)}
	}
	if c.Labels == "" {
		return 0, errors.New("labels: none is named")
	}
	i = int32(slices.Index(x.trace.Classes, c))
	if i < 0 {
		i = int32(len(x.trace.Classes))
		x.trace.Classes = append(x.trace.Classes, c)
	}
	x.classes[text] = i
	return i, nil
}

// done puts the jobs in order. Those that became ready together stay in the
// order of the file.
func (x *reader) done() (Trace, error) {
	t := x.trace
	if x.columns == nil {
		return t, errors.New("the trace is empty")
	}
	if len(t.Jobs) == 0 {
		return t, errors.New("the trace holds no job")
	}
	slices.SortFunc(t.Jobs, func(a, b Job) int { return cmp.Or(cmp.Compare(a.Ready, b.Ready), cmp.Compare(a.line, b.line)) })
	t.Begin = time.Unix(0, 0).UTC()
	return t.anchored(), nil
}
