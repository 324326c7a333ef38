package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/cli"
)

// own is a trace as somebody could write it: columns in an order of their own,
// one that means nothing, times since 1970, jobs not in order.
const own = `runner_class,name,run,conclusion,ready_s,duration_s
linux-x64,unit tests,1,success,1760446860,300
linux-arm64,"build, arm64",1,success,1760446800,120
linux-x64-small,lint,1,failure,1760446800,20
windows-2022,installer,1,success,1760446830,600
linux-arm64,docs,2,cancelled,1760446900,0
ubuntu-latest,labels,2,success,1760447000,10
`

// counts are the jobs of a summary.
type counts struct {
	Queued, Completed, Cancelled, Unserved int
	NoPool                                 int `json:"no_pool"`
}

func played(t *testing.T, file string, more ...string) (counts, string) {
	t.Helper()
	code, out, log := run(t, append([]string{"demo", "--exit", "--json", "--speed", "1000000", "--trace", file}, more...)...)
	var s struct{ Jobs counts }
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != cli.ExitOK {
		t.Fatalf("exit %d, error %v: %s%s", code, err, out, log)
	}
	return s.Jobs, log
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheDemoPlaysATraceOfOnesOwn(t *testing.T) {
	want := counts{Queued: 6, Completed: 3, Cancelled: 1, NoPool: 2}
	for name, data := range map[string][]byte{
		"plain": []byte(own), "gzipped": zipped(t, own), "with a byte order mark": []byte("\ufeff" + own), "from Windows": []byte(strings.ReplaceAll(own, "\n", "\r\n")),
	} {
		file := filepath.Join(t.TempDir(), "trace.csv")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, jobs := range []string{"60", "0"} {
			got, log := played(t, file, "--jobs", jobs)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, --jobs %s (-want +got):\n%s", name, jobs, diff)
			}
			if !strings.Contains(log, "6 jobs of "+file) {
				t.Errorf("%s, --jobs %s: it says\n%s", name, jobs, log)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "trace.csv")
	if err := os.WriteFile(file, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := played(t, file, "--jobs", "2"); got.Queued != 2 {
		t.Errorf("of two jobs %+v", got)
	}
}

// A trace of more than two days is played to its end, whatever lies between.
func TestTheDemoPlaysATraceOfMoreThanTwoDays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace.csv")
	text := "run,ready_s,duration_s,conclusion,runner_class\n1,0,60,success,linux-x64\n2,180000,60,success,linux-arm64\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := played(t, file, "--jobs", "0", "--speed", "100000000"); got.Completed != 2 {
		t.Errorf("jobs %+v", got)
	}
}

func TestATraceThatCannotBeReadIsRefusedWithFileAndLine(t *testing.T) {
	const head = "run,ready_s,duration_s,conclusion,runner_class\n"
	const good = "1,0,60,success,linux-x64\n"
	broken := zipped(t, head+strings.Repeat(good, 1000))
	for _, tt := range []struct{ name, data, says string }{
		{"an empty file", "", "line 1: it is empty; the first line names the columns: run,ready_s,duration_s,conclusion,runner_class"},
		{"columns and no job", head, "line 2: it holds no job; write a line for each"},
		{"a missing column", "run,ready_s,duration_s,conclusion\n1,0,60,success\n", "line 1: no column runner_class; the first line names the columns, with commas between: run,"},
		{"semicolons", strings.ReplaceAll(head+good, ",", ";"), "line 1: no column run; the first line names the columns, with commas between"},
		{"a number that is none", head + good + "1,soon,60,success,linux-x64\n", `line 3: ready_s: "soon" is no whole number from 0 to 4000000000`},
		{"a fraction of a second", head + "1,0,1.5,success,linux-x64\n", `line 2: duration_s: "1.5" is no whole number from 0`},
		{"a negative time", head + good + good + "1,-5,60,success,linux-x64\n", `line 4: ready_s: "-5" is no whole number from 0`},
		{"a time that no clock has", head + "1,99999999999,60,success,linux-x64\n", `line 2: ready_s: "99999999999" is no whole number from 0 to 4000000000`},
		{"no number at all", head + "1,0,,success,linux-x64\n", `line 2: duration_s: "" is no whole number`},
		{"an unknown class", head + good + "1,0,60,success,lunix-x64\n", `line 3: runner_class: "lunix-x64" is unknown; write linux-x64, linux-x64-small or linux-arm64`},
		{"an unknown conclusion", head + "1,0,60,succeeded,linux-x64\n", `line 2: conclusion: "succeeded" is unknown; write success, failure or cancelled`},
		{"a line that is too short", head + good + "1,0,60\n", "line 3: it has more or fewer fields than line 1 has columns"},
		{"a quote that is never closed", head + "1,0,60,\"success,linux-x64\n", `line 2: extraneous or missing " in quoted-field; it must be CSV`},
		{"a gzip that is broken off", string(broken[:len(broken)-20]), "its gzip is broken: unexpected EOF; pack it again"},
		{"a gzip that is garbled", "\x1f\x8b no gzip after all", "its gzip is broken: gzip: invalid header; pack it again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "trace.csv")
			if err := os.WriteFile(file, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, log := run(t, "demo", "--exit", "--trace", file)
			if code != cli.ExitUsage || out != "" || !strings.Contains(log, "read trace "+file+": "+tt.says) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
		})
	}
}

func TestAFolderIsNoTrace(t *testing.T) {
	dir := t.TempDir()
	if code, out, log := run(t, "demo", "--trace", dir); code != cli.ExitUsage || out != "" || !strings.Contains(log, dir) || !strings.Contains(log, "is a directory") {
		t.Errorf("exit %d: %s%s", code, out, log)
	}
}
