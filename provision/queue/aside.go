package queue

import "fmt"

// Cause says why a message is left to its queue. The causes of package notices
// come through as they are.
type Cause string

// The causes.
const (
	Malformed      Cause = "malformed"       // not what a message must look like
	UnknownVersion Cause = "unknown version" // of a protocol
	UnknownKind    Cause = "unknown kind"
	Forged         Cause = "forged" // a report about another machine than its sender
)

// AsideError is why this version takes nothing from a message.
type AsideError struct {
	Cause  Cause
	Detail string // for people; cut short
}

// Error is the cause and its detail.
func (e *AsideError) Error() string {
	if e.Detail == "" {
		return string(e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Cause, e.Detail)
}

func aside(cause Cause, format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	return &AsideError{cause, detail[:min(len(detail), 200)]}
}
