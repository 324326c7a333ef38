package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/runfleet/runfleet/fleet/chaos"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// drillPoll is how often the ledger is read while a drill is followed.
const drillPoll = time.Second

// follow tells what happens in a drill until it is judged.
func follow(ctx context.Context, out io.Writer, f *config.File, s *sqlite.Store, id string) error {
	told := map[string]bool{} // what is heard of late may stand before what was told
	tell := func(line string) {
		if !told[line] {
			told[line] = true
			fmt.Fprintln(out, line)
		}
	}
	for {
		d, err := drillNow(ctx, f, s, id)
		switch {
		case ctx.Err() != nil: // it is told below
		case errors.Is(err, ledger.ErrUnknown):
			return fmt.Errorf("no manager took the drill up within %s: order it again when one runs", short(drillStands))
		case err != nil:
			return err
		case d.Verdict.Result == drillOrdered:
			tell("waiting: " + d.Verdict.Why[0])
		case d.Verdict.Result == chaos.Open && managerOf(f.Serve.Ledger) == managerNone:
			tell("waiting: " + d.Verdict.Why[len(d.Verdict.Why)-1])
		}
		for _, m := range d.Verdict.Timeline {
			tell(momentLine(m))
		}
		if err == nil && d.Over() && d.Verdict.Result != chaos.Open {
			d.conclude(out)
			return d.ends()
		}
		select {
		case <-ctx.Done():
			fmt.Fprintf(out, "the drill goes on; runfleet drill show %s tells of it\n", id)
			return errors.New("not followed to its end")
		case <-time.After(drillPoll):
		}
	}
}

// drillNow is a drill as the ledger has it now.
func drillNow(ctx context.Context, f *config.File, s *sqlite.Store, id string) (judged, error) {
	state, err := s.Read(ctx)
	if err != nil {
		return judged{}, err
	}
	return drillOf(ctx, book{f, s, state, clock(state)}, id)
}
