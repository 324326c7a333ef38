package cli

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
)

// playing plays a demo that is served, fast, until the test is over, and returns
// its fleet file.
func playing(t *testing.T) (file string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "served")
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var ends sync.WaitGroup
	ends.Go(func() {
		var log bytes.Buffer
		if code := Main(ctx, []string{"demo", "--serve", dir, "--speed", "900", "--quiet"}, io.Discard, &log); code != ExitOK {
			t.Errorf("the demo ended with %d: %s", code, log.String())
		}
	})
	t.Cleanup(func() { stop(); ends.Wait() })
	return filepath.Join(dir, "runfleet.yaml")
}

// says runs a verb until its output holds a text.
func says(t *testing.T, file, verb, text string) {
	t.Helper()
	var out bytes.Buffer
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		out.Reset()
		Main(t.Context(), append(strings.Fields(verb), "--config", file), &out, &out)
		if strings.Contains(out.String(), text) {
			return
		}
	}
	t.Fatalf("%s never said %q: %s", verb, text, out.String())
}

func TestAServedDemoIsAFleetToTryTheVerbsOn(t *testing.T) {
	file := playing(t)
	says(t, file, "machines list", "arm64  busy")
	says(t, file, "plan", "the ledger is that of a served demo")
	says(t, file, "drill spot --pool build --yes", "pool build runs on demand only")
	says(t, file, "drill spot --pool arm64 --notice 2m --yes", "left over: nothing")
	says(t, file, "drill show", "verdict: passed")
	says(t, file, "hours override closed build --until 10h --reason freeze", "ordered: keep-closed build")
	says(t, file, "hours show", ": freeze)")
	says(t, file, "pools", "2 of 2, 2 stopped")
	says(t, file, "hours resume build", "lifted")
	says(t, file, "hours show", "build  open until")
}

func TestTheFileOfAServedDemoIsThatOfItsFleet(t *testing.T) {
	file := playing(t)
	says(t, file, "status", "a manager runs")
	f, err := wire.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := demo{serve: "x", jobs: servedJobs, quiet: true}
	world := demoWorld(d, nil, "", nil)
	var want []fleet.Pool
	for _, p := range world.Fleet.Pools {
		want = append(want, p.WithDefaults())
	}
	var got []fleet.Pool
	for _, p := range f.Fleet().Pools {
		got = append(got, p.WithDefaults())
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("pools (-world +file):\n%s", diff)
	}
	for name, w := range world.Hours {
		if diff := cmp.Diff(w.At(world.Begin, 0), f.Windows()[name].At(world.Begin, 0)); diff != "" {
			t.Errorf("hours of %s (-world +file):\n%s", name, diff)
		}
	}
}
