package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLongWorkSaysHowFarItCame(t *testing.T) {
	var out bytes.Buffer
	l := newLines(&out)
	say := func() { l.tell(func() string { return "half" }) }
	say()
	if out.Len() > 0 {
		t.Errorf("short work says %q", out.String())
	}
	l.told = time.Now().Add(-lineEvery)
	say()
	say()
	l.done()
	if out.String() != "half\n" {
		t.Errorf("long work says %q", out.String())
	}
}

func TestReadingALongTraceSaysHowFarItCameAndEndsWhenItIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.csv")
	if err := os.WriteFile(path, []byte("ready,duration,labels\n"+strings.Repeat("0,60,a\n", 100_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	ctx, stop := context.WithCancelCause(t.Context())
	w := &watched{ctx: ctx, r: f, name: "jobs.csv", size: 700_022, lines: newLines(&out)}
	w.lines.told = time.Now().Add(-lineEvery)
	if n, err := w.Read(make([]byte, 350_011)); n != 350_011 || err != nil || out.String() != "jobs.csv: 50 % is read\n" {
		t.Errorf("%d bytes, %v: %q", n, err, out.String())
	}
	enough := errors.New("enough")
	stop(enough)
	if n, err := w.Read(make([]byte, 1)); n != 0 || !errors.Is(err, enough) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if code := Main(ctx, []string{"replay", path, "--policy", "ephemeral"}, &out, &out); code != ExitFailed || !strings.Contains(out.String(), "jobs.csv: enough") {
		t.Errorf("exit %d: %s", code, out.String())
	}
}
