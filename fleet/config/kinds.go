package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// text is a line of text.
type text struct {
	pattern *regexp.Regexp // nil: any printable text
	want    string         // what it must be, when the pattern does not match
	remedy  string
	max     int                 // characters; 0 is no bound
	blank   bool                // may be empty
	check   func(string) string // says what is wrong beyond the pattern
}

func (t text) read(c cursor, v *string) {
	s, ok := c.text()
	if !ok {
		return
	}
	if wrong, remedy := t.wrong(s); wrong != "" {
		c.problem(wrong, remedy)
		return
	}
	*v = s
}

func (t text) wrong(s string) (wrong, remedy string) {
	switch {
	case s == "" && !t.blank:
		return "must not be empty", ""
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "must be one line without control characters", ""
	case t.max > 0 && utf8.RuneCountInString(s) > t.max:
		return fmt.Sprintf("must have at most %d characters", t.max), ""
	case t.pattern != nil && !t.pattern.MatchString(s):
		return "must be " + t.want, t.remedy
	case t.check != nil:
		return t.check(s), ""
	}
	return "", ""
}

func (t text) schema() map[string]any {
	out := map[string]any{"type": "string"}
	if !t.blank {
		out["minLength"] = 1
	}
	if t.max > 0 {
		out["maxLength"] = t.max
	}
	if t.pattern != nil {
		out["pattern"] = t.pattern.String()
	}
	return out
}

func (t text) show(v string) any {
	if v == "" && !t.blank {
		return nil
	}
	return v
}

// secret is a reference to a secret. Its problems never repeat the value.
type secret struct{}

var secretPattern = regexp.MustCompile(`^(ssm:/[A-Za-z0-9_./-]+|file:.+|env:[A-Za-z_][A-Za-z0-9_]*)$`)

func (secret) read(c cursor, v *Secret) {
	const forms = "ssm:/path, file:path or env:NAME"
	var s string
	if n, ok := c.node.(*ast.StringNode); ok {
		s = n.Value
	}
	oneLine := !strings.ContainsFunc(s, unicode.IsControl)
	switch {
	case secretPattern.MatchString(s) && oneLine:
		*v = Secret(s)
	case Secret(s).Scheme() == "ssm", Secret(s).Scheme() == "env":
		c.problem("must be "+forms, "")
	default:
		c.problem("must name where the secret is, and not be the secret itself", "write "+forms)
	}
}

func (secret) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": secretPattern.String()}
}

func (secret) show(v Secret) any {
	if v == "" {
		return nil
	}
	return string(v)
}

// whole is a whole number.
type whole[T ~int | ~int64] struct{ min, max int64 }

var digits = regexp.MustCompile(`^[+-]?(0|[1-9][0-9]*)$`)

func (w whole[T]) read(c cursor, v *T) {
	number, ok := c.number()
	if !ok {
		return
	}
	n, err := strconv.ParseInt(number, 10, 64) // saturates when out of range
	switch {
	case n < w.min:
		c.problem(fmt.Sprintf("must be at least %d", w.min), "")
	case err != nil, n > w.max:
		c.problem(fmt.Sprintf("must be at most %d", w.max), "")
	default:
		*v = T(n)
	}
}

// number is the value in decimal digits. What is too large for YAML's numbers
// is text to the parser.
func (c cursor) number() (string, bool) {
	t := &token.Token{}
	if scalar(c.node) {
		t = c.node.GetToken()
	}
	quoted := t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
	decimal := digits.MatchString(t.Value)
	_, integer := c.node.(*ast.IntegerNode)
	switch {
	case decimal && !quoted:
		return t.Value, true
	case integer:
		c.problem("must be a whole number in plain decimal digits", "")
	case decimal:
		c.problem("must be a whole number, not text", "take the quotes away")
	default:
		c.problem("must be a whole number, not "+nounOf(c.node), "")
	}
	return "", false
}

func (w whole[T]) schema() map[string]any {
	return map[string]any{"type": "integer", "minimum": w.min, "maximum": w.max}
}

func (w whole[T]) show(v T) any {
	if v == 0 && w.min > 0 {
		return nil
	}
	return int64(v)
}

// truth is true or false; not turns it around.
type truth struct{ not bool }

func (t truth) read(c cursor, v *bool) {
	n, ok := c.node.(*ast.BoolNode)
	if !ok {
		c.problem("must be true or false, not "+nounOf(c.node), "")
		return
	}
	*v = n.Value != t.not
}

func (t truth) schema() map[string]any { return map[string]any{"type": "boolean"} }
func (t truth) show(v bool) any        { return v != t.not }

// choice is one word of a few.
type choice[T ~string] struct {
	words []T
	also  map[string]T // what people write instead, for the remedy
}

func (h choice[T]) read(c cursor, v *T) {
	var s string // what is no text is no word either
	if n, ok := c.node.(*ast.StringNode); ok {
		s = n.Value
	}
	words := make([]string, len(h.words))
	for i, w := range h.words {
		words[i] = string(w)
		if s == words[i] {
			*v = w
			return
		}
	}
	near := nearest(s, words)
	if w, ok := h.also[strings.ToLower(s)]; ok {
		near = string(w)
	}
	c.problem("must be "+oneOf(words), didYouMean(near))
}

func (h choice[T]) schema() map[string]any {
	return map[string]any{"type": "string", "enum": h.words}
}

func (h choice[T]) show(v T) any {
	if v == "" {
		return nil
	}
	return string(v)
}

// span is a length of time.
type span struct{ min, max time.Duration }

var spanPattern = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(s|m|h))+$`)

func (p span) read(c cursor, v *time.Duration) {
	const form = "must be a length of time such as 90s, 10m or 6h15m"
	var s string
	switch n := c.node.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		c.problem(form, "say its unit: h, m or s")
		return
	case *ast.StringNode:
		s = n.Value
	}
	d, err := time.ParseDuration(s)
	switch {
	case !spanPattern.MatchString(s):
		c.problem(form, "")
	case err != nil, d > p.max:
		c.problem("must be at most "+spanText(p.max), "")
	case d < p.min:
		c.problem("must be at least "+spanText(p.min), "")
	default:
		*v = d
	}
}

func (p span) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": spanPattern.String()}
}

func (p span) show(v time.Duration) any {
	if v == 0 {
		return nil
	}
	return spanText(v)
}

// spanText is a duration without its zero parts: 6h15m, not 6h15m0s.
func spanText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
