package world

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
)

// A day on a GitHub Enterprise Server, which tells of no allowances and loses
// webhooks as GitHub does.
func TestAFleetServesAnEnterpriseServer(t *testing.T) {
	for name, sockets := range map[string]bool{"in process": false, "over HTTP": true} {
		t.Run(name, func(t *testing.T) {
			f, types := onePool(fleet.OnDemand)
			f.Pools = append(f.Pools, fleet.Pool{
				Name: "copies", Labels: fleet.NewLabels("self-hosted", "copies"), Arch: fleet.ARM64, Registration: fleet.Token, Max: 20,
			}.WithDefaults())
			types["copies"] = types["arm64"]
			var log bytes.Buffer
			c := Config{
				Seed: 3, Fleet: f, Types: types, Enterprise: "3.17.2", Sockets: sockets,
				GitHub: githubsim.Faults{Loss: githubsim.Chance{Rate: 0.1}},
				Log:    slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})),
			}
			for i := range 40 {
				labels := []string{"self-hosted", "linux", "arm64"}
				if i%4 == 0 {
					labels = []string{"self-hosted", "copies"}
				}
				c.Script = append(c.Script, Job{Run: i + 1, After: time.Duration(i) * time.Minute, Duration: 3 * time.Minute, Labels: labels})
			}
			got := play(t, c)
			if !got.Good() || got.Jobs.Completed != 40 {
				t.Errorf("summary %+v", got)
			}
			if log.Len() > 0 {
				t.Errorf("errors:\n%s", log.String())
			}
		})
	}
}
