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

var errTooMany = fmt.Errorf("more than %d jobs: replay the trace in parts", mostJobs)

// Read reads a trace in CSV, plain or as gzip; semicolons or tabs may stand for
// the commas. The first line names the columns, in any order: ready (RFC 3339, or
// seconds since 1970), duration (seconds, or a span such as 5m30s), labels (apart
// by spaces) or runner_class, and, if they are there, run, workflow and cancelled:
// the instant at which a job whose duration is 0 was cancelled. The name is for
// errors: they begin with name and line. What is wrong with rows is told of all of
// them, as Problems.
func Read(name string, r io.Reader) (Trace, error) {
	plain, err := unpacked(r)
	if err != nil {
		return Trace{}, fmt.Errorf("%s: %w", name, err)
	}
	in := csv.NewReader(plain)
	in.ReuseRecord, in.TrimLeadingSpace, in.Comma = true, true, separator(plain)
	x := &reader{runs: map[string]int32{}, workflows: map[string]int32{"": 0}, classes: map[string]int32{}}
	x.trace.Workflows = []string{""}
	var wrong Problems
	for line := 0; ; {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		at := (*csv.ParseError)(nil)
		switch {
		case err == nil:
			line, _ = in.FieldPos(0)
			err = x.row(row)
		case errors.As(err, &at):
			line, err = at.Line, at.Err
		default:
			return Trace{}, unread(name, line, err)
		}
		if err == nil {
			continue
		}
		wrong.add(fmt.Sprintf("%s:%d: %s", name, line, err))
		if x.columns == nil || errors.Is(err, errTooMany) {
			break // it would be wrong in every row
		}
	}
	if len(wrong.Rows) > 0 {
		return Trace{}, wrong
	}
	t, err := x.done()
	if err != nil {
		return Trace{}, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

func unread(name string, line int, err error) error {
	if line == 0 {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s: after line %d: %w", name, line, err)
}

// unpacked takes gzip and a byte order mark off.
func unpacked(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(r, peeked)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		b = bufio.NewReaderSize(z, peeked)
	}
	switch head, _ := b.Peek(3); {
	case bytes.Equal(head, []byte("\xef\xbb\xbf")):
		if _, err := b.Discard(3); err != nil {
			return nil, err
		}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, errors.New("the text is UTF-16; UTF-8 is meant")
	}
	return b, nil
}

// peeked is how much of a file is looked at before it is read.
const peeked = 1 << 16

// separator is what stands between the columns of the first line.
func separator(b *bufio.Reader) rune {
	head, _ := b.Peek(peeked)
	head, _, _ = bytes.Cut(head, []byte("\n"))
	for _, r := range ",;\t" {
		if bytes.ContainsRune(head, r) {
			return r
		}
	}
	return ','
}

// reader is a trace while it is read. Its maps give indices to texts.
type reader struct {
	trace                    Trace
	runs, workflows, classes map[string]int32
	columns                  *columns
}

func (x *reader) row(row []string) error {
	if x.columns == nil {
		c, err := head(row)
		if err == nil {
			x.columns = c
		}
		return err
	}
	j, err := x.job(row)
	switch {
	case err != nil:
		return err
	case len(x.trace.Jobs) == mostJobs:
		return errTooMany
	}
	j.line = int32(len(x.trace.Jobs))
	if x.columns.run < 0 {
		j.Run = j.line // each job for itself
	}
	x.trace.Jobs = append(x.trace.Jobs, j)
	return nil
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
