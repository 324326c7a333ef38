package webhooks

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what a payload may make us remember, in bytes and items.
const (
	maxText   = 256 // GitHub's own limit of a label
	maxLabels = 100 // of a runner; a job with more finds none
	maxName   = 100 // of an owner or a repository; GitHub allows no more
)

// What clean puts in the place of a control character. In a label it is a
// mark, because a label that only loses something could turn into one that a
// pool has, and the fleet would launch for a job that GitHub gives to nobody.
const (
	drop = -1
	mark = utf8.RuneError
)

// clean makes text of a stranger safe to keep and to print: it takes control
// characters and those that only steer the display, and cuts what is too long.
func clean(text []byte, instead rune) string {
	if len(text) <= maxText && isPlain(text) {
		return string(text)
	}
	long := text[:min(len(text), 8*maxText)] // most of a long text need not be looked at
	s := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return instead
		}
		return r
	}, strings.ToValidUTF8(string(long), "\uFFFD"))
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

func isPlain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// isName reports whether text is fit to be an owner or a repository in a path
// of GitHub's API: it must not lead anywhere else.
func isName(text string) bool {
	if text == "" || len(text) > maxName || text == "." || text == ".." {
		return false
	}
	for _, c := range []byte(text) {
		letter := (c|0x20)-'a' < 26
		if !letter && c-'0' > 9 && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// isGUID reports whether text looks like a delivery's GUID: the ledger keeps
// it and logs show it.
func isGUID(text string) bool {
	if text == "" || len(text) > 64 {
		return false
	}
	for _, c := range []byte(text) {
		if c-'0' > 9 && (c|0x20)-'a' > 5 && c != '-' {
			return false
		}
	}
	return true
}
