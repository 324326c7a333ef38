package agent

import (
	"slices"
	"strings"
	"time"
)

// What the runner's lines say, as actions/runner v2.336.0 writes them on its
// console. A job's name stands in two of them and is whatever the author of a
// workflow wrote, so nothing is read out of it.
const (
	stamp    = "2006-01-02 15:04:05Z"
	complete = " completed with result: "
	refusal  = " is deprecated and cannot receive messages."

	gone     = "The runner no longer exists on the server."
	deleted  = "Failed to create a session. The runner registration has been deleted from the server"
	answered = "Http response code: " // of an answer that is no success
	enrols   = "/actions/runner-registration'"
)

// results are the runner's words for what came of a job.
var results = []string{"Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped", "Abandoned"}

type saying int

const (
	nothing   saying = iota
	listening        // online, waiting for a job
	running          // a job begins
	completed        // a job is over
	refused          // the version is too old
	dropped          // GitHub no longer has its registration
	denied           // GitHub did not register it; it may ask again
)

// meaning is what a line says, and a completed job's result.
func meaning(line string) (what saying, result string) {
	text, ok := unstamped(line)
	switch {
	case ok && text == "Listening for Jobs":
		return listening, ""
	case ok && strings.HasPrefix(text, "Running job: "):
		return running, ""
	case ok && strings.HasPrefix(text, "Job "):
		if i := strings.LastIndex(text, complete); i >= 0 {
			return completed, known(text[i+len(complete):])
		}
	case strings.Contains(text, "Runner version v") && strings.Contains(text, refusal):
		return refused, ""
	case strings.HasPrefix(text, gone), strings.HasPrefix(text, deleted):
		return dropped, ""
	case strings.HasPrefix(text, answered) && strings.Contains(text, enrols):
		return denied, ""
	}
	return nothing, ""
}

// unstamped is a line without the time before it.
func unstamped(line string) (text string, ok bool) {
	if len(line) < len(stamp)+2 || line[len(stamp):len(stamp)+2] != ": " {
		return line, false
	}
	if _, err := time.Parse(stamp, line[:len(stamp)]); err != nil {
		return line, false
	}
	return line[len(stamp)+2:], true
}

// known is a result, or nothing: no other text of the runner's goes further.
func known(result string) string {
	if slices.Contains(results, result) {
		return result
	}
	return ""
}
