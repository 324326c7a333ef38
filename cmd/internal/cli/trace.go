package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet/replay"
)

// operands tells the trace from the words that belong to a flag: --compare a b
// and --filter a b leave their second word among the arguments.
func (r *replaying) operands(args []string) (trace string, err error) {
	var rest []string
	for _, a := range args {
		if ext := filepath.Ext(a); len(r.compare) > 0 && (ext == ".yaml" || ext == ".yml") {
			r.compare = append(r.compare, a)
			continue
		}
		rest = append(rest, a)
	}
	if len(r.filter) > 0 && len(rest) > 1 {
		at := max(0, slices.IndexFunc(rest, isFile))
		r.filter = append(append(r.filter, rest[:at]...), rest[at+1:]...)
		return rest[at], nil
	}
	switch {
	case len(rest) != 1:
		return "", fmt.Errorf("%w: name one trace, a CSV file (see runfleet replay --help)", errUsage)
	case len(r.compare) == 1:
		return "", fmt.Errorf("%w: --compare needs two fleet files or more, ending in .yaml or .yml", errUsage)
	}
	return rest[0], nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// read reads the trace and takes from it what is asked for.
func (r *replaying) read(ctx context.Context, log io.Writer, name string) (facts, error) {
	t, err := readTrace(ctx, log, name)
	if err == nil {
		t, err = r.asked(name, t)
	}
	wrong := replay.Problems{}
	switch {
	case ctx.Err() != nil:
		return facts{}, fmt.Errorf("read %s: %w", name, context.Cause(ctx))
	case errors.As(err, &wrong):
		return facts{}, misuse{fmt.Errorf("the trace is refused; mend these rows, or take them out:\n%w", err)}
	case err != nil:
		return facts{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	return factsOf(name, t), nil
}

// readTrace reads a file until the context ends, and tells how far it came.
func readTrace(ctx context.Context, log io.Writer, name string) (replay.Trace, error) {
	f, err := os.Open(name)
	if err != nil {
		return replay.Trace{}, fmt.Errorf("read trace: %w", err)
	}
	defer f.Close()
	w := &watched{ctx: ctx, r: f, name: filepath.Base(name), lines: newLines(log)}
	if info, err := f.Stat(); err == nil {
		w.size = info.Size()
	}
	defer w.lines.done()
	return replay.Read(name, w)
}

// watched is a file that is read until the context ends.
type watched struct {
	ctx        context.Context
	r          io.Reader
	name       string
	read, size int64 // 0: the size is not known
	lines      *lines
}

// Read reads some more.
func (w *watched) Read(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	n, err := w.r.Read(p)
	w.read += int64(n)
	w.lines.tell(func() string {
		if w.size <= 0 {
			return fmt.Sprintf("%s: %d MB are read", w.name, w.read/1e6)
		}
		return fmt.Sprintf("%s: %.0f %% is read", w.name, float64(w.read)/float64(w.size)*100)
	})
	return n, err
}

// asked is the part of a trace that is asked for, at the day that is.
func (r *replaying) asked(name string, t replay.Trace) (replay.Trace, error) {
	if r.begin != "" {
		at, err := beginning(r.begin)
		if err == nil && t.Begin.Year() > 1971 {
			err = fmt.Errorf("--begin: %s begins at %s already", name, t.Begin.Format(time.RFC3339))
		}
		if err != nil {
			return replay.Trace{}, err
		}
		t.Begin = at.Add(t.Begin.Sub(time.Unix(0, 0)))
	}
	t, err := t.Only(r.filter)
	if err != nil {
		return replay.Trace{}, fmt.Errorf("--filter: %w", err)
	}
	return t, nil
}

func beginning(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--begin: %q is neither a day such as 2025-10-14 nor an instant such as 2025-10-14T08:00:00Z", text)
}

// facts are what a trace is in a few words.
type facts struct {
	File  string  `json:"file"`
	Jobs  int     `json:"jobs"`
	Work  float64 `json:"work_seconds"`
	Begin string  `json:"begin"`
	Days  float64 `json:"days"`
	trace replay.Trace
}

func factsOf(name string, t replay.Trace) facts {
	return facts{
		File: name, Jobs: len(t.Jobs), Work: t.Work(), Begin: t.Begin.Format(time.RFC3339),
		Days: t.Span().Hours() / 24, trace: t,
	}
}
