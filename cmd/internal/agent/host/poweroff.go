package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"time"
)

// switches are the ways to power off, in order of preference. They are found
// by PATH.
var switches = [][]string{{"poweroff"}, {"systemctl", "poweroff", "--force"}, {"shutdown", "-P", "now"}}

const (
	switchTries = 5
	switchPause = 10 * time.Second
	switchFor   = 30 * time.Second // for one command

	askSystemFor = 5 * time.Second
)

// PowerOff asks the system to power off, which ends the machine, or stops one
// that stands. A system that goes down already, as EC2 or somebody on it asked
// for, is left to that: to force it would cost a standing machine's disk its
// orderly end, and make a power-off of a reboot. An error means that no way
// worked, after some tries; the unit that runs the agent then does it, by its
// own action at failure.
func PowerOff(log *slog.Logger) error { return powerOff(log, switchPause) }

func powerOff(log *slog.Logger, pause time.Duration) error {
	if goesDown() {
		log.Info("the system goes down already")
		return nil
	}
	var failed error
	for try := range switchTries {
		if try > 0 {
			time.Sleep(pause)
		}
		failed = nil
		for _, command := range switches {
			err := run(command)
			if err == nil {
				log.Info("powering off", "by", command[0])
				return nil
			}
			failed = errors.Join(failed, fmt.Errorf("%s: %w", command[0], err))
		}
		log.Error("power off", "error", failed)
	}
	return failed
}

// goesDown reports whether systemd stops the system.
func goesDown() bool {
	ctx, cancel := context.WithTimeout(context.Background(), askSystemFor)
	defer cancel()
	out, _ := exec.CommandContext(ctx, "systemctl", "is-system-running").Output() // its code is not 0 then
	return strings.TrimSpace(string(out)) == "stopping"
}

func run(command []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), switchFor)
	defer cancel()
	return exec.CommandContext(ctx, command[0], command[1:]...).Run()
}
