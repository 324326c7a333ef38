package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// runner is a listener that has its config.
type runner struct {
	root      string
	ephemeral bool
	signals   chan os.Signal
}

func say(format string, args ...any) {
	fmt.Printf(time.Now().UTC().Format("2006-01-02 15:04:05Z")+": "+format+"\n", args...)
}

// play is one start of the listener: job, stubborn or update DURATION..., probe,
// idle, crash, die, refuse, deleted, vanish DURATION. A runner for one job takes
// the first one and is gone, any other takes all and waits for more.
func (r *runner) play(what string) int {
	what, value, _ := strings.Cut(what, " ")
	if what == "deleted" {
		fmt.Fprintln(os.Stderr, "Failed to create a session. The runner registration has been deleted from the server, please re-configure."+
			" Runner registrations are automatically deleted for runners that have not connected to the service recently.")
		return exitError
	}
	fmt.Print("\n√ Connected to GitHub\n\nCurrent runner version: '2.336.0'\n")
	switch what {
	case "refuse":
		fmt.Println("An error occurred: Runner version v2.336.0 is deprecated and cannot receive messages.")
		if os.Getenv("ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE") == "1" {
			return exitOld
		}
		return exitError
	case "update":
		if updated, err := r.update(); !updated {
			return err
		}
	}
	say("Listening for Jobs")
	switch what {
	case "crash":
		fmt.Fprintln(os.Stderr, "Unhandled exception. System.IO.IOException: No space left on device")
		return exitRetryable
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "probe":
		value = "1s"
		if err := probe(r.root); err != nil {
			return exitError
		}
	case "idle":
		return r.idle()
	case "vanish":
		d, _ := time.ParseDuration(value)
		time.Sleep(d)
		fmt.Fprintln(os.Stderr, "The runner no longer exists on the server. Cleaning up local configuration.")
		forget(r.root)
		return exitOK
	}
	return r.jobs(what == "stubborn", strings.Fields(value))
}

func (r *runner) idle() int {
	<-r.signals
	fmt.Println("Exiting...")
	return exitOK
}

// update replaces the runner the first time: a child finishes it after the
// listener's end.
func (r *runner) update() (updated bool, code int) {
	mark := filepath.Join(r.root, ".updated")
	if _, err := os.Stat(mark); err == nil {
		return true, exitOK
	}
	fmt.Println("Runner update in progress, do not shutdown runner.")
	child := exec.Command("sh", "-c", "sleep 0.3; : >.updated; : >update.finished")
	child.Dir = r.root
	if child.Start() != nil {
		return false, exitError
	}
	fmt.Println("Runner will exit shortly for update, should be back online within 10 seconds.")
	if r.ephemeral {
		return false, exitOnceMore
	}
	return false, exitUpdating
}

// probe tries the metadata service, as a job might, and stores what came of it.
func probe(root string) error {
	result := "open"
	conn, err := net.DialTimeout("tcp", "169.254.169.254:80", 5*time.Second)
	if err != nil {
		result = "closed: " + err.Error()
	} else {
		_ = conn.Close()
	}
	return os.WriteFile(filepath.Join(root, "probe"), []byte(result), 0o644)
}

// jobs are what the runner has of them.
func (r *runner) jobs(stubborn bool, spans []string) int {
	for _, span := range spans {
		stopped := r.job(stubborn, span)
		switch {
		case r.ephemeral:
			forget(r.root)
			return exitOK
		case stopped:
			return exitOK
		}
	}
	return r.idle()
}

// job is one, and whether a signal stopped it.
func (r *runner) job(stubborn bool, span string) (stopped bool) {
	d, err := time.ParseDuration(span)
	if err != nil {
		d = time.Hour
	}
	const name = "build (arm64, completed with result: Canceled)" // any text may stand here
	say("Running job: %s", name)
	result, over := "Succeeded", time.After(d)
	for !stopped && over != nil {
		select {
		case <-over:
			over = nil
		case <-r.signals:
			if !stubborn {
				time.Sleep(300 * time.Millisecond) // the step ends, the worker reports
				result, stopped = "Failed", true
			}
		}
	}
	say("Job %s completed with result: %s", name, result)
	return stopped
}
