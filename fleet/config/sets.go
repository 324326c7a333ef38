package config

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/runfleet/runfleet/fleet"
)

// labels is a list of runner labels, kept as a set.
type labels struct{}

// labelText is one label, as GitHub and the runner bound it.
var labelText = text{
	pattern: regexp.MustCompile(`^[^\s,]([^,]*[^\s,])?$`),
	want:    "without a comma, and without spaces at its ends",
	max:     256,
}

func (labels) list() list[string] {
	return list[string]{of: labelText, min: 1, max: 100, same: strings.ToLower}
}

func (l labels) read(c cursor, v *fleet.Labels) {
	var words []string
	before := len(c.problems)
	l.list().read(c, &words)
	if len(c.problems) == before {
		*v = fleet.NewLabels(words...)
	}
}

func (l labels) schema() map[string]any  { return l.list().schema() }
func (l labels) show(v fleet.Labels) any { return l.list().show(v.List()) }

// group is a runner group by name. GitHub's own name for the default group
// means the same as no name.
type group struct{}

const defaultGroup = "Default"

var groupText = text{max: 64}

func (group) read(c cursor, v *string) {
	groupText.read(c, v)
	if strings.EqualFold(*v, defaultGroup) {
		*v = ""
	}
}

func (group) schema() map[string]any { return groupText.schema() }

func (group) show(v string) any {
	if v == "" {
		return defaultGroup
	}
	return v
}

// amount is a number or a range: 8, 8..16 or 8.. .
type amount struct{ max int64 }

var rangePattern = regexp.MustCompile(`^([1-9][0-9]{0,5})\.\.([1-9][0-9]{0,5})?$`)

func (a amount) read(c cursor, v *Range) {
	var m []string
	switch n := c.node.(type) {
	case *ast.IntegerNode:
		var gib int
		whole[int]{1, a.max}.read(c, &gib)
		*v = Range{gib, gib}
		return
	case *ast.StringNode:
		m = rangePattern.FindStringSubmatch(n.Value)
	}
	if m == nil {
		c.problem("must be a whole number or a range such as 8..16", "")
		return
	}
	low, _ := strconv.Atoi(m[1]) // the pattern allows six digits
	high, _ := strconv.Atoi(m[2])
	switch {
	case int64(max(low, high)) > a.max:
		c.problem("must be at most "+strconv.FormatInt(a.max, 10), "")
	case high != 0 && high < low:
		c.problem("must rise from left to right", "")
	default:
		*v = Range{low, high}
	}
}

func (a amount) schema() map[string]any {
	return map[string]any{"anyOf": []any{
		whole[int]{1, a.max}.schema(),
		map[string]any{"type": "string", "pattern": rangePattern.String()},
	}}
}

func (a amount) show(v Range) any {
	switch {
	case v == Range{}:
		return nil
	case v.Min == v.Max:
		return int64(v.Min)
	}
	return v.String()
}

// tags are names and values that AWS keeps beside every machine. Their keys
// are what tags in instance metadata allow.
type tags struct{}

const maxTags = 40 // AWS allows 50; the rest is for the fleet's own

var (
	tagKey      = regexp.MustCompile(`^[A-Za-z0-9+=.,_:@-]{1,128}$`)
	tagReserved = regexp.MustCompile(`^([aA][wW][sS]:.*|runfleet.*|\.|\.\.|_index)$`)
	tagValue    = text{max: 256, blank: true}
)

func (tags) read(c cursor, v *map[string]string) {
	entries, ok := c.entries()
	if !ok {
		return
	}
	if len(entries) > maxTags {
		c.problem("must have at most "+strconv.Itoa(maxTags)+" tags", "")
	}
	out := make(map[string]string, len(entries))
	for _, e := range entries {
		switch {
		case !tagKey.MatchString(e.name):
			e.problem("a tag's key has letters, digits and + - = . , _ : @ only", "")
		case tagReserved.MatchString(e.name):
			e.problem("this tag key is reserved", "keys must not begin with aws: or runfleet")
		case !e.empty():
			var s string
			tagValue.read(e.cursor, &s)
			out[e.name] = s
		}
	}
	if len(out) > 0 {
		*v = out
	}
}

func (tags) schema() map[string]any {
	return map[string]any{
		"type":                 "object",
		"maxProperties":        maxTags,
		"additionalProperties": tagValue.schema(),
		"propertyNames": map[string]any{
			"pattern": tagKey.String(),
			"not":     map[string]any{"pattern": tagReserved.String()},
		},
	}
}

func (tags) show(v map[string]string) any {
	if len(v) == 0 {
		return nil
	}
	var out pairs
	for _, k := range slices.Sorted(maps.Keys(v)) {
		out = append(out, pair{k, v[k]})
	}
	return out
}
