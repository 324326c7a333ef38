package config

import (
	"regexp"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// part is a part of a whole, as a decimal: above 0, up to 1.
type part struct{}

var decimal = regexp.MustCompile(`^[+-]?(0|[1-9][0-9]*)?(\.[0-9]+)?$`)

func (part) read(c cursor, v *float64) {
	const form = "must be a number above 0 and up to 1, such as 0.5"
	t := &token.Token{}
	if scalar(c.node) {
		t = c.node.GetToken()
	}
	_, text := c.node.(*ast.StringNode)
	x, err := strconv.ParseFloat(t.Value, 64)
	right := err == nil && decimal.MatchString(t.Value) && x > 0 && x <= 1
	switch {
	case right && text:
		c.problem(form, "take the quotes away")
	case right:
		*v = x
	default:
		c.problem(form, "")
	}
}

func (part) schema() map[string]any {
	return map[string]any{"type": "number", "exclusiveMinimum": 0, "maximum": 1}
}

func (part) show(v float64) any {
	if v == 0 {
		return nil
	}
	return v
}
