package webhooks

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// member is one member of an object, in the order of the text: unlike a map,
// a slice of members shows a key that comes twice.
type member struct {
	Key   string
	Value any
}

// oracle reads a payload by the tokens of encoding/json.
type oracle struct {
	t      *testing.T
	tokens *json.Decoder
	wrong  bool
}

func (o *oracle) value() any {
	token, err := o.tokens.Token()
	if err != nil {
		o.t.Fatalf("valid JSON, and yet: %v", err)
	}
	switch token {
	case json.Delim('{'):
		object := []member{}
		for o.tokens.More() {
			key := o.value().(string)
			object = append(object, member{key, o.value()})
		}
		o.value()
		return object
	case json.Delim('['):
		array := []any{}
		for o.tokens.More() {
			array = append(array, o.value())
		}
		o.value()
		return array
	}
	return token
}

// as is the value as a T, or a zero for a null; anything else is wrong.
func as[T any](o *oracle, v any) (t T) {
	t, ok := v.(T)
	if !ok && v != nil {
		o.wrong = true
	}
	return t
}

func (o *oracle) integer(v any) int64 {
	number := as[json.Number](o, v)
	if number == "" {
		return 0
	}
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		o.wrong = true
		return 0
	}
	return n
}

func (o *oracle) instant(v any) time.Time {
	text := as[string](o, v)
	if text == "" {
		return time.Time{}
	}
	quoted, _ := json.Marshal(text)
	var t time.Time
	err := json.Unmarshal(quoted, &t)
	if t = t.UTC(); t.IsZero() && err == nil {
		return time.Time{}
	}
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		o.wrong = true
		return time.Time{}
	}
	return t
}

func (o *oracle) payload(v any) (p payload) {
	for _, m := range as[[]member](o, v) {
		switch m.Key {
		case "action":
			p.action = as[string](o, m.Value)
		case "workflow_job":
			p.job = o.job(m.Value)
		case "repository":
			p.repo = repository{}
			for _, m := range as[[]member](o, m.Value) {
				switch m.Key {
				case "name":
					p.repo.name = as[string](o, m.Value)
				case "private":
					p.repo.private = as[bool](o, m.Value)
				case "owner":
					p.repo.owner = o.account(m.Value)
				}
			}
		case "organization":
			p.org = o.account(m.Value).login
		case "installation":
			p.installation, p.installed = 0, false
			for _, m := range as[[]member](o, m.Value) {
				if m.Key == "id" {
					p.installation, p.installed = o.integer(m.Value), true
				}
			}
		}
	}
	return p
}

func (o *oracle) account(v any) (a account) {
	for _, m := range as[[]member](o, v) {
		switch m.Key {
		case "id":
			a.id = o.integer(m.Value)
		case "login":
			a.login = as[string](o, m.Value)
		case "type":
			a.kind = as[string](o, m.Value)
		}
	}
	return a
}

func (o *oracle) job(v any) (j job) {
	text := func(v any) string { return clean([]byte(as[string](o, v)), drop) }
	for _, m := range as[[]member](o, v) {
		switch m.Key {
		case "id":
			j.id = o.integer(m.Value)
		case "run_id":
			j.run = o.integer(m.Value)
		case "run_attempt":
			j.attempt = o.integer(m.Value)
		case "runner_id":
			j.runnerID = o.integer(m.Value)
		case "name":
			j.name = text(m.Value)
		case "workflow_name":
			j.workflow = text(m.Value)
		case "conclusion":
			j.conclusion = text(m.Value)
		case "runner_name":
			j.runner = text(m.Value)
		case "labels":
			j.labels = nil
			for _, v := range as[[]any](o, m.Value) {
				l := clean([]byte(as[string](o, v)), mark)
				if l != "" && !slices.Contains(j.labels, l) && len(j.labels) < maxLabels {
					j.labels = append(j.labels, l)
				}
			}
		case "created_at":
			j.createdAt = o.instant(m.Value)
		case "started_at":
			j.startedAt = o.instant(m.Value)
		case "completed_at":
			j.endedAt = o.instant(m.Value)
		}
	}
	return j
}

// agree fails the test unless the scanner says of a body what encoding/json
// says: whether it is JSON, whether its types are right, and what it holds.
func agree(t *testing.T, body []byte) {
	t.Helper()
	got, syntax, wrong := parse(body)
	if valid := json.Valid(body); valid != (syntax == nil) {
		t.Fatalf("valid JSON: %v, but the scanner says: %v", valid, syntax)
	}
	if syntax != nil {
		return
	}
	o := &oracle{t: t, tokens: json.NewDecoder(bytes.NewReader(body))}
	o.tokens.UseNumber()
	want := o.payload(o.value())
	if o.wrong != (wrong != nil) {
		t.Fatalf("a field is of the wrong type: %v, but the scanner says: %v", o.wrong, wrong)
	}
	unexported := cmp.AllowUnexported(payload{}, job{}, repository{}, account{})
	if diff := cmp.Diff(want, got, unexported); wrong == nil && diff != "" {
		t.Fatalf("payload (-encoding/json +scanner):\n%s", diff)
	}
}

// examples are GitHub's own payloads, by file name.
func examples(tb testing.TB) map[string][]byte {
	tb.Helper()
	names, err := filepath.Glob("testdata/workflow_job/*.json")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no example payloads: %v", err)
	}
	bodies := map[string][]byte{}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		bodies[strings.TrimSuffix(filepath.Base(name), ".json")] = body
	}
	return bodies
}

var oddTexts = []string{
	``, ` `, `{`, `}`, `{}`, `[]`, `[,1]`, `[1,]`, `[1 2]`, `{,}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`,
	`null`, `nul`, `nullx`, `true`, `tru`, `"a`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\x01\"", "\"\x7f\"", "\"\xff\"",
	`0`, `-`, `-0`, `01`, `1.`, `.1`, `1.5`, `1e`, `1e+`, `1E-9`, `+1`, `1x`, "\x00", "1\x00", `{}{}`, "\ufeff{}",
	`{"\u0061ction":"queued"}`, `{"Action":"queued"}`, `{"action":"a","action":"b"}`, `{"action":null}`, `{"action":1}`,
	`{"workflow_job":{"id":9007199254740993}}`, `{"workflow_job":{"id":1.0}}`, `{"workflow_job":{"id":1e3}}`,
	`{"workflow_job":{"id":9223372036854775808}}`, `{"workflow_job":{"id":"1"}}`, `{"workflow_job":[]}`,
	`{"workflow_job":{"id":5},"workflow_job":{"run_id":6}}`, `{"workflow_job":{"labels":["a",null,"a",3]}}`,
	`{"workflow_job":{"labels":{}}}`, `{"workflow_job":{"steps":[null,{"name":"x"}],"labels":["b",null]}}`,
	`{"workflow_job":{"name":"\ud83d\ude00 \ud83d \u0000\u202e é` + "\xc3" + `"}}`,
	`{"workflow_job":{"created_at":"2023-04-19T21:12:12.000+02:00","started_at":"yesterday"}}`,
	`{"workflow_job":{"created_at":"0001-01-01T00:00:00Z"}}`, `{"workflow_job":{"created_at":"9999-01-01T00:00:00Z"}}`,
	`{"installation":{"id":0}}`, `{"installation":{}}`, `{"installation":null}`, `{"repository":{"private":"no"}}`,
	`{"repository":{"private":true,"owner":{"type":"User","id":-1}}}`, `{"action":"x","zz":[{"a":[[]]},"q\"\\"]}`,
}

func TestScannerAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range oddTexts {
		t.Run(text, func(t *testing.T) { agree(t, []byte(text)) })
	}
	for name, body := range examples(t) {
		t.Run(name, func(t *testing.T) {
			agree(t, body)
			for end := 0; end < len(body); end += 97 { // cut anywhere, it is no JSON
				agree(t, body[:end])
			}
		})
	}
}

func TestScannerAgreesOnEveryByteAtEveryPlaceOfAWord(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			text := []byte(`{"a":"` + strings.Repeat("x", 20) + `"}`)
			text[6+at] = byte(c)
			agree(t, text)
		}
	}
}

func TestScannerBoundsDepthAsEncodingJSONDoes(t *testing.T) {
	for _, depth := range []int{maxDepth - 1, maxDepth, maxDepth + 1, 10 * maxDepth} {
		for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			text := strings.Repeat(pair[0], depth) + "1" + strings.Repeat(pair[1], depth)
			if _, syntax, _ := parse([]byte(text)); json.Valid([]byte(text)) != (syntax == nil) {
				t.Errorf("depth %d of %s: the scanner says %v", depth, pair[0], syntax)
			}
		}
	}
}
