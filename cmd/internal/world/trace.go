package world

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// traceColumns must all be there, in any order; others are not looked at.
var traceColumns = []string{"run", "ready_s", "duration_s", "conclusion", "runner_class"}

// labels is what a trace's runner classes asked for.
var labels = map[string][]string{
	"linux-x64":       {"self-hosted", "linux", "x64"},
	"linux-x64-small": {"self-hosted", "linux", "x64"},
	"linux-arm64":     {"self-hosted", "linux", "arm64"},
}

// hosted begin the classes that are machines of GitHub's own.
var hosted = []string{"ubuntu-", "windows-", "macos-"}

// ReadTrace reads a trace in CSV, gzipped or not: columns run, ready_s,
// duration_s, conclusion and runner_class, in any order, times in whole
// seconds. It returns the jobs in the order in which they become ready. An
// error names the line.
func ReadTrace(r io.Reader) ([]Job, error) {
	plain := bufio.NewReader(r)
	if magic, err := plain.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(plain)
		if err != nil {
			return nil, unread(err)
		}
		plain = bufio.NewReader(unzipped)
	}
	in := csv.NewReader(plain)
	column, err := readHead(in)
	if err != nil {
		return nil, err
	}
	var jobs []Job
	for {
		row, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, unread(err)
		}
		j, err := readJob(row, column)
		if err != nil {
			line, _ := in.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		jobs = append(jobs, j)
	}
	if len(jobs) == 0 {
		return nil, errors.New("line 2: it holds no job; write a line for each below the names of the columns")
	}
	slices.SortStableFunc(jobs, func(a, b Job) int { return cmp.Compare(a.After, b.After) })
	return jobs, nil
}

// readHead is where each column stands.
func readHead(in *csv.Reader) (map[string]int, error) {
	head, err := in.Read()
	names := strings.Join(traceColumns, ",")
	if err == io.EOF {
		return nil, fmt.Errorf("line 1: it is empty; the first line names the columns: %s", names)
	}
	if err != nil {
		return nil, unread(err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	for _, name := range traceColumns {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("line 1: no column %s; the first line names the columns, with commas between: %s", name, names)
		}
	}
	return column, nil
}

// unread is an error of the file's form, with its line if it has one.
func unread(err error) error {
	var form *csv.ParseError
	switch {
	case errors.As(err, &form) && errors.Is(err, csv.ErrFieldCount):
		return fmt.Errorf("line %d: it has more or fewer fields than line 1 has columns", form.Line)
	case errors.As(err, &form):
		return fmt.Errorf("line %d: %w; it must be CSV", form.Line, form.Err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return fmt.Errorf("its gzip is broken: %w; pack it again", err)
	}
	return err
}

// mostSeconds is the most that a time in a trace may be: one that counts from
// 1970 fits, and no sum of two overflows a Duration.
const mostSeconds = 4_000_000_000

func readJob(row []string, column map[string]int) (Job, error) {
	field := func(name string) string { return strings.TrimSpace(row[column[name]]) }
	number := map[string]int64{}
	for _, name := range []string{"run", "ready_s", "duration_s"} {
		n, err := strconv.ParseInt(field(name), 10, 64)
		if err != nil || n < 0 || n > mostSeconds {
			return Job{}, fmt.Errorf("%s: %q is no whole number from 0 to %d", name, field(name), int64(mostSeconds))
		}
		number[name] = n
	}
	j := Job{
		Run: int(number["run"]), After: time.Duration(number["ready_s"]) * time.Second,
		Duration: time.Duration(number["duration_s"]) * time.Second,
	}
	switch conclusion := field("conclusion"); conclusion {
	case "success", "cancelled":
	case "failure":
		j.Failed = true
	default:
		return Job{}, fmt.Errorf("conclusion: %q is unknown; write success, failure or cancelled", conclusion)
	}
	class := field("runner_class")
	if j.Labels = labels[class]; j.Labels != nil {
		return j, nil
	}
	if !slices.ContainsFunc(hosted, func(begin string) bool { return strings.HasPrefix(class, begin) }) {
		return Job{}, fmt.Errorf("runner_class: %q is unknown; write linux-x64, linux-x64-small or linux-arm64, which a pool serves, "+
			"or one of GitHub's own, which begin with ubuntu-, windows- or macos-", class)
	}
	j.Labels = []string{class}
	return j, nil
}
