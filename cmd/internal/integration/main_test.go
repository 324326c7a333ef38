package integration_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// program is the built runfleet.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv("RUNFLEET_MOTO") == "" {
		return m.Run() // every test says why it is skipped
	}
	dir, err := os.MkdirTemp("", "runfleet-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "runfleet")
	if out, err := exec.Command("go", "build", "-o", program, "../../runfleet").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// moto is the address of the moto server, such as http://127.0.0.1:5000.
func moto(t *testing.T) string {
	t.Helper()
	address := os.Getenv("RUNFLEET_MOTO")
	if address == "" {
		t.Skip("RUNFLEET_MOTO names no server; make integration starts one")
	}
	return address
}

// until asks again and again, until there is no complaint any more, and fails
// the test with the last one when the limit is over.
func until(t *testing.T, limit time.Duration, what string, complaint func() string) {
	t.Helper()
	poll(t, 100*time.Millisecond, limit, what, complaint)
}

// poll is until with a pause of its own between the questions.
func poll(t *testing.T, pause, limit time.Duration, what string, complaint func() string) {
	t.Helper()
	again := time.NewTicker(pause)
	defer again.Stop()
	over := time.After(limit)
	for {
		last := complaint()
		if last == "" {
			return
		}
		select {
		case <-again.C:
		case <-over:
			t.Fatalf("%s: not within %s: %s", what, limit, last)
		}
	}
}

// soon is enough for anything that waits for no clock of the fleet, also where
// the processors are shared.
const soon = 45 * time.Second

// slow is enough for what waits for full looks, a minute apart, and for the
// grace of a minute that a machine has to power itself off.
const slow = 5 * time.Minute
