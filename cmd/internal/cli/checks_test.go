package cli

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

func TestAFileThatIsReadAgainIsCheckedAgainAndNotBefore(t *testing.T) {
	s := quietServer(t, filepath.Join(t.TempDir(), "f.db"), 0)
	asked := make(chan struct{}, 9)
	s.check = func(context.Context) bool { asked <- struct{}{}; return true }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.checks(ctx) }()
	wait := func(what string) {
		t.Helper()
		select {
		case <-asked:
		case <-time.After(20 * time.Second):
			t.Fatal("not asked " + what)
		}
	}
	wait("at the start")
	s.reread <- struct{}{}
	wait("when the file was read again")
	cancel()
	if err := <-ended; err != nil || len(asked) != 0 {
		t.Errorf("error %v, asked %d times more", err, len(asked))
	}
}
