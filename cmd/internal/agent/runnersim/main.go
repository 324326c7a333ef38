// Command runnersim stands in for GitHub's runner in tests of the agent. It
// owns what actions/runner v2.336.0 shows to the process that starts it: the
// config in its environment, the lines on its console, its exit codes, what it
// does at a signal, the files in its folder. It is not the runner: it talks to
// nobody, and what GitHub would decide stands in the config, as Play.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// What the runner takes from its environment, and hides from its jobs.
const (
	configVariable = "ACTIONS_RUNNER_INPUT_JITCONFIG"
	tokenVariable  = "ACTIONS_RUNNER_INPUT_TOKEN"
)

// The listener's exit codes.
const (
	exitOK        = 0
	exitError     = 1
	exitRetryable = 2
	exitUpdating  = 4
	exitOld       = 7
)

// Seen is what the runner found when it started, for the test to read in
// seen.json beside the folder's config. A second start adds a second line.
type Seen struct {
	At        time.Time
	Args      []string
	UID, GID  int
	Variables []string // names in the environment
	Config    bool     // there was one in it
	Token     bool     // there was one in it
}

// settings is what the config says, in .runner.
type settings struct {
	AgentName string
	Play      string
}

func main() {
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitError)
	}
	root := filepath.Dir(filepath.Dir(exe)) // above bin
	config, token := os.Getenv(configVariable), os.Getenv(tokenVariable)
	if err := look(root, config != "", token != ""); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitError)
	}
	if len(os.Args) > 1 && os.Args[1] == "configure" {
		os.Exit(register(root, token))
	}
	s, err := configure(root, config)
	if err != nil || len(os.Args) < 2 || os.Args[1] != "run" {
		fmt.Fprintln(os.Stderr, "Runner is not configured.", err)
		os.Exit(exitError)
	}
	r := &runner{root: root, signals: make(chan os.Signal, 1)}
	signal.Notify(r.signals, syscall.SIGINT, syscall.SIGTERM)
	os.Exit(r.play(s.Play))
}

func look(root string, config, token bool) error {
	seen := Seen{At: time.Now(), Args: os.Args[1:], UID: os.Getuid(), GID: os.Getgid(), Config: config, Token: token}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		seen.Variables = append(seen.Variables, name)
	}
	f, err := os.OpenFile(filepath.Join(root, "seen.json"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	return json.NewEncoder(f).Encode(seen)
}

// register is config.sh with a token: GitHub would take the runner and give
// its credentials. The runner gets a job of a second then.
func register(root, token string) int {
	if token == "" {
		fmt.Fprintln(os.Stderr, "Invalid configuration provided for token. Terminating unattended configuration.")
		return exitError
	}
	for name, content := range map[string]string{".runner": `{"Play":"job 1s"}`, ".credentials": "{}"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return exitError
		}
	}
	fmt.Print("\n√ Runner successfully added\n√ Runner connection is good\n√ Settings Saved.\n\n")
	return exitOK
}

// configure stores the config's files, and reads what is stored.
func configure(root, config string) (s settings, err error) {
	if config != "" {
		data, err := base64.StdEncoding.DecodeString(config)
		if err != nil {
			return s, err
		}
		var files map[string][]byte // base64 in JSON
		if err := json.Unmarshal(data, &files); err != nil {
			return s, err
		}
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(root, name), content, 0o600); err != nil {
				return s, err
			}
		}
	}
	data, err := os.ReadFile(filepath.Join(root, ".runner"))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}

type runner struct {
	root    string
	signals chan os.Signal
}

func say(format string, args ...any) {
	fmt.Printf(time.Now().UTC().Format("2006-01-02 15:04:05Z")+": "+format+"\n", args...)
}

// play is one start of the listener: job, stubborn or update DURATION, probe,
// idle, crash, die, refuse.
func (r *runner) play(what string) int {
	what, value, _ := strings.Cut(what, " ")
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
		<-r.signals
		fmt.Println("Exiting...")
		return exitOK
	}
	return r.job(what == "stubborn", value)
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

func (r *runner) job(stubborn bool, value string) int {
	d, err := time.ParseDuration(value)
	if err != nil {
		d = time.Hour
	}
	const name = "build (arm64, completed with result: Canceled)" // any text may stand here
	say("Running job: %s", name)
	result, over := "Succeeded", time.After(d)
	for result == "Succeeded" && over != nil {
		select {
		case <-over:
			over = nil
		case <-r.signals:
			if !stubborn {
				time.Sleep(300 * time.Millisecond) // the step ends, the worker reports
				result = "Failed"
			}
		}
	}
	say("Job %s completed with result: %s", name, result)
	for _, f := range []string{".credentials", ".runner"} {
		_ = os.Remove(filepath.Join(r.root, f))
		fmt.Println("√ Removed", f)
	}
	return exitOK
}
