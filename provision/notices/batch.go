package notices

import (
	"errors"

	"github.com/runfleet/runfleet/fleet"
)

// Aside is a message that is no notice, as it came.
type Aside struct {
	Why     AsideError
	Message []byte
}

// Batch is what several messages say. Every message is in one of its lists.
type Batch struct {
	Notices []fleet.Notice // in the messages' order; one that came twice is there twice
	Aside   []Aside
}

// Read decodes messages.
func Read(messages [][]byte) Batch {
	var b Batch
	for _, m := range messages {
		n, err := Decode(m)
		if why, aside := errors.AsType[*AsideError](err); aside {
			b.Aside = append(b.Aside, Aside{*why, m})
			continue
		}
		b.Notices = append(b.Notices, n)
	}
	return b
}

// Counts is how many messages said what: the kinds of notices and the causes
// for setting aside. Its keys are a closed list, fit for metrics.
func (b Batch) Counts() map[string]int {
	counts := map[string]int{}
	for _, n := range b.Notices {
		counts[string(n.Kind)]++
	}
	for _, a := range b.Aside {
		counts[string(a.Why.Cause)]++
	}
	return counts
}
