package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
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

// Start starts the listener for one job.
func (l *Listener) Start(config agent.Secret, line func(string)) (Process, error) {
	cmd := exec.Command(filepath.Join(l.Dir, "bin", "Runner.Listener"), "run")
	cmd.Dir = l.Dir
	u, err := user.Lookup(l.User)
	if err != nil {
		return nil, fmt.Errorf("run the runner as %s: %w", l.User, err)
	}
	cmd.Env = l.environment(u)
	if config != "" {
		cmd.Env = append(cmd.Env, "ACTIONS_RUNNER_INPUT_JITCONFIG="+string(config))
	}
	// A group of its own: it is killed as one, and no signal to the agent's
	// group reaches it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if cmd.SysProcAttr.Credential, err = become(u); err != nil {
		return nil, fmt.Errorf("run the runner as %s: %w", l.User, err)
	}
	out := &lines{take: line}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = pipesFor
	if err := cmd.Start(); err != nil {
		// Its text may hold the path, never the environment.
		return nil, fmt.Errorf("start the runner: %w", err)
	}
	return &process{cmd, out}, nil
}

// environment is all that the runner gets of the agent's.
func (l *Listener) environment(u *user.User) []string {
	return []string{
		"HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username, "SHELL=/bin/bash", "LANG=C.UTF-8",
		"PATH=" + os.Getenv("PATH"),
		"ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1",
	}
}

// become is how a process is a user's, nil if it is that already.
func become(u *user.User) (*syscall.Credential, error) {
	ids := []string{u.Uid, u.Gid}
	if u.Uid == strconv.Itoa(os.Getuid()) {
		if os.Getuid() == 0 {
			return nil, errors.New("it must not be root")
		}
		return nil, nil
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, err
	}
	var numbers []uint32
	for _, id := range append(ids, groups...) {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, uint32(n))
	}
	if numbers[0] == 0 {
		return nil, errors.New("it must not be root")
	}
	return &syscall.Credential{Uid: numbers[0], Gid: numbers[1], Groups: numbers[2:]}, nil
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

// process is a listener that was started.
type process struct {
	cmd *exec.Cmd
	out *lines
}

// Wait waits for its end, and for what it wrote.
func (p *process) Wait() int {
	_ = p.cmd.Wait() // the code says it all
	p.out.flush()
	return p.cmd.ProcessState.ExitCode()
}

// Interrupt is Ctrl-C for the listener alone: it tells its worker itself.
func (p *process) Interrupt() { _ = p.cmd.Process.Signal(syscall.SIGINT) }

// Kill ends the listener and whatever is left of its group.
func (p *process) Kill() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
