package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// MaxSize is the most bytes that a fleet file may have.
const MaxSize = 1 << 20

// Parse reads a fleet file. The error is Problems, all of them at once. The
// file is never nil: beside an error it holds what could be read, so that
// Validate can tell its problems together with these.
func Parse(name string, data []byte) (file *File, err error) {
	file = &File{read: reading{file: name, places: map[string]place{}}}
	r := &file.read
	defer func() {
		if e := recover(); e != nil {
			r.add(Problem{Line: 1, Column: 1, Text: "not a YAML that can be read"})
		}
		r.problems = r.problems.sorted()
		err = r.problems.err()
	}()
	if len(data) > MaxSize {
		r.add(Problem{Text: "larger than 1 MiB"})
		return file, nil
	}
	if !utf8.Valid(data) {
		at := invalidUTF8(data)
		r.add(Problem{Line: at.line, Column: at.column, Text: "not UTF-8", Remedy: "save the file as UTF-8"})
		return file, nil
	}
	// The lexer counts an empty line that ends in CR LF twice.
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	if root := r.tree(text); root != nil {
		at := start(root)
		fileKeys().read(cursor{reading: r, node: root, place: at}, file)
		file.rules()
	}
	return file, nil
}

// place is a line and a column, both counted from 1.
type place struct{ line, column int }

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// reading is what one reading of a file found out beside its values.
type reading struct {
	file     string
	problems Problems
	places   map[string]place // of every path that was read
}

func (r *reading) add(p Problem) {
	p.File = r.file
	r.problems = append(r.problems, p)
}

// cursor is a value of the file that is being read.
type cursor struct {
	*reading
	node  ast.Node
	path  string
	place place
}

// problem reports what is wrong with the value.
func (c cursor) problem(text, remedy string) {
	c.add(Problem{Line: c.place.line, Column: c.place.column, Path: c.path, Text: text, Remedy: remedy})
}

// entry is a key of a map in the file.
type entry struct {
	cursor // the key's value
	name   string
	key    place
}

// problem reports what is wrong with the key.
func (e entry) problem(text, remedy string) {
	e.place = e.key
	e.cursor.problem(text, remedy)
}

// entries lists the keys of a map. It reports keys that are given twice.
func (c cursor) entries() ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch n := c.node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		c.problem("must be a map of keys, not "+nounOf(c.node), "")
		return nil, false
	}
	list := make([]entry, 0, len(values))
	first := make(map[string]place, len(values))
	for _, v := range values {
		e := c.entry(v)
		if at, twice := first[e.name]; twice {
			e.problem(fmt.Sprintf("given twice, first in line %d", at.line), "")
			continue
		}
		first[e.name] = e.key
		list = append(list, e)
	}
	return list, true
}

func (c cursor) entry(v *ast.MappingValueNode) entry {
	e := entry{key: placeOf(v.Key.GetToken()), name: v.Key.GetToken().Value}
	switch k := v.Key.(type) {
	case *ast.StringNode:
		e.name = k.Value
	case *ast.MappingKeyNode: // written after a question mark
		if s, ok := k.Value.(*ast.StringNode); ok {
			e.name = s.Value
		}
	}
	path := shown(e.name)
	if c.path != "" {
		path = c.path + "." + path
	}
	e.cursor = cursor{reading: c.reading, node: v.Value, path: path, place: e.key}
	if scalar(v.Value) {
		e.place = placeOf(v.Value.GetToken())
	}
	c.places[path] = e.place
	return e
}

// items lists the values of a list.
func (c cursor) items() ([]cursor, bool) {
	n, ok := c.node.(*ast.SequenceNode)
	if !ok {
		c.problem("must be a list, not "+nounOf(c.node), "put it in brackets: [ ]")
		return nil, false
	}
	list := make([]cursor, len(n.Values))
	for i, v := range n.Values {
		path := fmt.Sprintf("%s[%d]", c.path, i)
		list[i] = cursor{reading: c.reading, node: v, path: path, place: start(v)}
		c.places[path] = list[i].place
	}
	return list, true
}

// text is the value as text. Numbers and the like must be quoted to be text.
func (c cursor) text() (string, bool) {
	switch n := c.node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	remedy := ""
	if scalar(c.node) {
		remedy = "put it in quotes"
	}
	c.problem("must be text, not "+nounOf(c.node), remedy)
	return "", false
}

// empty reports a key without a value.
func (c cursor) empty() bool {
	if c.node != nil && c.node.Type() != ast.NullType {
		return false
	}
	c.problem("has no value", "give it one or remove the line")
	return true
}

// scalar reports whether a node is a single value that stands somewhere.
func scalar(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode,
		*ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return true
	}
	return false
}

func nounOf(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode:
		return "a number"
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a fraction"
	case *ast.BoolNode:
		return "true or false"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map"
	}
	return "this"
}

// start is where a node begins. A block map's own token is its first colon.
func start(n ast.Node) place {
	switch n := n.(type) {
	case nil:
		return place{1, 1}
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return start(n.Values[0])
		}
	case *ast.MappingValueNode:
		return placeOf(n.Key.GetToken())
	}
	return placeOf(n.GetToken())
}

var keyLike = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,32}$`)

// shown is a key of the file as problems may repeat it. What does not look
// like a key may be a line of a secret.
func shown(key string) string {
	if keyLike.MatchString(key) {
		return key
	}
	return "(a key)"
}
