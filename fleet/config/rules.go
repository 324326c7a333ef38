package config

import (
	"fmt"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// Checks is what the rules ask a catalog of instance types. A nil function
// leaves its rules out.
type Checks struct {
	// TypeArch is the architecture of an instance type, false if there is none
	// of that name.
	TypeArch func(name string) (arch fleet.Arch, ok bool)
	// Suggest is the type that a misspelt name most likely means, or empty.
	Suggest func(name string) string
	// Serves counts the types that serve a shape.
	Serves func(arch fleet.Arch, s Shape) int
}

// Validate returns the problems that Parse found, together with those that
// only a catalog can show. They are Problems, in the order of their places.
func (f *File) Validate(c Checks) error {
	all := f.read
	all.problems = append(Problems(nil), f.read.problems...)
	for i, p := range f.Pools {
		path := poolPath(i)
		all.types(path, p, c)
		if c.Serves == nil || p.Arch == "" || p.Shape.VCPU == 0 {
			continue
		}
		if c.Serves(p.Arch, p.Shape) == 0 {
			all.at(path+".shape", fmt.Sprintf("no %s type has this shape", p.Arch), "widen memory_gib or name types")
		}
	}
	return all.problems.sorted().err()
}

// types checks a pool's types against the catalog.
func (r *reading) types(path string, p Pool, c Checks) {
	if c.TypeArch == nil {
		return
	}
	for i, t := range p.Types {
		if t == "" {
			continue
		}
		here := fmt.Sprintf("%s.types[%d]", path, i)
		arch, ok := c.TypeArch(t)
		switch {
		case !ok:
			near := ""
			if c.Suggest != nil {
				near = c.Suggest(t)
			}
			r.at(here, "unknown instance type", didYouMean(near))
		case p.Arch != "" && arch != p.Arch:
			r.at(here, fmt.Sprintf("is %s, but the pool is %s", arch, p.Arch), "")
		}
	}
}

// at reports a problem about a path, at the nearest place that the file has.
func (r *reading) at(path, text, remedy string) {
	at := r.placeOf(path)
	r.add(Problem{Line: at.line, Column: at.column, Path: path, Text: text, Remedy: remedy})
}

func (r *reading) placeOf(path string) place {
	for {
		if at, ok := r.places[path]; ok {
			return at
		}
		end := strings.LastIndexAny(path, ".[")
		if end < 0 {
			return place{1, 1}
		}
		path = path[:end]
	}
}

func poolPath(i int) string { return fmt.Sprintf("pools[%d]", i) }

// rules are the rules between values of the file.
func (f *File) rules() {
	f.queueRules()
	names, twins := once{}, once{}
	for i, p := range f.Pools {
		path := poolPath(i)
		if first, twice := names.seen(p.Name, path+".name"); p.Name != "" && twice {
			f.read.twice(path+".name", first)
		}
		f.read.hours(path, p.Hours)
		f.read.machine(path, p, f.Machine)
		f.standing(path, p)
		if p.Labels == "" {
			continue
		}
		key := fmt.Sprintf("%s\n%s\n%d\n%s", p.Labels, strings.ToLower(p.Group), p.Priority, p.Market)
		if first, twice := twins.seen(key, path); twice {
			f.read.at(path, fmt.Sprintf("same labels, group, priority and market as %s (line %d)",
				first, f.read.placeOf(first).line), "change one of the four, or keep one pool")
		}
	}
	f.shared()
	f.forks()
	for i, a := range f.GitHub.Apps {
		if a.AppID == f.GitHub.AppID && a.AppID != 0 {
			f.read.twice(fmt.Sprintf("github.apps[%d].app_id", i), "github.app_id")
		}
	}
	logins, ids := once{}, once{}
	for i, a := range f.GitHub.Allow {
		path := fmt.Sprintf("github.allow[%d]", i)
		if first, twice := logins.seen(strings.ToLower(a.Login), path+".login"); a.Login != "" && twice {
			f.read.twice(path+".login", first)
		}
		if first, twice := ids.seen(fmt.Sprint(a.ID), path+".id"); a.ID != 0 && twice {
			f.read.twice(path+".id", first)
		}
	}
}

func (r *reading) twice(path, first string) {
	r.at(path, fmt.Sprintf("same as %s (line %d)", first, r.placeOf(first).line), "")
}

// once remembers where something was seen first.
type once map[string]string

func (o once) seen(what, path string) (first string, twice bool) {
	if first, twice = o[what]; !twice {
		o[what] = path
	}
	return first, twice
}
