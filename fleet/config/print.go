package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// YAML is the file as it takes effect, with every default filled in. Secrets
// are references still. Parse reads the same file from it.
func (f *File) YAML() []byte {
	var b bytes.Buffer
	fileKeys().show(*f).(pairs).print(&b, "")
	return b.Bytes()
}

// pairs is a map of the file in the order of its table. Its values are text,
// whole numbers, truths, lists of those, lists of pairs, or pairs.
type pairs []pair

type pair struct {
	key   string
	value any
}

// print writes the pairs as block YAML. goccy's own printer is not used: it
// leaves text without quotes that its reader takes for something else.
func (ps pairs) print(b *bytes.Buffer, indent string) {
	for _, p := range ps {
		fmt.Fprintf(b, "%s%s:", indent, word(p.key))
		switch v := p.value.(type) {
		case pairs:
			b.WriteByte('\n')
			v.print(b, indent+"  ")
		case []any:
			printList(b, v, indent+"  ")
		default:
			b.WriteString(" " + word(v) + "\n")
		}
	}
}

// printList writes single values in one line, and pairs in lines of their own.
func printList(b *bytes.Buffer, list []any, indent string) {
	if _, block := list[0].(pairs); !block {
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = word(v)
		}
		b.WriteString(" [" + strings.Join(words, ", ") + "]\n")
		return
	}
	b.WriteByte('\n')
	for _, v := range list {
		var item bytes.Buffer
		v.(pairs).print(&item, indent+"  ")
		b.WriteString(indent + "- " + strings.TrimPrefix(item.String(), indent+"  "))
	}
}

var (
	plainText = regexp.MustCompile(`^([A-Za-z/][A-Za-z0-9_./@:-]*[A-Za-z0-9_./@-]|[A-Za-z]|[0-9]+\.\.[0-9]*|([0-9]+(\.[0-9]+)?[smh])+)$`)
	otherWord = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n|nan|inf)$`)
)

// word is a single value. Text is quoted as JSON, which is YAML too, unless it
// is plain beyond doubt.
func word(v any) string {
	s, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	if plainText.MatchString(s) && !otherWord.MatchString(s) {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // text only
	}
	return strings.TrimSuffix(b.String(), "\n")
}
