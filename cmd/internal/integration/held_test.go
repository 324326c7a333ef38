package integration_test

import (
	"strings"
	"testing"
)

func TestOneLedgerFileHasOneManagerUntilThatOneDies(t *testing.T) {
	t.Parallel()
	s := newSite(t, "held")
	file := s.write("ledger", armPool)
	first := s.serve(file)
	second := start(t, s.env, "serve", "--config", file)
	if code := second.code(soon); code != 1 || !strings.Contains(second.log.String(), "another manager runs on it; stop that one first") {
		t.Errorf("exit %d: %s", code, second.log.String())
	}
	s.hub.queue(0, "self-hosted", "arm64")
	s.machine("arm64") // the first one is not disturbed
	_ = first.cmd.Process.Kill()
	first.code(soon)
	third := s.serve(file)
	third.says("1 machine,")
}
