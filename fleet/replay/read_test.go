package replay_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/replay"
)

func read(text string) (replay.Trace, error) { return replay.Read("a.csv", strings.NewReader(text)) }

func TestReadTakesEveryFormOfATrace(t *testing.T) {
	small := replay.Class{Name: "linux-x64-small", Labels: replay.LabelsOf("linux-x64-small")}
	own := replay.Class{Labels: fleet.NewLabels("self-hosted", "linux", "gpu")}
	at := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, tt := range []struct {
		name, text string
		want       replay.Trace
	}{
		{"runner classes and seconds", "job,run,ready_s,duration_s,conclusion,runner_class\n0,7,1757006747,144,failure,linux-x64-small\n",
			replay.Trace{Begin: at("2025-09-04T17:25:47Z"), Jobs: []replay.Job{{Duration: 144 * s}}, Classes: []replay.Class{small}, Workflows: []string{""}}},
		{"instants, spans, labels and workflows", "Ready, Duration, Labels, Workflow\n2025-09-04T19:25:47+02:00, 2m30s, self-hosted linux gpu, CI\n2025-09-04T17:26:00Z, 1.5, \"gpu, Linux,self-hosted\", CI\n",
			replay.Trace{Begin: at("2025-09-04T17:25:47Z"), Jobs: []replay.Job{{Duration: 150 * s, Workflow: 1}, {Ready: 13 * s, Duration: 1500 * time.Millisecond, Run: 1, Workflow: 1}},
				Classes: []replay.Class{own}, Workflows: []string{"", "CI"}}},
		{"lines out of order, those of one instant in theirs", "ready,duration,labels,run\n90,1,a,x\n60,2,a,y\n60,3,a,x\n",
			replay.Trace{Begin: at("1970-01-01T00:01:00Z"), Jobs: []replay.Job{{Duration: 2 * s, Run: 1}, {Duration: 3 * s}, {Ready: 30 * s, Duration: s}},
				Classes: []replay.Class{{Labels: "a"}}, Workflows: []string{""}}},
		{"a job that was cancelled before it ran, with the instant and without", "ready_s,duration_s,started_s,labels\n60,0,75,a\n61,0,,a\n62,1,63,a\n",
			replay.Trace{Begin: at("1970-01-01T00:01:00Z"), Jobs: []replay.Job{{Cancel: 15 * s}, {Ready: s, Run: 1}, {Ready: 2 * s, Duration: s, Run: 2}},
				Classes: []replay.Class{{Labels: "a"}}, Workflows: []string{""}}},
		{"a byte order mark and lines that end as elsewhere", "\xef\xbb\xbfready,duration,labels\r\n0,5,a\r\n",
			replay.Trace{Begin: at("1970-01-01T00:00:00Z"), Jobs: []replay.Job{{Duration: 5 * s}}, Classes: []replay.Class{{Labels: "a"}}, Workflows: []string{""}}},
		{"columns apart by semicolons, as some spreadsheets write them", "ready;duration;labels\n2025-09-04 17:25:47Z;5;linux,gpu\n",
			replay.Trace{Begin: at("2025-09-04T17:25:47Z"), Jobs: []replay.Job{{Duration: 5 * s}}, Classes: []replay.Class{{Labels: "gpu,linux"}}, Workflows: []string{""}}},
		{"or by tabs", "ready\tduration\tlabels\n0\t5\ta\n",
			replay.Trace{Begin: at("1970-01-01T00:00:00Z"), Jobs: []replay.Job{{Duration: 5 * s}}, Classes: []replay.Class{{Labels: "a"}}, Workflows: []string{""}}},
		{"of two columns for the same the better one, wherever it stands", "started_s,duration_s,ready_s,labels,cancelled\n70,0,60,a,80\n",
			replay.Trace{Begin: at("1970-01-01T00:01:00Z"), Jobs: []replay.Job{{Cancel: 20 * s}}, Classes: []replay.Class{{Labels: "a"}}, Workflows: []string{""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			if _, err := z.Write([]byte(tt.text)); err != nil || z.Close() != nil {
				t.Fatal(err)
			}
			for form, text := range map[string]string{"plain": tt.text, "packed": packed.String()} {
				got, err := read(text)
				if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(replay.Job{})); err != nil || diff != "" {
					t.Errorf("%s: %v (-want +got):\n%s", form, err, diff)
				}
			}
		})
	}
}

// cut is a text as gzip without its end.
func cut(t *testing.T, text string) string {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(text)); err != nil || z.Flush() != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func TestReadSaysWhatIsWrongAndWhere(t *testing.T) {
	const head = "ready,duration,labels,cancelled\n"
	for _, tt := range []struct{ name, text, want string }{
		{"an empty file", "", "a.csv: the trace is empty"},
		{"no job", head, "a.csv: the trace holds no job"},
		{"a column that is not there", "duration,labels\n", "a.csv:1: no column ready or ready_s among duration, labels; the first line names the columns"},
		{"labels that are not there", "ready,duration\n", "a.csv:1: no column labels or runner_class among ready, duration; the first line names the columns"},
		{"a ready time that is none", head + "0,5,a,\nsoon,5,a,\n",
			`a.csv:3: ready: "soon" is neither seconds since 1970 nor an instant such as 2025-10-14T08:30:00Z`},
		{"a ready time before 1970", head + "1969-12-31T00:00:00Z,5,a,\n",
			`a.csv:2: ready: "1969-12-31T00:00:00Z" lies before 1970 or after 2099`},
		{"one after 2099", head + "4102444800,5,a,\n", `a.csv:2: ready: "4102444800" lies before 1970 or after 2099`},
		{"milliseconds", head + "1759737600000,5,a,\n", `a.csv:2: ready: "1759737600000" seems to be milliseconds; seconds since 1970 are meant`},
		{"an instant without a time zone", head + "2025-10-06T08:00:00,5,a,\n",
			`a.csv:2: ready: "2025-10-06T08:00:00" names no time zone; 2025-10-06T08:00:00Z is in UTC`},
		{"every wrong row is told, and what was right before and after is no matter", head + "soon,5,a,\n0,5,a,\n0,-5,a,\n0,5,a\n",
			"a.csv:2: ready: \"soon\" is neither seconds since 1970 nor an instant such as 2025-10-14T08:30:00Z\n" +
				"a.csv:4: duration: \"-5\" is neither seconds nor a length of time such as 5m30s\na.csv:5: wrong number of fields"},
		{"of very many the first ones", head + strings.Repeat("0,5,,\n", 12), strings.Join([]string{
			"a.csv:2: labels: none is named", "a.csv:3: labels: none is named", "a.csv:4: labels: none is named", "a.csv:5: labels: none is named",
			"a.csv:6: labels: none is named", "a.csv:7: labels: none is named", "a.csv:8: labels: none is named", "a.csv:9: labels: none is named",
			"a.csv:10: labels: none is named", "a.csv:11: labels: none is named", "and 2 rows more",
		}, "\n")},
		{"a column that is there twice", "ready,duration,labels,Ready\n", "a.csv:1: two columns are named ready"},
		{"another encoding", "\xff\xfer\x00e\x00", "a.csv: the text is UTF-16; UTF-8 is meant"},
		{"a duration below zero", head + "0,-5,a,\n", `a.csv:2: duration: "-5" is neither seconds nor a length of time such as 5m30s`},
		{"a duration beyond all bounds", head + "0,99999999999999999999,a,\n",
			`a.csv:2: duration: "99999999999999999999" is neither seconds nor a length of time such as 5m30s`},
		{"no labels", head + "0,5, ,\n", "a.csv:2: labels: none is named"},
		{"an instant of cancelling that is none", head + "0,0,a,late\n",
			`a.csv:2: cancelled: "late" is neither seconds since 1970 nor an instant such as 2025-10-14T08:30:00Z`},
		{"a row of another length", head + "0,5,a,\n0,5,a\n", "a.csv:3: wrong number of fields"},
		{"quotes that do not close", head + "0,5,\"a,\n", "a.csv:2: extraneous or missing \" in quoted-field"},
		{"a file that only begins as gzip", "\x1f\x8bxyz", "a.csv: unexpected EOF"},
		{"a file that was cut off", cut(t, head+"0,5,a,\n0,5,,\n"), "a.csv: after line 3: unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.text)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestOnlyKeepsTheClassesThatAreNamed(t *testing.T) {
	trace, err := read("ready,duration,runner_class\n10,1,macos-arm64\n20,2,linux-x64\n30,3,linux-x64-small\n40,4,linux-arm64\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		words []string
		want  []time.Duration // of the jobs
		begin int64
	}{
		{"none is all", nil, []time.Duration{s, 2 * s, 3 * s, 4 * s}, 10},
		{"by its name", []string{"linux-x64-small"}, []time.Duration{3 * s}, 30},
		{"by two names", []string{"linux-x64", "macos-arm64"}, []time.Duration{s, 2 * s}, 10},
		{"by a label", []string{"linux"}, []time.Duration{2 * s, 3 * s, 4 * s}, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := trace.Only(tt.words)
			if err != nil {
				t.Fatal(err)
			}
			var lasts []time.Duration
			for _, j := range got.Jobs {
				lasts = append(lasts, j.Duration)
			}
			if diff := cmp.Diff(tt.want, lasts); diff != "" || got.Begin.Unix() != tt.begin || got.Jobs[0].Ready != 0 {
				t.Errorf("begins at %s (-want +got):\n%s", got.Begin, diff)
			}
		})
	}
	const want = `no job of the trace is of class "linux-x65"; there are linux-arm64, linux-x64, linux-x64-small, macos-arm64`
	if _, err := trace.Only([]string{"linux-x65"}); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestParseBoot(t *testing.T) {
	for text, want := range map[string]replay.Boot{
		"30s": {P50: 30 * s, P95: 30 * s}, "25s..45s": {P50: 25 * s, P95: 45 * s}, "0s": {}, "1m..90s": {P50: 60 * s, P95: 90 * s},
	} {
		got, err := replay.ParseBoot(text)
		again, err2 := replay.ParseBoot(got.String())
		if err != nil || err2 != nil || got != want || again != want {
			t.Errorf("%s: %v, %v, %v, %v", text, got, err, again, err2)
		}
	}
	for _, text := range []string{"", "30", "45s..25s", "-1s", "1s..", "..1s", "2h", "0s..5s"} {
		if got, err := replay.ParseBoot(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("ready,duration,labels,run,workflow,cancelled\n0,5,a b,1,CI,\n2025-10-14T08:30:00Z,0,\"c\",2,,1.5\n"))
	f.Add([]byte("job,run,ready_s,duration_s,runner_class\n0,7,1757006747,144,linux-x64\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		trace, err := replay.Read("f", bytes.NewReader(text))
		if err != nil {
			return
		}
		if len(trace.Jobs) == 0 || trace.Jobs[0].Ready != 0 {
			t.Fatal("a trace does not begin with its first job")
		}
		for i, j := range trace.Jobs {
			if i > 0 && j.Ready < trace.Jobs[i-1].Ready || j.Duration < 0 || j.Cancel < 0 || int(j.Class) >= len(trace.Classes) || int(j.Workflow) >= len(trace.Workflows) {
				t.Fatalf("job %d: %+v", i, j)
			}
		}
	})
}
