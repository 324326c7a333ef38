package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/world"
)

// How often progress is told: a line that is written over on a terminal, lines
// of their own elsewhere.
const (
	liveEvery  = 200 * time.Millisecond // of real time
	plainEvery = 30 * time.Minute       // of simulated time
)

// progress tells how a world stands, as often as the output bears.
func progress(out io.Writer, glance func() world.Glance) func() {
	live := terminal(out)
	var told time.Time
	return func() {
		if live && time.Since(told) < liveEvery {
			return
		}
		g := glance()
		line := fmt.Sprintf("%s  jobs: %3d wait, %3d run, %3d over; machines: %3d", g.At.Format("15:04"), g.Waiting, g.Running, g.Done, g.Machines)
		switch {
		case live:
			told = time.Now()
			fmt.Fprintf(out, "\r\x1b[K%s", line)
		case g.At.Sub(told) >= plainEvery:
			told = g.At
			fmt.Fprintln(out, line)
		}
	}
}

// lineEvery is how often long work says how far it came where that is no
// terminal: of real time, so that short work says nothing.
const lineEvery = 10 * time.Second

// lines tell how far long work came.
type lines struct {
	out   io.Writer
	live  bool // on a terminal, where each takes the place of the one before
	told  time.Time
	shown bool
}

func newLines(out io.Writer) *lines { return &lines{out: out, live: terminal(out), told: time.Now()} }

// tell says a line, if it is time for one.
func (l *lines) tell(line func() string) {
	every := lineEvery
	if l.live {
		every = liveEvery
	}
	if time.Since(l.told) < every {
		return
	}
	if l.told = time.Now(); !l.live {
		fmt.Fprintln(l.out, line())
		return
	}
	l.shown = true
	fmt.Fprintf(l.out, "\r\x1b[K%s", line())
}

// done takes the line of a terminal away again.
func (l *lines) done() {
	if l.shown {
		fmt.Fprint(l.out, "\r\x1b[K")
	}
}

// above writes lines where a live line of progress may stand: it is wiped first,
// and comes again below.
type above struct{ out io.Writer }

// Write writes whole lines.
func (a above) Write(p []byte) (int, error) {
	if terminal(a.out) {
		if _, err := io.WriteString(a.out, "\r\x1b[K"); err != nil {
			return 0, err
		}
	}
	return a.out.Write(p)
}

// timeless drops the time of a log line: a demo's is not the world's.
func timeless(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func terminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
