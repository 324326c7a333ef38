package webhooks

import (
	"encoding/json"
	"strconv"
	"time"
)

// decoded passes over a string and returns its value, which may share the
// text's memory. What is rare is left to encoding/json: escapes, and bytes
// that may be no UTF-8.
func (s *scanner) decoded() []byte {
	from := s.pos
	raw, plain := s.quoted()
	if plain || s.err != nil {
		return raw
	}
	var value string
	if err := json.Unmarshal(s.src[from:s.pos], &value); err != nil { // unreachable: it was scanned
		s.fail()
	}
	return []byte(value)
}

// text reads a string, or null as an empty one.
func (s *scanner) text() []byte {
	if s.peek() != '"' {
		s.mismatch()
		return nil
	}
	return s.decoded()
}

// integer reads a whole number, or null as 0.
func (s *scanner) integer() int64 {
	if c := s.peek(); c != '-' && c-'0' > 9 {
		s.mismatch()
		return 0
	}
	from := s.pos
	n, err := strconv.ParseInt(string(s.number()), 10, 64)
	if err == nil {
		return n
	}
	if s.err == nil {
		s.pos = from
		s.mismatch()
	}
	return 0
}

// truth reads a boolean, or null as false.
func (s *scanner) truth() bool {
	c := s.peek()
	if c != 't' && c != 'f' {
		s.mismatch()
		return false
	}
	s.skip()
	return c == 't'
}

// instant reads a time of RFC 3339, or null as the zero time.
func (s *scanner) instant() time.Time {
	from := s.pos
	text := s.text()
	var t time.Time
	if len(text) == 0 || s.err != nil {
		return t
	}
	err := t.UnmarshalText(text)
	if err == nil && t.IsZero() {
		return time.Time{}
	}
	// The years are those that a store can count in nanoseconds.
	if t = t.UTC(); err != nil || t.Year() < 1970 || t.Year() > 2200 {
		s.pos = from
		s.mismatch()
		return time.Time{}
	}
	return t
}
