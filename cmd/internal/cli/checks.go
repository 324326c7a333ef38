package cli

import (
	"context"
	"time"
)

// checks asks GitHub and AWS about the fleet file, beside the looks, which wait
// for nothing: at the start, when the file was read again, and each minute while
// it does not fit them or they do not answer. What was found once and has gone
// since, launches find.
func (s *server) checks(ctx context.Context) error {
	for {
		var again <-chan time.Time
		if !s.check(ctx) {
			again = time.After(checkAgain)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.reread:
		case <-again:
		}
	}
}
