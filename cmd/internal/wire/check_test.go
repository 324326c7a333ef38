//go:build !lambda

package wire

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestWhatStopsAPoolIsToldWithItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runfleet.yaml")
	text := fleetFile + "  - {name: x64, labels: [self-hosted, linux, x64], arch: x86_64, types: [m6i.large], max: 5}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := fleet.Problem{Key: "aws.security_groups[0]", Text: "it is not there", Remedy: "name one", Stops: true}
	one := fleet.Problem{Pool: "x64", Key: "types[0]", Text: "it is not offered", Stops: true}
	shape := fleet.Problem{Pool: "arm64", Key: "types", Text: "none is offered", Stops: true}
	const group, typ, pool = "RF:6:67: aws.security_groups[0]: it is not there; name one", "RF:10:74: pools[1].types[0]: it is not offered", "RF:9:5: pools[0].shape: none is offered"
	for _, tt := range []struct {
		name  string
		found []fleet.Problem
		want  map[string]string
	}{
		{"what concerns all stops all", []fleet.Problem{all}, map[string]string{"arm64": group, "x64": group}},
		{"what concerns one stops one", []fleet.Problem{one}, map[string]string{"x64": typ}},
		{"the first of two is told", []fleet.Problem{all, one}, map[string]string{"arm64": group, "x64": group}},
		{"types that nobody named are a shape's", []fleet.Problem{shape}, map[string]string{"arm64": pool}},
		{"one of a shape's types is no matter", []fleet.Problem{{Pool: "arm64", Key: "types[3]", Text: "it is not offered"}}, map[string]string{}},
		{"what only warns stops nothing", []fleet.Problem{{Key: "aws.subnets[0]", Text: "it is not there"}}, map[string]string{}},
		{"what was not answered stops nothing", []fleet.Problem{{Key: "aws", Text: "no answer", Unsure: true}}, map[string]string{}},
	} {
		got := troublesOf(f, unshaped(f, tt.found))
		for name, text := range got {
			got[name] = strings.Replace(text, path, "RF", 1)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWhatWasNotAnsweredIsNotHeldAgainstTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runfleet.yaml")
	if err := os.WriteFile(path, []byte(fleetFile), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	p := &Parts{means: means{log: slog.New(slog.NewTextHandler(&log, nil))}}
	found := []fleet.Problem{{Key: "aws", Text: "no answer", Unsure: true}, {Key: "aws.region", Text: "there is none", Stops: true}}
	p.tell(t.Context(), f, found)
	p.tell(t.Context(), f, found) // which is nothing new
	var got []string
	for line := range strings.Lines(strings.ReplaceAll(log.String(), path, "RF")) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), " ")
		got = append(got, line)
	}
	want := []string{
		`level=WARN msg="not everything in the fleet file could be checked" problem="RF:6:1: aws: no answer"`,
		`level=ERROR msg="the fleet file does not fit GitHub or AWS" problem="RF:6:15: aws.region: there is none"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestACheckThatIsNotAnsweredIsAskedAgainAndStopsNothing(t *testing.T) {
	p, _, err := opened(t, 200)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if done := p.Check(ctx); done || p.cloud.troubles.Load() != nil {
		t.Errorf("done %t, troubles %v", done, p.cloud.troubles.Load())
	}
}
