package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds on what the parser is given. It is recursive over depth and quadratic
// over the keys of a map.
const (
	maxTokens  = 50_000 // more than a thousand pools
	maxDepth   = 16     // of brackets
	maxNesting = 6      // dashes on one line
)

// tree is the file's syntax tree, or nil after a problem.
func (r *reading) tree(text string) ast.Node {
	tokens := lexer.Tokenize(text)
	if !r.bounded(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var root ast.Node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil || doc.Body.Type() == ast.NullType {
			continue
		}
		if root != nil {
			at := start(doc.Body)
			r.add(Problem{Line: at.line, Column: at.column, Text: "a second document", Remedy: "keep one document in the file"})
			return nil
		}
		root = doc.Body
	}
	if root == nil {
		r.add(Problem{Line: 1, Column: 1, Text: "empty", Remedy: "begin with the fleet's name: fleet: acme"})
	}
	return root
}

// bounded reports whether the tokens are few, flat and plain enough to parse.
func (r *reading) bounded(tokens token.Tokens) bool {
	before := len(r.problems)
	if len(tokens) > maxTokens {
		r.add(Problem{Text: "too many keys and values"})
		return false
	}
	depth, nesting, line := 0, 0, 0
	for _, t := range tokens {
		at := placeOf(t)
		if at.line != line {
			line, nesting = at.line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			nesting++
		case token.MappingValueType:
			r.spaced(t)
		default:
			r.plain(t)
		}
		if depth > maxDepth || nesting > maxNesting {
			r.add(Problem{Line: at.line, Column: at.column, Text: "nested too deep"})
			return false
		}
	}
	return len(r.problems) == before
}

// spaced reports a colon in a flow map that touches its value. YAML reads a:b
// as one word there, the lexer as a key and its value.
func (r *reading) spaced(t *token.Token) {
	next := t.Next
	if next == nil || t.Prev == nil || t.Prev.Type != token.StringType {
		return
	}
	switch next.Type {
	case token.CollectEntryType, token.MappingEndType, token.SequenceEndType, token.ImplicitNullType:
		return
	}
	at, after := placeOf(t), placeOf(next)
	if after == (place{at.line, at.column + 1}) {
		r.add(Problem{Line: at.line, Column: at.column, Text: "a colon without a space",
			Remedy: "put a space after it, or quotes round the word"})
	}
}

// plain reports YAML that a fleet file may not use.
func (r *reading) plain(t *token.Token) {
	what, remedy := "", "write the value out"
	switch t.Type {
	case token.AnchorType:
		what = "anchors are"
	case token.AliasType: // a cron line may begin so
		what, remedy = "aliases are", "write the value out; text that begins with * needs quotes"
	case token.MergeKeyType:
		what = "merge keys are"
	case token.TagType:
		what = "YAML tags are"
	case token.DirectiveType:
		what = "YAML directives are"
	default:
		return
	}
	at := placeOf(t)
	r.add(Problem{Line: at.line, Column: at.column, Text: what + " not supported", Remedy: remedy})
}

// syntax reports what the parser refused. Messages of the parser that quote
// the file are left out.
func (r *reading) syntax(err error) {
	p := Problem{Line: 1, Column: 1, Text: "not valid YAML"}
	var e yaml.Error
	if errors.As(err, &e) {
		at := placeOf(e.GetToken())
		p.Line, p.Column = at.line, at.column
		if m := e.GetMessage(); !strings.ContainsAny(m, "\"`\n") {
			p.Text = fmt.Sprintf("not valid YAML: %s", m)
		}
	}
	r.add(p)
}

// invalidUTF8 finds the first byte that is no UTF-8.
func invalidUTF8(data []byte) place {
	at := place{1, 1}
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		if c == utf8.RuneError && size == 1 {
			break
		}
		at.column++
		if c == '\n' {
			at = place{at.line + 1, 1}
		}
		data = data[size:]
	}
	return at
}
