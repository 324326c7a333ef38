package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/cmd/internal/world"
)

func TestADemoThatBreaksTellsWhatHappenedAllTheSame(t *testing.T) {
	broken := errors.New("10:00:00: pool arm64 has 7 machines, its cap is 6")
	for _, tt := range []struct {
		name string
		json bool
		want string
	}{
		{"to a person", false, "\n1 job was queued"},
		{"to a program, which learns why", true, `"broken":"10:00:00: pool arm64 has 7 machines, its cap is 6"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			err := demo{json: tt.json}.close(&out, world.Summary{Jobs: world.Jobs{Queued: 1, Completed: 1}}, broken)
			if !errors.Is(err, broken) || !strings.Contains(out.String(), tt.want) {
				t.Errorf("error %v, output %q", err, out.String())
			}
		})
	}
}

func TestADemoWithAJobOverItsLimitComesToItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.csv")
	trace := "run,ready_s,duration_s,conclusion,runner_class\n1,5,6000000,success,linux-x64\n"
	if err := os.WriteFile(path, []byte(trace), 0o600); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		var out, log strings.Builder
		d := demo{seed: seed, speed: 1_000_000, trace: path, json: true, quiet: true}
		if err := d.run(t.Context(), &out, &log); err != nil || !strings.Contains(out.String(), `"over_limit":1`) {
			t.Errorf("seed %d: error %v, output %q", seed, err, out.String())
		}
	}
}
