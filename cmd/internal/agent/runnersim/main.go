// Command runnersim stands in for GitHub's runner in tests of the agent. It
// owns what actions/runner v2.336.0 shows to the process that starts it: the
// config in its environment, the lines on its console, its exit codes, what it
// does at a signal, the files in its folder. It is not the runner: it talks to
// nobody. What GitHub would decide stands in the file github in its folder,
// which is read at each start; without one, in the config, as Play.
package main

import (
	"encoding/json"
	"fmt"
	"os"
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
	exitUpdating  = 3 // of a runner that stays
	exitOnceMore  = 4 // of one for one job
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
	r := &runner{root: root, ephemeral: s.Ephemeral, signals: make(chan os.Signal, 1)}
	signal.Notify(r.signals, syscall.SIGINT, syscall.SIGTERM)
	os.Exit(r.play(decided(root, s.Play)))
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

// decided is what GitHub decides now.
func decided(root, otherwise string) string {
	text, err := os.ReadFile(filepath.Join(root, "github"))
	if err != nil {
		return otherwise
	}
	return strings.TrimSpace(string(text))
}
