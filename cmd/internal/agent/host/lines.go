package host

import "bytes"

// longest is how much of a line counts. A job's name stands in some, and may
// be as long as its author likes.
const longest = 1 << 10

// lines cuts what is written to it into lines. It is for one writer.
type lines struct {
	take func(string)
	line []byte
}

// Write takes part of the output.
func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part, rest, whole := bytes.Cut(p, []byte{'\n'})
		l.line = append(l.line, part[:min(len(part), longest-len(l.line))]...)
		if whole {
			l.flush()
		}
		p = rest
	}
	return n, nil
}

// flush ends a line.
func (l *lines) flush() {
	if text := bytes.TrimRight(l.line, "\r"); len(text) > 0 {
		l.take(string(text))
	}
	l.line = l.line[:0]
}
