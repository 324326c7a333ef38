package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is a runfleet that runs.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	log   transcript
	ended chan struct{}
	url   string // of a manager: its HTTP server
}

// transcript is what a process said so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start starts a process that ends with the test at the latest.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // its code is asked of the state
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may be over
		<-p.ended
		if t.Failed() {
			t.Logf("runfleet %s, %s, said:\n%s", args[0], p.cmd.ProcessState, p.log.String())
		}
	})
	return p
}

// says waits for a line that holds a text, and gives what follows the text.
func (p *process) says(text string) (rest string) {
	p.t.Helper()
	until(p.t, soon, "a line with "+text, func() string {
		for line := range strings.Lines(p.log.String()) {
			if _, after, ok := strings.Cut(line, text); ok && strings.HasSuffix(line, "\n") {
				rest = strings.TrimSpace(after)
				return ""
			}
		}
		return "it does not say so"
	})
	return rest
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// code waits for the end, and gives the exit code.
func (p *process) code(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.t.Fatalf("%s runs on after %s", p.cmd.Args[1], limit)
	}
	return p.cmd.ProcessState.ExitCode()
}

// resident is how much memory the process has now, and had at most, in MB.
func (p *process) resident() (now, most float64) {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	for name, to := range map[string]*float64{"VmRSS:": &now, "VmHWM:": &most} {
		_, after, ok := strings.Cut(string(text), name)
		var kb float64
		if _, err := fmt.Sscan(after, &kb); !ok || err != nil {
			p.t.Fatalf("%s: %v", name, err)
		}
		*to = kb / 1024
	}
	return now, most
}
