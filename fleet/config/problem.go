package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// maxProblems is how many problems are told. More help nobody.
const maxProblems = 100

// Problem is one thing that is wrong with a fleet file, or one warning.
type Problem struct {
	File   string // as it was named to Parse
	Line   int    // counts from 1; 0 when no line is to blame
	Column int    // in characters, counts from 1
	Path   string // such as pools[1].max; empty for the file as a whole
	Text   string // what is wrong
	Remedy string // what to write instead; may be empty
}

// String is the problem in one line: file:line:column: path: text; remedy.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Text)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// Problems are all problems of a file, in the order of their places. As an
// error they print one a line.
type Problems []Problem

// Error prints one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted returns the problems by place, each once, and not too many of them.
func (ps Problems) sorted() Problems {
	ps = slices.Clone(ps)
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text))
	})
	ps = slices.Compact(ps)
	if more := len(ps) - maxProblems; more > 0 {
		last := ps[maxProblems-1]
		ps = append(ps[:maxProblems:maxProblems], Problem{
			File: last.File, Line: last.Line, Column: last.Column,
			Text: fmt.Sprintf("%d more problems are not shown", more),
		})
	}
	return ps
}

// err is nil when there are none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Placed is what is wrong with what the file names, as others found it, at its
// places in the file.
func (f *File) Placed(found []fleet.Problem) Problems {
	r := reading{file: f.read.file, places: f.read.places}
	for _, p := range found {
		path := p.Key
		if i := slices.IndexFunc(f.Pools, func(of Pool) bool { return of.Name == p.Pool }); p.Pool != "" && i >= 0 {
			path = poolPath(i) + "." + p.Key
		}
		r.at(path, p.Text, p.Remedy)
	}
	return r.problems.sorted()
}
