package cli_test

import (
	"strings"
	"testing"

	"github.com/runfleet/runfleet/cmd/internal/cli"
)

func TestADrillThatCannotBeIsRefusedWithTheReason(t *testing.T) {
	file := operated(t)
	for _, tt := range []struct {
		args string
		code int
		log  string
	}{
		{"--pool arm64 --notice 1m --yes", cli.ExitUsage, "notice of 1m0s: FIS takes 2m0s to 15m0s"},
		{"--pool arm64 --notice 16m --yes", cli.ExitUsage, "notice of 16m0s: FIS takes 2m0s to 15m0s"},
		{"--pool arm64 --notice 150.5s --yes", cli.ExitUsage, "whole seconds"},
		{"--pool arm64 --count 101 --yes", cli.ExitUsage, "101 victims: FIS takes 1 to 100"},
		{"--pool arm64 --count 2 --yes", cli.ExitFailed, "2 victims are asked for, pool arm64 runs 1 on spot and 0 on demand"},
		{"--pool nowhere --yes", cli.ExitUsage, `no pool "nowhere"`},
		{"--pool x64 --yes", cli.ExitFailed, "no machine of pool x64 runs"},
		{"--pool arm64", cli.ExitFailed, "not drilled: it was not agreed to"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			code, out, log := run(t, append(strings.Fields("drill spot "+tt.args), "--config", file)...)
			if code != tt.code || !strings.Contains(log, tt.log) || strings.Contains(out, "ordered") {
				t.Errorf("exit %d, said %q: %s", code, out, log)
			}
		})
	}
	if code, out, log := run(t, "drill", "list", "--config", file); code != cli.ExitOK || strings.Contains(out, "spot-") {
		t.Errorf("something was ordered: exit %d, %s%s", code, out, log)
	}
}

func TestADrillThatIsLeftToItselfSaysWhatItWaitsFor(t *testing.T) {
	code, out, log := run(t, "drill", "spot", "--pool", "arm64", "--yes", "--detach", "--config", operated(t))
	if code != cli.ExitOK || !strings.Contains(out, "i-0a") || !strings.Contains(out, "waiting: no manager runs: start serve\nrunfleet drill show spot-") {
		t.Errorf("exit %d, said %q: %s", code, out, log)
	}
}
