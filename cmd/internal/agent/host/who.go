package host

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// who runs the runner.
type who struct {
	user       *user.User
	credential *syscall.Credential // nil: the agent's own
}

// become is how a process is a user's, who must not be root.
func become(name string) (*who, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("run the runner as %s: %w", name, err)
	}
	if u.Uid == "0" {
		return nil, errors.New("run the runner as root: it must not be")
	}
	if u.Uid == strconv.Itoa(os.Getuid()) {
		return &who{user: u}, nil
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of %s: %w", name, err)
	}
	var ids []uint32
	for _, id := range append([]string{u.Uid, u.Gid}, groups...) {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("ids of %s: %w", name, err)
		}
		ids = append(ids, uint32(n))
	}
	return &who{u, &syscall.Credential{Uid: ids[0], Gid: ids[1], Groups: ids[2:]}}, nil
}

// environment is all that the runner gets of the agent's.
func (w *who) environment() []string {
	return []string{
		"HOME=" + w.user.HomeDir, "USER=" + w.user.Username, "LOGNAME=" + w.user.Username, "SHELL=/bin/bash", "LANG=C.UTF-8",
		"PATH=" + os.Getenv("PATH"),
		"ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1",
	}
}
