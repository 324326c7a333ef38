package config

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// kind is a kind of value: how it is read, described to editors and printed.
// A read that reports a problem leaves the value alone. A nil from show means
// that there is nothing to say.
type kind[T any] interface {
	read(c cursor, v *T)
	schema() map[string]any
	show(v T) any
}

// key is one key of an object: a line of the table.
type key[S any] struct {
	name   string
	doc    string
	needed bool
	later  bool // in the design, not built yet
	read   func(c cursor, s *S)
	schema func() map[string]any
	show   func(s *S) any
}

// field is a key whose value lives in a field of S.
func field[S, T any](name, doc string, k kind[T], at func(*S) *T) key[S] {
	return key[S]{
		name:   name,
		doc:    doc,
		read:   func(c cursor, s *S) { k.read(c, at(s)) },
		schema: k.schema,
		show:   func(s *S) any { return k.show(*at(s)) },
	}
}

// must makes a key needed.
func (k key[S]) must() key[S] {
	k.needed = true
	return k
}

// later names keys that the design knows and that are not built yet.
func later[S any](names ...string) []key[S] {
	keys := make([]key[S], len(names))
	for i, n := range names {
		keys[i] = key[S]{name: n, later: true}
	}
	return keys
}

// object is a map with known keys.
type object[S any] struct {
	keys  []key[S]
	later []key[S]
	apart [2]string // two keys that exclude each other
	fill  func(*S)  // defaults
}

func (o object[S]) all() []key[S] { return slices.Concat(o.keys, o.later) }

func (o object[S]) read(c cursor, s *S) {
	entries, ok := c.entries()
	said := make(map[string]entry, len(entries))
	for _, e := range entries {
		said[e.name] = e
		o.readKey(e, s)
	}
	for _, k := range o.keys {
		if _, is := said[k.name]; ok && k.needed && !is {
			path := k.name
			if c.path != "" {
				path = c.path + "." + k.name
			}
			cursor{reading: c.reading, path: path, place: c.place}.problem("missing", "")
		}
	}
	if e, both := said[o.apart[1]]; both {
		if other, ok := said[o.apart[0]]; ok {
			e.problem(fmt.Sprintf("not beside %s (line %d)", o.apart[0], other.key.line), "keep one of the two")
		}
	}
	if o.fill != nil {
		o.fill(s)
	}
}

func (o object[S]) readKey(e entry, s *S) {
	all := o.all()
	i := slices.IndexFunc(all, func(k key[S]) bool { return k.name == e.name })
	switch {
	case i < 0 && len(e.problems) > maxProblems: // help would not be shown
		e.problem("unknown key", "")
	case i < 0:
		names := make([]string, len(o.keys))
		for i, k := range o.keys {
			names[i] = k.name
		}
		e.problem("unknown key", keyRemedy(e.name, names))
	case all[i].later:
		e.problem("not supported yet", "")
	case !e.empty():
		all[i].read(e.cursor, s)
	}
}

func (o object[S]) schema() map[string]any {
	var defaults S
	if o.fill != nil {
		o.fill(&defaults)
	}
	properties := map[string]any{}
	var needed []string
	for _, k := range o.keys {
		p := k.schema()
		p["description"] = k.doc
		if k.needed {
			needed = append(needed, k.name)
		} else if v := k.show(&defaults); v != nil && scalarValue(v) {
			p["default"] = v
		}
		properties[k.name] = p
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(needed) > 0 {
		out["required"] = needed
	}
	if o.apart[0] != "" {
		out["not"] = map[string]any{"required": o.apart[:]}
	}
	return out
}

func scalarValue(v any) bool {
	switch v.(type) {
	case string, int64, bool:
		return true
	}
	return false
}

func (o object[S]) show(s S) any {
	var out pairs
	for _, k := range o.keys {
		if v := k.show(&s); v != nil {
			out = append(out, pair{k.name, v})
		}
	}
	if out == nil {
		return nil
	}
	return out
}

// list is a list of values of one kind.
type list[T any] struct {
	of       kind[T]
	min, max int            // items; a max of zero is no bound
	same     func(T) string // when set, no two items may share it
}

func (l list[T]) read(c cursor, v *[]T) {
	items, ok := c.items()
	if !ok {
		return
	}
	if len(items) < l.min {
		c.problem(fmt.Sprintf("must have at least %d", l.min), "")
	}
	if l.max > 0 && len(items) > l.max {
		c.problem(fmt.Sprintf("must have at most %d", l.max), "")
	}
	first := map[string]cursor{}
	for _, item := range items {
		var one T
		before := len(c.problems)
		if !item.empty() {
			l.of.read(item, &one)
		}
		if l.same != nil && len(c.problems) == before {
			id := l.same(one)
			if f, twice := first[id]; twice {
				item.problem(fmt.Sprintf("same as %s (line %d)", f.path, f.place.line), "")
			} else {
				first[id] = item
			}
		}
		*v = append(*v, one) // a bad one too: indices are paths
	}
}

func (l list[T]) schema() map[string]any {
	out := map[string]any{"type": "array", "items": l.of.schema()}
	if l.min > 0 {
		out["minItems"] = l.min
	}
	if l.max > 0 {
		out["maxItems"] = l.max
	}
	if l.same != nil {
		out["uniqueItems"] = true
	}
	return out
}

func (l list[T]) show(v []T) any {
	var out []any
	for _, one := range v {
		if shown := l.of.show(one); shown != nil {
			out = append(out, shown)
		}
	}
	if out == nil {
		return nil
	}
	return out
}

// oneOr is a list of which one alone may stand for itself.
type oneOr[T any] struct{ list[T] }

func (o oneOr[T]) read(c cursor, v *[]T) {
	if _, many := c.node.(*ast.SequenceNode); many {
		o.list.read(c, v)
		return
	}
	var one T
	before := len(c.problems)
	if o.of.read(c, &one); len(c.problems) == before {
		*v = []T{one}
	}
}

func (o oneOr[T]) schema() map[string]any {
	return map[string]any{"anyOf": []any{o.of.schema(), o.list.schema()}}
}

func (o oneOr[T]) show(v []T) any {
	if len(v) == 1 {
		return o.of.show(v[0])
	}
	return o.list.show(v)
}
