package catalog

import "strings"

// farthest is how many letters a suggestion may differ from what was written.
const farthest = 3

// Suggest is the known type whose name is closest to a wrong one, for the text
// of an error. It is empty if none is close. Of equally close ones it takes
// those of the same family, then of the same size, then the first by name.
func Suggest(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	best, least := "", (farthest+1)*4
	for t := range All() {
		d := distance(name, t.Name) * 4
		family, size, _ := strings.Cut(t.Name, ".")
		if !strings.HasPrefix(name, family+".") {
			d += 2
		}
		if !strings.HasSuffix(name, "."+size) {
			d++
		}
		if d < least || d == least && t.Name < best {
			best, least = t.Name, d
		}
	}
	return best
}

// distance is how many letters must be put in, taken out or changed to make b
// of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
