package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/wire"
	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/chaos"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// drillPoll is how often the ledger is read while a drill is followed. One in a
// table costs with each read, and is read as often as plans follow the drill.
const drillPoll = time.Second

// follow tells what happens in a drill until it is judged.
func follow(ctx context.Context, out io.Writer, f *config.File, s *wire.Ledger, id string) error {
	told := map[string]bool{} // what is heard of late may stand before what was told
	tell := func(line string) {
		if !told[line] {
			told[line] = true
			fmt.Fprintln(out, line)
		}
	}
	doing := "goes on" // whoever stops following leaves it so
	poll := drillPoll
	if s.File == nil {
		poll = fleet.FollowEvery
	}
	for {
		d, b, err := drillNow(ctx, f, s, id)
		switch {
		case ctx.Err() != nil: // it is told below
		case errors.Is(err, ledger.ErrUnknown):
			return fmt.Errorf("no manager took the drill up within %s: order it again when one runs", short(drillStands))
		case err != nil:
			return err
		case d.Verdict.Result == drillOrdered:
			doing = "waits for a manager, " + short(drillStands) + " at most"
			tell("waiting: " + d.Verdict.Why[0])
		case d.Verdict.Result == chaos.Open && b.manager() == managerNone:
			tell("waiting: " + d.Verdict.Why[len(d.Verdict.Why)-1])
		}
		if err == nil && d.Verdict.Result != drillOrdered {
			doing = "goes on"
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
			fmt.Fprintf(out, "the drill %s; runfleet drill show %s tells of it\n", doing, id)
			return errors.New("not followed to its end")
		case <-time.After(poll):
		}
	}
}

// drillNow is a drill as the ledger has it now, and the book that says so.
func drillNow(ctx context.Context, f *config.File, s *wire.Ledger, id string) (judged, book, error) {
	state, err := s.Read(ctx)
	if err != nil {
		return judged{}, book{}, err
	}
	b := book{f, s, state, clock(state)}
	d, err := drillOf(ctx, b, id)
	return d, b, err
}
