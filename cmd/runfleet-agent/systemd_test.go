//go:build machine && boot

package main_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/provision/bootstrap"
)

// What the outside asks of a system: EC2's stop and reboot of an instance press
// the buttons that these signals to systemd stand for.
const (
	powerButton = syscall.Signal(34 + 4) // SIGRTMIN+4
	resetButton = syscall.Signal(34 + 5)
)

// What becomes of a process namespace whose first process powers off or
// reboots, by reboot(2).
const (
	poweredOff = syscall.SIGINT
	rebooted   = syscall.SIGHUP
)

// firstBoot is what cloud-init does with user data.
const firstBoot = `[Unit]
ConditionPathExists=!/var/lib/first-boot
[Service]
Type=oneshot
ExecStart=/user-data
ExecStartPost=touch /var/lib/first-boot
[Install]
WantedBy=multi-user.target
`

// TestSystemdBootsAMachineThatStays runs the user data under a systemd of its
// own, and then that system's later boots: the unit that it left starts the
// agent, and the real power switch is what ends each.
func TestSystemdBootsAMachineThatStays(t *testing.T) {
	r := network(t)
	r.standing = true
	r.mock()
	root := r.system()

	r.enrol(false)
	one := r.up(root)
	one.says(done, 1)
	one.press(powerButton, poweredOff)
	r.nothingStored()
	r.settings.Runner = filepath.Join(root, bootstrap.Home, "runner-"+released)

	r.decide("probe")
	two := r.up(root)
	two.says(done, 1)
	two.press(resetButton, rebooted)
	if got := two.journal(); !strings.Contains(got, "the system goes down already") || strings.Contains(got, "System Power Off") {
		t.Errorf("the agent powers off a system that reboots:\n%s", got)
	}
	if got := contents(t, filepath.Join(r.settings.Runner, "probe")); !strings.HasPrefix(got, "closed: ") {
		t.Errorf("a job of a later boot finds the metadata service %s", got)
	}

	r.decide("deleted")
	r.up(root).ends(poweredOff)
	if diff := cmp.Diff([]string{registers, "run", "run", "run"}, r.starts()); diff != "" {
		t.Errorf("starts (-want +got):\n%s", diff)
	}

	must(t, os.Remove(filepath.Join(r.settings.Runner, "github")))
	r.standing = false
	r.mock()
	r.put("job 300ms")
	r.up(root).ends(poweredOff)
	r.tells("ended, stopped, Succeeded", "ended, stopped, Succeeded", "ended, unused", "ended, done, Succeeded")
}

// system prepares the machine's root for its first boot.
func (r *rig) system() (root string) {
	r.t.Helper()
	root = r.settings.Runner
	script := r.userData(root)
	must(r.t, os.Remove(filepath.Join(root, "usr/local/sbin/poweroff"))) // systemd's own is wanted
	for name, text := range map[string]string{
		"user-data":                             string(script),
		"etc/systemd/system/first-boot.service": firstBoot,
		"etc/systemd/system.conf.d/test.conf": "[Manager]\nDefaultEnvironment=CURL_CA_BUNDLE=/trusted.pem AWS_ENDPOINT_URL=" +
			r.cloud.address + "\n",
		"etc/systemd/journald.conf.d/test.conf": "[Journal]\nStorage=persistent\n",
	} {
		path := filepath.Join(root, name)
		must(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(r.t, os.WriteFile(path, []byte(text), 0o755))
	}
	command(r.t, "chroot", root, "systemctl", "enable", "--quiet", "first-boot.service")
	return root
}

// upset makes a container of a namespace: what is the kernel's and not the
// namespace's own can only be read. $1 is the root, $2 the group of processes.
const upset = `set -e
echo $$ >"$2/cgroup.procs"
exec unshare --cgroup sh -ec '
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --bind "$1/proc/sys" "$1/proc/sys"
mount -o remount,bind,ro "$1/proc/sys"
mount -t sysfs -o ro sysfs "$1/sys"
mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$1/run"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for d in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do mknod -m 666 "$1/dev/${d% *}" c 1 "${d#* }"; done
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$1" /lib/systemd/systemd
' sh "$1"
`

// system is a machine's boot.
type system struct {
	*rig
	root string
	cmd  *exec.Cmd
	done chan struct{}
}

// up boots the machine.
func (r *rig) up(root string) *system {
	r.t.Helper()
	r.boots++
	all := filepath.Join(r.dir, "cgroup")
	if r.boots == 1 {
		must(r.t, os.Mkdir(all, 0o755))
		command(r.t, "mount", "-t", "cgroup2", "cgroup2", all)
		r.t.Cleanup(func() { _ = exec.Command("umount", all).Run() })
	}
	group, err := os.MkdirTemp(all, "runfleet-") // beside those of other runs
	must(r.t, err)
	must(r.t, os.RemoveAll(filepath.Join(root, "var/log/journal"))) // all boots have the kernel's one number
	s := &system{rig: r, root: root, done: make(chan struct{})}
	s.cmd = exec.Command("ip", "netns", "exec", space, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts",
		"sh", "-c", upset, "sh", root, group)
	must(r.t, s.cmd.Start())
	go func() { defer close(s.done); _ = s.cmd.Wait() }()
	r.t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.done
		r.until("its processes are gone", func() bool { return disband(group) })
	})
	return s
}

// disband removes a group of processes and those below it, if they are empty.
func disband(group string) bool {
	var all []string
	_ = filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			all = append(all, path)
		}
		return nil
	})
	for _, path := range slices.Backward(all) {
		_ = os.Remove(path)
	}
	_, err := os.Stat(group)
	return err != nil
}

// journal is what the system wrote in this boot.
func (s *system) journal() string {
	out, _ := exec.Command("chroot", s.root, "journalctl", "--no-pager", "-o", "cat").CombinedOutput()
	return string(out)
}

func (s *system) says(text string, times int) {
	s.t.Helper()
	defer func() {
		if s.t.Failed() {
			s.t.Logf("the system's journal:\n%s", s.journal())
		}
	}()
	s.until(text, func() bool { return strings.Count(s.journal(), text) == times })
}

// press asks systemd for an end of the system, and awaits it.
func (s *system) press(button, end syscall.Signal) {
	s.t.Helper()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.cmd.Process.Pid))
	must(s.t, err)
	var pid int
	if _, err := fmt.Sscan(string(children), &pid); err != nil {
		s.t.Fatalf("the system has no first process: %q", children)
	}
	must(s.t, syscall.Kill(pid, button))
	s.ends(end)
}

// ends awaits the end of the system, and holds that it is that one.
func (s *system) ends(end syscall.Signal) {
	s.t.Helper()
	s.until("the system goes down", func() bool {
		select {
		case <-s.done:
			return true
		default:
			return false
		}
	})
	if got := s.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(); got != end {
		s.t.Fatalf("the system went down by %v, want %v; the agent said:\n%s", got, end, s.journal())
	}
}
