package bootstrap

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// real are the commands that the script gets as they are. Whatever else it
// runs is a stub, or is not found: nothing of this can reach the system.
var real = []string{"sh", "mkdir", "mv", "rm", "cat", "cp", "chmod", "tar", "gzip", "sha256sum", "grep"}

// stubs are commands that only leave a line in $LOG, and what they do besides.
var stubs = map[string]string{
	"poweroff": "", "systemctl": "", "shutdown": "", "useradd": "", "chown": "", "ip": "", "git": "", "apt-get": "",
	"id":       "echo 1001",
	"uname":    "echo $MACHINE",
	"ldconfig": "echo '	libicuuc.so.74 => /lib/libicuuc.so.74'",
	// Fetches what the test serves under the last part of the address.
	"curl":  `while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done; cp "$SERVED/${1##*/}" "$out"`,
	"sleep": `[ "$1" -lt 60 ] || exec "$SLEEP" "$1"`, // the patience is real, pauses are not
}

// rig is a machine of stubs in a temporary folder.
type rig struct {
	t                 *testing.T
	root, bin, served string
	log               string
	config            Config
	machine           string
}

func newRig(t *testing.T, arch fleet.Arch) *rig {
	dir := t.TempDir()
	r := &rig{t: t, root: filepath.Join(dir, "root"), bin: filepath.Join(dir, "bin"), served: filepath.Join(dir, "served"), log: filepath.Join(dir, "log")}
	r.machine = map[fleet.Arch]string{fleet.ARM64: "aarch64", fleet.X86: "x86_64"}[arch]
	for _, d := range []string{r.bin, r.served, filepath.Join(r.root, "run/systemd/system"), filepath.Join(r.root, "etc/systemd/system")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range real {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(r.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, does := range stubs {
		r.stub(name, does)
	}
	r.config = configOf(arch)
	r.config.Agent.SHA256 = r.serve(r.config.Agent.URL, []byte("#!/bin/sh\necho \"agent $*\" >>\"$LOG\"\n"))
	r.config.Runner.SHA256 = r.serve(r.config.Runner.URL, r.archive())
	return r
}

func (r *rig) stub(name, does string) {
	r.write(filepath.Join(r.bin, name), "#!/bin/sh\necho \"${0##*/} $*\" >>\"$LOG\"\n"+does+"\n", 0o755)
}

func (r *rig) write(path, text string, mode os.FileMode) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		r.t.Fatal(err)
	}
}

// serve makes a file to be had under an address, and is its checksum.
func (r *rig) serve(address string, data []byte) string {
	r.write(filepath.Join(r.served, filepath.Base(address)), string(data), 0o644)
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

// archive is a runner's release: its listener, and its installer of packages.
func (r *rig) archive() []byte {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	files := tar.NewWriter(zip)
	for _, name := range []string{"bin/Runner.Listener", "bin/installdependencies.sh"} {
		text := "#!/bin/sh\necho \"" + filepath.Base(name) + "\" >>\"$LOG\"\n"
		err := errors.Join(files.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o755, Size: int64(len(text))}))
		if _, w := files.Write([]byte(text)); errors.Join(err, w) != nil {
			r.t.Fatal(err, w)
		}
	}
	if err := errors.Join(files.Close(), zip.Close()); err != nil {
		r.t.Fatal(err)
	}
	return out.Bytes()
}

// run runs the user data, and gives its exit code, what it did and what it said.
func (r *rig) run() (code int, did []string, said string) {
	r.t.Helper()
	script, err := Script(r.config)
	if err != nil {
		r.t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(r.log), "user-data")
	r.write(path, string(script), 0o755)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(filepath.Dir(r.log), "out"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer out.Close()
	ctx, cancel := context.WithTimeout(r.t.Context(), 30*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, path)
	c.Stdout, c.Stderr = out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Env = []string{
		"PATH=" + r.bin, "RUNFLEET_ROOT=" + r.root, "LOG=" + r.log, "SERVED=" + r.served, "MACHINE=" + r.machine, "SLEEP=" + sleep,
	}
	err = c.Run()
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // a machine's power-off would end its patience
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		r.t.Fatal(err)
	} else if ok {
		code = exit.ExitCode()
	}
	log, err := os.ReadFile(r.log)
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		line = strings.TrimSpace(strings.ReplaceAll(line, r.root, ""))
		if !strings.HasPrefix(line, "sleep 900") { // the patience runs beside the rest
			did = append(did, line)
		}
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		r.t.Fatal(err)
	}
	return code, did, string(text)
}

func (r *rig) has(path, text string) {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.root, path))
	if err != nil || !strings.Contains(string(data), text) {
		r.t.Errorf("%s: error %v, does not hold %q: %s", path, err, text, data)
	}
}

func count(lines []string, prefix string) (n int) {
	for _, l := range lines {
		if strings.HasPrefix(l, prefix) {
			n++
		}
	}
	return n
}

func without(dir string, names ...string) error {
	var err error
	for _, n := range names {
		err = errors.Join(err, os.Remove(filepath.Join(dir, n)))
	}
	return err
}
