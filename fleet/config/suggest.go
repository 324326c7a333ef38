package config

import (
	"cmp"
	"slices"
	"strings"
)

// nearest is the candidate that a misspelt word most likely means, or empty.
func nearest(word string, candidates []string) string {
	const longest = 32
	if word = plainWord(word); len(word) > longest {
		return ""
	}
	best, least := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := distance(word, plainWord(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

func plainWord(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "-", "_")
}

// distance is how many letters must be added, removed or changed to make b
// from a. Two neighbours that changed places count as one.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last = last, row
		row = make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return "did you mean " + word + "?"
}

// oneOf lists words as people do: a, b or c.
func oneOf(words []string) string {
	last := len(words) - 1
	if last <= 0 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// keyRemedy helps with an unknown key: a near key of the same object, or the
// object where the key belongs.
func keyRemedy(name string, here []string) string {
	if near := nearest(name, here); near != "" {
		return didYouMean(near)
	}
	var paths []string
	walkKeys(fileKeys().schema(), "", func(path, key string) {
		if key == plainWord(name) {
			paths = append(paths, path)
		}
	})
	if len(paths) == 0 {
		return ""
	}
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return "it is known as " + paths[0]
}

// walkKeys visits every key of a schema with its path.
func walkKeys(s map[string]any, path string, visit func(path, key string)) {
	properties, _ := s["properties"].(map[string]any)
	for k, v := range properties {
		p := k
		if path != "" {
			p = path + "." + k
		}
		visit(p, k)
		child := v.(map[string]any)
		walkKeys(child, p, visit)
		if items, ok := child["items"].(map[string]any); ok {
			walkKeys(items, p+"[]", visit)
		}
	}
}
