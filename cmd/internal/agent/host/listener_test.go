package host

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
)

// somebody is a user that a test may run a runner as.
func somebody(t *testing.T) *user.User {
	t.Helper()
	u, err := user.Current()
	if err == nil && u.Uid == "0" {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// folder is a runner's folder, its listener a shell script.
func folder(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil { // for the user who runs it
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "bin", "Runner.Listener")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ran is a listener's whole life. signal is sent when it has said something.
func ran(t *testing.T, script string, signal func(Process)) (code int, said []string, took time.Duration) {
	t.Helper()
	l := &Listener{Dir: folder(t, script), User: somebody(t).Username}
	spoke := make(chan struct{}, 100)
	began := time.Now()
	p, err := l.Start("the config", func(text string) { said = append(said, text); spoke <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	time.AfterFunc(20*time.Second, func() {
		select {
		case <-ended:
		default:
			p.Kill()
		}
	})
	if signal != nil {
		<-spoke
		signal(p)
	}
	code = p.Wait()
	close(ended)
	return code, said, time.Since(began)
}

func TestARunnersLinesAndItsCodeAreRead(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		signal       func(Process)
		code         int
		said         []string
	}{
		{"both outputs, in their order", "echo one; echo two >&2; echo three; exit 7", nil, 7, []string{"one", "two", "three"}},
		{"the last line without its end", "printf 'one\\r\\n\\ntwo'", nil, 0, []string{"one", "two"}},
		{"Ctrl-C is the listener's to heed", "trap 'echo bye; exit 0' INT; echo up; while :; do sleep 0.05; done", Process.Interrupt, 0, []string{"up", "bye"}},
		{"a listener that does not heed it is killed, and its children with it", "trap '' INT; sleep 30 & echo up; wait; sleep 30", Process.Kill, -1, []string{"up"}},
		{"a child that outlives it holds nothing up", "sleep 15 & echo up", nil, 0, []string{"up"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, said, took := ran(t, tt.script, tt.signal)
			if diff := cmp.Diff(tt.said, said); code != tt.code || diff != "" || took > 10*time.Second {
				t.Errorf("code %d, want %d, after %v, lines (-want +got):\n%s", code, tt.code, took, diff)
			}
		})
	}
}

func TestWhatARunnerIsGiven(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "the agent's own")
	u := somebody(t)
	script := `echo "$*"; id -u; id -g; pwd; env | sort; tr '\0' ' ' </proc/$$/cmdline`
	code, said, _ := ran(t, script, nil)
	if code != 0 || len(said) < 5 {
		t.Fatalf("code %d: %q", code, said)
	}
	if got, want := said[:3], []string{"run", u.Uid, u.Gid}; !cmp.Equal(got, want) {
		t.Errorf("arguments and ids: %q, want %q", got, want)
	}
	var names []string
	for _, v := range said[4 : len(said)-1] {
		name, value, _ := strings.Cut(v, "=")
		names = append(names, name)
		if name == "ACTIONS_RUNNER_INPUT_JITCONFIG" && value != "the config" {
			t.Errorf("config: %q", value)
		}
	}
	// A shell adds PWD and its like by itself.
	names = slices.DeleteFunc(names, func(n string) bool { return n == "PWD" || n == "OLDPWD" || n == "SHLVL" || n == "_" })
	want := []string{
		"ACTIONS_RUNNER_INPUT_JITCONFIG", "ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE", "HOME", "LANG", "LOGNAME", "PATH", "SHELL", "USER",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if args := said[len(said)-1]; strings.Contains(args, "the config") {
		t.Errorf("arguments: %q", args)
	}
}

func TestASecondStartBringsNoConfig(t *testing.T) {
	l := &Listener{Dir: folder(t, "env"), User: somebody(t).Username}
	var said []string
	p, err := l.Start("", func(text string) { said = append(said, text) })
	if err != nil {
		t.Fatal(err)
	}
	if code := p.Wait(); code != 0 || len(said) == 0 || strings.Contains(strings.Join(said, "\n"), "JITCONFIG") {
		t.Errorf("code %d: %q", code, said)
	}
}

func TestARunnerThatMayNotStart(t *testing.T) {
	for _, tt := range []struct {
		name, user, dir, want string
	}{
		{"root", "root", folder(t, ""), "it must not be"},
		{"nobody of that name", "no-such-user", folder(t, ""), "unknown user"},
		{"no runner in the folder", somebody(t).Username, t.TempDir(), "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := (&Listener{Dir: tt.dir, User: tt.user}).Start("the config", func(string) {})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "the config") {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestARunnerThatRegistersByTokenIsConfiguredFirst(t *testing.T) {
	e := fleet.Enrolment{
		Protocol: fleet.EnrolmentProtocol, URL: "https://github.com/acme", Token: "hush", Name: "rf-acme-i-1-1", Group: "fast ones",
		Labels: []string{"self-hosted", "arm64"}, Ephemeral: true,
	}
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	config := agent.Secret(base64.StdEncoding.EncodeToString(body))
	const configured = "configure --unattended --replace --no-default-labels --url https://github.com/acme" +
		" --name rf-acme-i-1-1 --labels self-hosted,arm64 --work _work --runnergroup fast ones --ephemeral --disableupdate token=hush"
	for _, tt := range []struct {
		name, script string
		interrupt    bool
		code         int
		want         []string
	}{
		{"and run then, without the token", `echo "$* token=$ACTIONS_RUNNER_INPUT_TOKEN"`, false, 0, []string{configured, "run token="}},
		{"and not run if that fails", `echo "$* token=$ACTIONS_RUNNER_INPUT_TOKEN"; exit 3`, false, 3, []string{configured}},
		{"nor if it is interrupted", `trap 'exit 0' INT; echo "$* token=$ACTIONS_RUNNER_INPUT_TOKEN"; while :; do sleep 0.05; done`, true, 0, []string{configured}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &Listener{Dir: folder(t, tt.script), User: somebody(t).Username}
			var said []string
			spoke := make(chan bool, 9)
			p, err := l.Start(config, func(text string) { said = append(said, text); spoke <- true })
			if err != nil {
				t.Fatal(err)
			}
			if tt.interrupt {
				<-spoke
				p.Interrupt()
			}
			if code := p.Wait(); code != tt.code {
				t.Errorf("code %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff(tt.want, said); diff != "" {
				t.Errorf("starts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARunnerThatStaysIsForManyJobsAndUpdatesItself(t *testing.T) {
	e := fleet.Enrolment{Protocol: fleet.EnrolmentProtocol, URL: "https://github.com/acme", Token: "hush", Name: "rf-acme-i-1-1", Labels: []string{"build"}}
	want := command{
		[]string{"configure", "--unattended", "--replace", "--no-default-labels", "--url", "https://github.com/acme", "--name", "rf-acme-i-1-1", "--labels", "build", "--work", "_work"},
		"ACTIONS_RUNNER_INPUT_TOKEN=hush",
	}
	if diff := cmp.Diff(want, configure(e), cmp.AllowUnexported(command{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARunnerIsConfiguredWhenItsFilesAreThere(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  bool
	}{
		{"none", nil, false},
		{"both", map[string]string{".runner": "{}", ".credentials": "{}"}, true},
		{"no credentials", map[string]string{".runner": "{}"}, false},
		{"no settings, which are written last", map[string]string{".credentials": "{}"}, false},
		{"settings that a crash left empty", map[string]string{".runner": "", ".credentials": "{}"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := (&Listener{Dir: dir}).Configured(); got != tt.want {
				t.Errorf("configured: %v", got)
			}
		})
	}
}

func TestAnUpdateIsOverWhenItsFileIsThere(t *testing.T) {
	l := &Listener{Dir: t.TempDir()}
	file := filepath.Join(l.Dir, "update.finished")
	time.AfterFunc(300*time.Millisecond, func() { _ = os.WriteFile(file, nil, 0o644) })
	began := time.Now()
	l.AwaitUpdate(t.Context())
	if _, err := os.Stat(file); err == nil || time.Since(began) < 300*time.Millisecond || time.Since(began) > 10*time.Second {
		t.Errorf("file: %v, after %v", err, time.Since(began))
	}
}

func TestLinesAreCutWhereTheyEnd(t *testing.T) {
	long := strings.Repeat("x", 3*longest)
	text := "one\ntwo\r\n\n" + long + "\nlast"
	for size := 1; size <= len(text); size += 1 + size/3 {
		var got []string
		l := &lines{take: func(s string) { got = append(got, s) }}
		for part := range slices.Chunk([]byte(text), size) {
			if n, err := l.Write(part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		l.flush()
		if want := []string{"one", "two", long[:longest], "last"}; !cmp.Equal(got, want) {
			t.Errorf("in parts of %d: %s", size, fmt.Sprintf("%.80q", got))
		}
	}
}

var _ Runner = &Listener{}
var _ Notices = &Metadata{}
