package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"time"
)

// switches are the ways to power off, in order of preference. They are found
// by PATH.
var switches = [][]string{{"poweroff"}, {"systemctl", "poweroff", "--force"}, {"shutdown", "-P", "now"}}

const (
	switchTries = 5
	switchPause = 10 * time.Second
	switchFor   = 30 * time.Second // for one command
)

// PowerOff asks the system to power off, which ends the machine. An error means
// that no way worked, after some tries; the unit that runs the agent then does
// it, by its own action at failure.
func PowerOff(log *slog.Logger) error { return powerOff(log, switchPause) }

func powerOff(log *slog.Logger, pause time.Duration) error {
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

func run(command []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), switchFor)
	defer cancel()
	return exec.CommandContext(ctx, command[0], command[1:]...).Run()
}
