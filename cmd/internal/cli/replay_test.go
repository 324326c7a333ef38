package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/cmd/internal/cli"
)

const (
	sixWeeks = root + "/fleet/replay/testdata/bitcoin-2025.csv.gz"
	onDemand = root + "/docs/replay/on-demand.yaml"
	spot     = root + "/docs/replay/spot.yaml"
)

type replayCase struct {
	name, args string
	code       int
	says       []string
}

// replayCases are about a small trace, a wrong one, and a wrong fleet file.
func replayCases(day, wrong, fleets string) []replayCase {
	return []replayCase{
		{"a report says waits, machines and cost", day + " --boot 30s --config " + onDemand, cli.ExitOK,
			[]string{"day.csv: 3 jobs in 1m5s from 1970-01-01 on, 0.1 hours of work", "2 ran", "1 with labels that no pool holds", "jobs                  30s   30s", "pool arm64              -", "pool x64            2", "volumes", "a job, by list prices"}},
		{"two fleet files stand side by side", day + " --compare " + onDemand + " " + spot, cli.ExitOK,
			[]string{"on-demand.yaml   spot.yaml", "machines launched", "USD all", "-5"}},
		{"the trace may come last", "--compare " + onDemand + " " + spot + " " + day, cli.ExitOK, []string{"on-demand.yaml   spot.yaml"}},
		{"or commas stand between", "--compare " + onDemand + "," + spot + " " + day, cli.ExitOK, []string{"on-demand.yaml   spot.yaml"}},
		{"a filter keeps what it names", "--filter macos x64 --boot 30s --config " + onDemand + " " + day, cli.ExitOK, []string{"3 jobs"}},
		{"and nothing else", day + " --filter macos --config " + onDemand, cli.ExitOK, []string{"day.csv: 1 job in 1m from", "0 ran"}},
		{"a word that means no class", day + " --filter arm64 --config " + onDemand, cli.ExitUsage, []string{`no job of the trace is of class "arm64"; there are linux+self-hosted+x64, macos`}},
		{"a closed form as a person reads it", day + " --policy base-stock --stock 1", cli.ExitOK, []string{"policy base-stock, in closed form: boot 30s, stock 1", "jobs   "}},
		{"the optimum of reuse", day + " --policy reuse-optimum", cli.ExitOK, []string{"setup 25s", "above the work"}},
		{"a file that is not there", "none.csv", cli.ExitUsage, []string{"read trace: open", "none.csv"}},
		{"a wrong line of the trace", wrong, cli.ExitUsage, []string{"the trace is refused; mend these rows, or take them out:\n", `wrong.csv:3: ready: "soon" is neither`, "wrong.csv:4: labels: none is named"}},
		{"a boot that no pool waits for", day + " --boot 11m --config " + onDemand, cli.ExitUsage, []string{"--boot 11m: pool arm64 gives a machine up that is not there after 10m (boot_limit)"}},
		{"a folder", root, cli.ExitUsage, []string{"is a directory"}},
		{"a wrong fleet file", day + " --config " + fleets, cli.ExitUsage, []string{"wrong.yaml:14:", "must be at least 1"}},
		{"no trace", "", cli.ExitUsage, []string{"name one trace"}},
		{"two traces", day + " " + wrong, cli.ExitUsage, []string{"name one trace"}},
		{"one file to compare", day + " --compare " + onDemand, cli.ExitUsage, []string{"two fleet files or more"}},
		{"a fleet file beside those to compare", day + " --config " + onDemand + " --compare " + onDemand + " " + spot, cli.ExitUsage, []string{"--config says nothing beside --compare"}},
		{"what is many times as much is told so", day + " --boot 30s --begin 2025-10-14T12:00:00Z --compare " + onDemand + " " + root + "/docs/replay/standing.yaml", cli.ExitOK, []string{"machines launched                         2              44     ×22", "USD all"}},
		{"hours that meet a trace without a day", day + " --boot 30s --config " + root + "/docs/replay/standing.yaml", cli.ExitOK, []string{"standing.yaml: its hours meet a trace that begins on Thu 1970-01-01; --begin says its real day"}},
		{"an unknown policy", day + " --policy best", cli.ExitUsage, []string{`not "best"`}},
		{"a stock without its policy", day + " --stock 3", cli.ExitUsage, []string{"--stock says nothing to --policy fleet"}},
		{"a fleet file with a closed form", day + " --policy ephemeral --config x.yaml", cli.ExitUsage, []string{"knows no fleet file"}},
		{"a drawn boot with a closed form", day + " --policy ephemeral --boot 25s..45s", cli.ExitUsage, []string{"one boot for all machines"}},
		{"a stock below zero", day + " --policy base-stock --stock -1", cli.ExitUsage, []string{"at least 0"}},
		{"a boot that is none", day + " --boot soon", cli.ExitUsage, []string{`--boot: "soon" is neither`}},
		{"a beginning that is none", day + " --begin today", cli.ExitUsage, []string{`--begin: "today" is neither`}},
		{"a beginning for a trace that has one", sixWeeks + " --begin 2025-10-14", cli.ExitUsage, []string{"begins at 2025-09-04T17:25:47Z already"}},
		{"seconds may begin at another day", day + " --begin 2025-10-14 --config " + onDemand, cli.ExitOK, []string{"from 2025-10-14 on"}},
	}
}

func TestReplay(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	day := write("day.csv", "ready_s,duration_s,labels\n0,60,self-hosted linux x64\n5,60,self-hosted linux x64\n5,60,macos\n")
	wrong := write("wrong.csv", "ready,duration,labels\n0,60,a\nsoon,60,a\n0,60,\n")
	fleets := write("wrong.yaml", strings.Replace(fleetFile, "max: 5", "max: 0", 1))
	for _, tt := range replayCases(day, wrong, fleets) {
		t.Run(tt.name, func(t *testing.T) {
			code, out, log := run(t, append([]string{"replay"}, strings.Fields(tt.args)...)...)
			if code != tt.code {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
			for _, want := range tt.says {
				if !strings.Contains(out+log, want) {
					t.Errorf("%q is not in:\n%s%s", want, out, log)
				}
			}
		})
	}
}

// TestReplayGivesTheBaseStockExactly is the verb beside figures of another
// program.
func TestReplayGivesTheBaseStockExactly(t *testing.T) {
	for stock, want := range map[string]string{
		"0":  `"wait_seconds":{"jobs":11168,"p50":30,"p90":30,"p95":30,"p99":30,"max":30,"mean":30,"sum":335040,"zero_share":0}`,
		"7":  `"wait_seconds":{"jobs":11168,"p50":0,"p90":30,"p95":30,"p99":30,"max":30,"mean":11.984151146131806,"sum":133839,"zero_share":0.5680515759312321}`,
		"12": `"wait_seconds":{"jobs":11168,"p50":0,"p90":0,"p95":17,"p99":26,"max":30,"mean":1.2733703438395416,"sum":14221,"zero_share":0.9398280802292264}`,
	} {
		args := []string{"replay", "--policy", "base-stock", "--boot", "30s", "--stock", stock, "--filter", "linux-x64", "linux-x64-small", "--json", sixWeeks}
		code, out, log := run(t, args...)
		if code != cli.ExitOK || !strings.Contains(out, want) || !strings.Contains(out, `"jobs":11168,"work_seconds":10310787,`) {
			t.Errorf("stock %s: exit %d: %s%s\nwant %s", stock, code, out, log, want)
		}
	}
}

// TestReplayAsJSONAddsUp reads the report as a program would.
func TestReplayAsJSONAddsUp(t *testing.T) {
	code, out, log := run(t, "replay", sixWeeks, "--compare", onDemand, spot, "--json")
	var got struct {
		V       int
		Compare []struct {
			Config string
			Jobs   struct{ Total, Ran, Cancelled, Unknown, NoPool, GaveUp int }
			Cost   struct {
				USD    float64
				Billed float64 `json:"billed_seconds"`
			}
			Wait struct{ P50, Max float64 } `json:"wait_seconds"`
			Took float64                    `json:"took_seconds"`
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != cli.ExitOK || got.V != 1 || len(got.Compare) != 2 {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, log)
	}
	dear, cheap := got.Compare[0], got.Compare[1]
	if dear.Jobs != cheap.Jobs || dear.Wait != cheap.Wait || dear.Cost.Billed != cheap.Cost.Billed {
		t.Errorf("the market changes more than the price: %+v and %+v", dear, cheap)
	}
	if j := dear.Jobs; j.Total != 17_002 || j.Ran < 12_000 || cheap.Cost.USD > dear.Cost.USD*0.5 || cheap.Cost.USD <= 0 {
		t.Errorf("%+v", got.Compare)
	}
}
