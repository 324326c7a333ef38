package replay

import (
	"fmt"
	"slices"
	"strings"
)

// The columns of a trace, each with the names that it may have. Others are
// passed over.
var (
	colReady     = []string{"ready", "ready_s"}
	colDuration  = []string{"duration", "duration_s"}
	colLabels    = []string{"labels", "runner_class"}
	colRun       = []string{"run"}
	colWorkflow  = []string{"workflow"}
	colCancelled = []string{"cancelled", "cancelled_s", "started_s"}
)

// columns are the places of a trace's columns in a row; -1 for what it has not.
type columns struct {
	ready, duration, labels, run, workflow, cancelled int
	named                                             bool // labels are a runner class
}

// head finds the columns in the first row. Of two that hold the same the one is
// taken that is named first above.
func head(row []string) (*columns, error) {
	names := make([]string, len(row))
	for i, name := range row {
		names[i] = strings.ToLower(strings.TrimSpace(name))
	}
	var twice error
	find := func(any []string) int {
		for _, name := range any {
			at := slices.Index(names, name)
			if at < 0 {
				continue
			}
			if slices.Contains(names[at+1:], name) {
				twice = fmt.Errorf("two columns are named %s", name)
			}
			return at
		}
		return -1
	}
	c := &columns{
		ready: find(colReady), duration: find(colDuration), labels: find(colLabels),
		run: find(colRun), workflow: find(colWorkflow), cancelled: find(colCancelled),
	}
	for _, need := range []struct {
		at    int
		names []string
	}{{c.ready, colReady}, {c.duration, colDuration}, {c.labels, colLabels}} {
		if need.at < 0 {
			return nil, fmt.Errorf("no column %s among %s; the first line names the columns", strings.Join(need.names, " or "), shown(names))
		}
	}
	c.named = names[c.labels] == colLabels[1]
	return c, twice
}

// shown lists names, not too many of them.
func shown(names []string) string {
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
