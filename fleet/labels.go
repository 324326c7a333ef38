package fleet

import (
	"slices"
	"strings"
)

// Labels is a set of runner labels in canonical form: lower case, sorted, each
// once, joined by commas. The form is comparable, so it can be a map's key.
// GitHub compares labels without regard to case. A comma or percent sign
// inside a label is percent-encoded, so no two sets share a form.
type Labels string

// NewLabels makes the canonical set of labels. Empty labels are dropped:
// GitHub's schema allows null items, which decode as empty strings.
func NewLabels(labels ...string) Labels {
	set := make([]string, 0, len(labels))
	for _, l := range labels {
		l = strings.ToLower(strings.TrimSpace(l))
		if l == "" {
			continue
		}
		if strings.ContainsAny(l, ",%") {
			l = strings.NewReplacer("%", "%25", ",", "%2c").Replace(l)
		}
		set = append(set, l)
	}
	slices.Sort(set)
	return Labels(strings.Join(slices.Compact(set), ","))
}

// List returns the labels in canonical order.
func (l Labels) List() []string {
	if l == "" {
		return nil
	}
	list := strings.Split(string(l), ",")
	for i, s := range list {
		if strings.Contains(s, "%") {
			list[i] = strings.NewReplacer("%2c", ",", "%25", "%").Replace(s)
		}
	}
	return list
}

// Len is the number of labels in the set.
func (l Labels) Len() int {
	if l == "" {
		return 0
	}
	return strings.Count(string(l), ",") + 1
}

// Holds reports whether every label of the other set is in l. Both are
// sorted, so one walk over the two forms answers it without allocation.
func (l Labels) Holds(other Labels) bool {
	have, want := string(l), string(other)
	for want != "" {
		w, rest := cut(want)
		for {
			if have == "" {
				return false
			}
			h, next := cut(have)
			have = next
			if h == w {
				break
			}
			if h > w {
				return false
			}
		}
		want = rest
	}
	return true
}

func cut(s string) (first, rest string) {
	first, rest, _ = strings.Cut(s, ",")
	return first, rest
}
