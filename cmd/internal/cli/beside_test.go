package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/cli"
)

// serving runs a demo that is served in a folder of its own; see serve.
func serving(t *testing.T, speed string) (file string) {
	t.Helper()
	return serve(t, filepath.Join(t.TempDir(), "demo"), speed)
}

// serve runs a demo that is served until the test ends, and is its fleet file
// once the verbs can ask about it.
func serve(t *testing.T, dir, speed string) (file string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	code, log := 0, &strings.Builder{}
	go func() {
		defer close(ended)
		code = cli.Main(ctx, []string{"demo", "--serve", dir, "--speed", speed, "--quiet"}, io.Discard, log)
	}()
	t.Cleanup(func() {
		stop()
		if <-ended; code != cli.ExitOK {
			t.Errorf("the demo: exit %d: %s", code, log)
		}
	})
	file = filepath.Join(dir, "runfleet.yaml")
	comes(t, "the demo's first look", func() bool {
		code, out, _ := run(t, "status", "-o", "json", "--config", file)
		return code == cli.ExitOK && strings.Contains(out, `"looked_at"`)
	})
	return file
}

// comes polls until something is so.
func comes(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// told is what a verb answers as JSON.
func told[T any](t *testing.T, file, verb string) (answer T) {
	t.Helper()
	code, out, log := run(t, append(strings.Fields(verb), "-o", "json", "--config", file)...)
	if code != cli.ExitOK {
		t.Fatalf("%s: exit %d: %s%s", verb, code, out, log)
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		t.Fatalf("%s: %v", verb, err)
	}
	return answer
}

// order writes an order beside a demo.
func order(t *testing.T, file, verb string) {
	t.Helper()
	if code, out, log := run(t, append(strings.Fields(verb), "--config", file)...); code != cli.ExitOK {
		t.Fatalf("%s: exit %d: %s%s", verb, code, out, log)
	}
}

// hold has a machine of a lifetime held, and is its id. An ephemeral one powers
// itself off all the same when its job is done.
func hold(t *testing.T, file, lifetime, span string) (id string) {
	t.Helper()
	comes(t, "a machine that is held", func() bool {
		for _, m := range told[[]struct{ ID, Lifetime string }](t, file, "machines list") {
			if m.Lifetime != lifetime {
				continue
			}
			if code, _, _ := run(t, "machines", "hold", m.ID, "--for", span, "--config", file); code == cli.ExitOK {
				id = m.ID
				return true
			}
		}
		return false
	})
	return id
}

type stands struct {
	Looked time.Time `json:"looked_at"`
	Orders []struct {
		Kind, Subject string
		At, Until     time.Time
	}
}

// A demo that is served has a time of its own, and orders are given in it.
func TestAnOrderBesideADemoIsGivenInItsTime(t *testing.T) {
	file := serving(t, "600")
	machine := hold(t, file, "standing", "20h")
	for _, tt := range []struct {
		verb, kind, subject string
		span                time.Duration // 0: until it is lifted
	}{
		{"machines hold " + machine + " --for 23h", "hold", machine, 23 * time.Hour},
		{"machines drain " + machine, "drain", machine, 0},
		{"pause x64", "pause", "x64", 0},
		{"hours override closed --until 3h", "keep-closed", "", 3 * time.Hour},
	} {
		before := told[stands](t, file, "status").Looked
		order(t, file, tt.verb)
		s := told[stands](t, file, "status")
		found := false
		for _, o := range s.Orders {
			if o.Kind != tt.kind || o.Subject != tt.subject {
				continue
			}
			found = true
			if o.At.Before(before) || o.At.After(s.Looked) || tt.span > 0 && !o.Until.Equal(o.At.Add(tt.span)) {
				t.Errorf("%s: from %v to %v, ordered between %v and %v", tt.verb, o.At, o.Until, before, s.Looked)
			}
		}
		if !found {
			t.Errorf("%s: not among the orders %+v", tt.verb, s.Orders)
		}
	}
}

func TestAHoldBesideADemoEndsInItsTime(t *testing.T) {
	file := serving(t, "1200")
	machine := hold(t, file, "ephemeral", "2h")
	comes(t, "its end", func() bool {
		for _, m := range told[[]struct{ ID string }](t, file, "machines list") {
			if m.ID == machine {
				return false
			}
		}
		return true
	})
}

// The manager obeys, and not only the verb that shows the hours.
func TestAnOverrideBesideADemoClosesAndOpensPools(t *testing.T) {
	file := serving(t, "600")
	standing := func() (ready, stopped int) {
		for _, m := range told[[]struct {
			Pool    string
			Ready   time.Time `json:"ready_at"` // its runner was seen
			Stopped time.Time `json:"stopped_at"`
		}](t, file, "machines list") {
			switch {
			case m.Pool != "build":
			case !m.Stopped.IsZero():
				stopped++
			case !m.Ready.IsZero():
				ready++
			}
		}
		return ready, stopped
	}
	comes(t, "the standing machines", func() bool { ready, _ := standing(); return ready == 2 })
	order(t, file, "hours override closed build --until 30m --reason freeze")
	closed := false
	for _, h := range told[[]struct {
		Pool   string
		Closed bool
		Order  string
	}](t, file, "hours show") {
		if h.Pool == "build" {
			closed = h.Closed && strings.Contains(h.Order, "freeze")
		}
	}
	if !closed {
		t.Error("hours show says that the pool is open")
	}
	comes(t, "their stop", func() bool { _, stopped := standing(); return stopped == 2 })
	comes(t, "their start when the override is over", func() bool { ready, _ := standing(); return ready == 2 })
	order(t, file, "hours override closed --until 3h")
	comes(t, "their second stop", func() bool { _, stopped := standing(); return stopped == 2 })
	order(t, file, "hours resume")
	comes(t, "their start when it was lifted", func() bool { ready, _ := standing(); return ready == 2 })
}
