package webhooks

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may nest, as in encoding/json. It
// bounds the recursion of skip.
const maxDepth = 10_000

// scanner walks JSON text once, from left to right. It checks all of the text
// but builds nothing of what is skipped. The first syntax error sticks, and
// every later call does nothing.
type scanner struct {
	src   []byte
	pos   int
	depth int
	key   []byte // of the member at hand, unescaped
	err   error  // first syntax error
	wrong error  // first known field of another type than it should be
}

func (s *scanner) fail() {
	if s.err == nil {
		s.err = fmt.Errorf("malformed JSON at byte %d", s.pos)
	}
	s.pos = len(s.src) // so that no loop goes on
}

// peek returns the first byte of the next token, or 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; c {
		case ' ', '\n', '\t', '\r':
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte) {
	if s.peek() != c || s.err != nil {
		s.fail()
		return
	}
	s.pos++
}

// members yields the keys of an object; the loop's body must consume each
// value. Where no object is, it yields nothing.
func (s *scanner) members(yield func(key []byte) bool) {
	for more := s.open('{', '}'); more; more = s.next('}') {
		if s.peek() != '"' {
			s.fail()
			return
		}
		s.key = s.decoded()
		if s.take(':'); s.err != nil || !yield(s.key) {
			return
		}
	}
}

// items yields once for each item of an array, likewise.
func (s *scanner) items(yield func() bool) {
	for more := s.open('[', ']'); more; more = s.next(']') {
		if !yield() { // unreachable: no loop of ours ends early
			return
		}
	}
}

// open enters an array or object and reports whether there is anything in it.
func (s *scanner) open(first, last byte) bool {
	if s.peek() != first {
		s.mismatch()
		return false
	}
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.fail()
		return false
	}
	if s.peek() == last {
		s.take(last)
		s.depth--
		return false
	}
	return true
}

// next passes over what follows an item and reports whether another comes.
func (s *scanner) next(last byte) bool {
	if s.peek() == ',' {
		s.pos++
		return true
	}
	s.take(last)
	s.depth--
	return false
}

// mismatch passes over a value of another type than the field at hand wants.
// A null is no mismatch: GitHub writes it for what is absent.
func (s *scanner) mismatch() {
	if s.err == nil && s.wrong == nil && s.peek() != 'n' {
		// The key is one that we know, so it is safe to show.
		s.wrong = fmt.Errorf("field %q is of the wrong type", s.key)
	}
	s.skip()
}

// skip passes over any one value.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		for range s.members {
			s.skip()
		}
	case '[':
		for range s.items {
			s.skip()
		}
	case '"':
		s.quoted()
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}

func (s *scanner) word(w string) {
	end := s.pos + len(w)
	if end > len(s.src) || string(s.src[s.pos:end]) != w {
		s.fail()
		return
	}
	s.pos = end
}

// number passes over a number and returns its text.
func (s *scanner) number() []byte {
	from := s.pos
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
	} else {
		s.digits()
	}
	if s.at('.') {
		s.pos++
		s.digits()
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		s.digits()
	}
	return s.src[from:s.pos]
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.src) && s.src[s.pos] == c }

// digits passes over one digit or more.
func (s *scanner) digits() {
	from := s.pos
	for s.pos < len(s.src) && s.src[s.pos]-'0' <= 9 {
		s.pos++
	}
	if s.pos == from {
		s.fail()
	}
}

// quoted passes over a string and returns its bytes without the quotes, and
// whether they are its value as they stand: plain ASCII without escapes.
func (s *scanner) quoted() (raw []byte, plain bool) {
	s.pos++
	from, plain := s.pos, true
	for {
		s.pos += run(s.src[s.pos:])
		if s.pos == len(s.src) {
			break
		}
		switch c := s.src[s.pos]; {
		case c == '"':
			s.pos++
			return s.src[from : s.pos-1], plain
		case c == '\\':
			plain = false
			s.escape()
		case c < ' ':
			s.fail()
		default:
			plain = false
			s.pos++
		}
	}
	s.fail()
	return nil, false
}

// run is the length of the text's start that has neither quotes, escapes,
// control characters nor bytes above ASCII. Most of a payload is such runs,
// so it takes eight bytes a step.
func run(text []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(text); n += 8 {
		w := binary.LittleEndian.Uint64(text[n:])
		quote, slash := w^ones*'"', w^ones*'\\'
		// A byte borrows from its high bit if it is below what is subtracted.
		// A false alarm is possible only above a true one.
		if (w|(w-ones*' ')|(quote-ones)|(slash-ones))&highs != 0 {
			break
		}
	}
	for ; n < len(text); n++ {
		if c := text[n]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return n
}

// escape passes over a backslash and what it escapes.
func (s *scanner) escape() {
	rest := s.src[s.pos+1:]
	if len(rest) == 0 {
		s.fail()
		return
	}
	switch rest[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
	case 'u':
		if len(rest) < 5 || !isHex(rest[1:5]) {
			s.fail()
			return
		}
		s.pos += 6
	default:
		s.fail()
	}
}

func isHex(text []byte) bool {
	for _, c := range text {
		if c-'0' > 9 && (c|0x20)-'a' > 5 {
			return false
		}
	}
	return true
}
