package replay

import (
	"fmt"
	"strings"
)

// Problems are what is wrong with the rows of a trace.
type Problems struct {
	Rows []string // the first ten, each with file, line and what is meant
	More int      // that are wrong besides
}

func (p *Problems) add(row string) {
	if len(p.Rows) == 10 {
		p.More++
		return
	}
	p.Rows = append(p.Rows, row)
}

// Error is a line a row.
func (p Problems) Error() string {
	text := strings.Join(p.Rows, "\n")
	switch {
	case p.More == 1:
		text += "\nand 1 row more"
	case p.More > 1:
		text += fmt.Sprintf("\nand %d rows more", p.More)
	}
	return text
}
