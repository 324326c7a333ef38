package cli

import (
	"fmt"
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
func (r *replaying) read(name string) (facts, error) {
	f, err := os.Open(name)
	if err != nil {
		return facts{}, fmt.Errorf("read trace: %w", err)
	}
	defer f.Close()
	t, err := replay.Read(name, f)
	if err != nil {
		return facts{}, err
	}
	if r.begin != "" {
		at, err := beginning(r.begin)
		if err == nil && t.Begin.Year() > 1971 {
			err = fmt.Errorf("--begin: %s begins at %s already", name, t.Begin.Format(time.RFC3339))
		}
		if err != nil {
			return facts{}, err
		}
		t.Begin = at.Add(t.Begin.Sub(time.Unix(0, 0)))
	}
	if t, err = t.Only(r.filter); err != nil {
		return facts{}, fmt.Errorf("--filter: %w", err)
	}
	return factsOf(name, t), nil
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
