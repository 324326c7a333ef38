package host

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/agent"
)

// Listener is GitHub's runner in its folder, run by an unprivileged user.
type Listener struct {
	Dir  string
	User string // who runs it: not root, and no other than the agent's own user if that is not root
}

const (
	updateFile = "update.finished" // the runner's updater leaves it when it is done
	updateFor  = 30 * time.Second
	pipesFor   = 2 * time.Second // what a dead runner's children may keep its output open
)

// Start starts the listener. With an enrolment in place of a just-in-time
// config, the runner is configured first, which is part of its life: Wait then
// gives the code of whichever ended it.
func (l *Listener) Start(config agent.Secret, line func(string)) (Process, error) {
	w, err := become(l.User)
	if err != nil {
		return nil, err
	}
	p := &process{dir: l.Dir, who: w, out: &lines{take: line}}
	p.commands = []command{{args: []string{"run"}}}
	switch e, ok := enrolment(config); {
	case ok:
		p.commands = append([]command{configure(e)}, p.commands...)
	case config != "":
		p.commands[0].variable = "ACTIONS_RUNNER_INPUT_JITCONFIG=" + string(config)
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	return p, nil
}

// Configured reports whether an earlier start has registered the runner and
// stored what it needs to run again. Without its credentials the runner could
// not, and an empty file is what a crash leaves. Only their being there is
// looked at: the folder is the runner's own, and its jobs'.
func (l *Listener) Configured() bool {
	for _, name := range []string{".runner", ".credentials"} {
		i, err := os.Lstat(filepath.Join(l.Dir, name))
		if err != nil || !i.Mode().IsRegular() || i.Size() == 0 {
			return false
		}
	}
	return true
}

// AwaitUpdate waits for the file that says so, and removes it, as run.sh does.
func (l *Listener) AwaitUpdate(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, updateFor)
	defer cancel()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		if os.Remove(filepath.Join(l.Dir, updateFile)) == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// command is one start of the listener.
type command struct {
	args     []string
	variable string // NAME=secret, for its environment; empty: none
}

// process is a listener that was started, with what it is started for next.
type process struct {
	dir string
	who *who
	out *lines

	mu       sync.Mutex
	cmd      *exec.Cmd
	commands []command
	over     bool // it was interrupted or killed: nothing is started any more
}

// next starts the next command, if there is one.
func (p *process) next() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.commands[0]
	p.commands = p.commands[1:]
	cmd := exec.Command(filepath.Join(p.dir, "bin", "Runner.Listener"), c.args...)
	cmd.Dir, cmd.Env = p.dir, p.who.environment()
	if c.variable != "" {
		cmd.Env = append(cmd.Env, c.variable)
	}
	// A group of its own: it is killed as one, and no signal to the agent's
	// group reaches it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.who.credential}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = p.out, p.out, pipesFor
	if err := cmd.Start(); err != nil {
		return err // it names the path, never the environment
	}
	p.cmd = cmd
	return nil
}

// Wait waits for the end of all that was started, and for what it wrote.
func (p *process) Wait() int {
	for {
		_ = p.cmd.Wait() // the code says it all
		p.out.flush()
		code := p.cmd.ProcessState.ExitCode()
		p.mu.Lock()
		done := p.over || len(p.commands) == 0 || code != 0
		p.mu.Unlock()
		if done {
			return code
		}
		if p.next() != nil {
			return -1 // it could be started a moment ago
		}
	}
}

// Interrupt is Ctrl-C for the listener alone: it tells its worker itself.
func (p *process) Interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	_ = p.cmd.Process.Signal(syscall.SIGINT)
}

// Kill ends the listener and whatever is left of its group.
func (p *process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}
