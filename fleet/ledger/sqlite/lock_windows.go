package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/fleet/ledger"
)

// sharingViolation is ERROR_SHARING_VIOLATION of winerror.h.
const sharingViolation = syscall.Errno(32)

// lock takes the ledger for one manager: Windows opens a file that is shared
// with nobody only once, and closes it when its process dies.
func lock(path string) (*os.File, error) {
	path += ".lock"
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	var h syscall.Handle
	for tries := 0; ; tries++ {
		h, err = syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
			syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
		if !errors.Is(err, sharingViolation) || tries == probeTries {
			break
		}
		time.Sleep(probePause)
	}
	if errors.Is(err, sharingViolation) {
		return nil, fmt.Errorf("%w: another manager runs on it; stop that one first", ledger.ErrHeld)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w; a manager must be able to make files in %s", path, err, filepath.Dir(path))
	}
	return os.NewFile(uintptr(h), path), nil
}

// Held asks whether a manager holds the ledger at a path, by taking its lock
// for an instant, which a manager that starts just then waits out. An error:
// it cannot be known here.
func Held(path string) (bool, error) {
	name, err := syscall.UTF16PtrFromString(path + ".lock")
	if err != nil {
		return false, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ, 0, nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, sharingViolation):
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("who holds the ledger: %w", err)
	}
	return false, syscall.CloseHandle(h)
}
