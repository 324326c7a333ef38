package github

import "strings"

// textLimit bounds what is kept of foreign text, in bytes.
const textLimit = 500

// clean makes foreign text fit for an error or a log: one line, short, and
// without anything that looks like a token, a JWT or a runner config.
func clean(s string) string {
	s = redact(strings.Join(strings.Fields(s), " "))
	if len(s) > textLimit {
		s = strings.ToValidUTF8(s[:textLimit], "") + "..."
	}
	return s
}

// redact hides secrets. Tokens of GitHub's begin with gh, a letter and an
// underscore; JWTs and runner configs are base64 of a JSON object and begin
// with eyJ or eyI. Stateless tokens hold dots and dashes, so the whole word
// goes.
func redact(s string) string {
	var b strings.Builder
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return !inWord(r) })
		switch {
		case n == 0:
			n = 1
		case n < 0:
			n = len(s)
			fallthrough
		default:
			if at := secretAt(s[:n]); at >= 0 {
				b.WriteString(s[:at] + "[redacted]")
				s = s[n:]
				continue
			}
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

// inWord reports whether a secret may hold the character.
func inWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.-+/=", r)
}

// secretAt is where a secret begins in a word, or -1.
func secretAt(word string) int {
	for i := range len(word) - 4 {
		rest := word[i:]
		token := rest[0] == 'g' && rest[1] == 'h' && strings.IndexByte("oprsu", rest[2]) >= 0 && rest[3] == '_'
		object := len(rest) > 16 && (strings.HasPrefix(rest, "eyJ") || strings.HasPrefix(rest, "eyI"))
		if token || object || strings.HasPrefix(rest, "github_pat_") {
			return i
		}
	}
	return -1
}
