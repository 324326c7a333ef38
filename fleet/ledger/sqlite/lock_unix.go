//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/runfleet/runfleet/fleet/ledger"
)

// lock takes the ledger for one manager. The lock dies with its process, so
// whoever gets it knows that its predecessor is dead.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w; a manager must be able to make files in %s", err, filepath.Dir(path))
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: another manager runs on it; stop that one first", ledger.ErrHeld)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
