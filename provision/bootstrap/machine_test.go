package bootstrap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

const (
	fetchAgent  = "curl -fsSL --proto =https --connect-timeout 10 --max-time 300 -o /opt/runfleet/runfleet-agent.part https://bucket.example/runfleet-agent-"
	fetchRunner = "curl -fsSL --proto =https --connect-timeout 10 --max-time 300 -o /opt/runfleet/runner-2.336.0.tar.gz.part https://github.com/actions/runner/releases/download/v2.336.0/actions-runner-linux-"
)

// closed is the rule that closes the metadata service to the runner's user.
const closed = "priority 1 to 169.254.169.254/32 uidrange 1001-1001 protocol kernel prohibit"

// begun is how a machine under systemd ends its user data.
var begun = []string{
	"chown -R runner: /opt/runfleet/runner-2.336.0",
	"systemctl daemon-reload", "systemctl enable --quiet runfleet-agent.service", "systemctl start --no-block runfleet-agent.service",
}

func TestAMachineBecomesARunner(t *testing.T) {
	for _, tt := range []struct {
		name string
		arch fleet.Arch
		make func(*testing.T, *rig)
		want []string
	}{
		{"Ubuntu on arm64, which lacks libraries only", fleet.ARM64, func(t *testing.T, r *rig) {
			r.stub("ldconfig", "")
		}, append([]string{
			"uname -m", "id -u runner", "id -u runner", fetchAgent + "arm64", fetchRunner + "arm64-2.336.0.tar.gz",
			"ldconfig -p", "installdependencies.sh",
		}, begun...)},
		{"Ubuntu on x86, made small", fleet.X86, func(t *testing.T, r *rig) {
			r.stub("id", `[ -e "$LOG.user" ] && echo 1001`)
			r.stub("useradd", `: >"$LOG.user"`)
			r.stub("apt-get", `case $* in *" git "*) cp "$0" "${0%/*}/git"; cp "$0" "${0%/*}/ip" ;; esac`)
			if err := without(r.bin, "git", "ip"); err != nil {
				t.Fatal(err)
			}
		}, append([]string{
			"uname -m", "apt-get update -qq",
			"apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 ca-certificates git iproute2",
			"id -u runner", "useradd --create-home --shell /bin/bash runner", "id -u runner",
			fetchAgent + "x64", fetchRunner + "x64-2.336.0.tar.gz", "ldconfig -p",
		}, begun...)},
		{"Amazon Linux 2023 on arm64", fleet.ARM64, func(t *testing.T, r *rig) { amazon(t, r) }, append([]string{
			"uname -m", "dnf install -y -q ca-certificates git",
			"id -u runner", "id -u runner", fetchAgent + "arm64", fetchRunner + "arm64-2.336.0.tar.gz",
			"ldconfig -p", "dnf install -y -q libicu",
		}, begun...)},
		{"Amazon Linux 2023 on x86", fleet.X86, func(t *testing.T, r *rig) { amazon(t, r) }, append([]string{
			"uname -m", "dnf install -y -q ca-certificates git",
			"id -u runner", "id -u runner", fetchAgent + "x64", fetchRunner + "x64-2.336.0.tar.gz",
			"ldconfig -p", "dnf install -y -q libicu",
		}, begun...)},
		{"a prepared image, which lacks nothing", fleet.ARM64, func(t *testing.T, r *rig) {
			r.config.Agent, r.config.Runner.File = File{}, File{}
			r.write(filepath.Join(r.root, Home, "runfleet-agent"), "#!/bin/sh\n", 0o755)
			r.write(filepath.Join(r.root, Home, "runner-2.336.0/bin/Runner.Listener"), "#!/bin/sh\n", 0o755)
		}, append([]string{"uname -m", "id -u runner", "id -u runner", "ldconfig -p"}, begun...)},
		{"an image whose agent is older", fleet.ARM64, func(t *testing.T, r *rig) {
			r.write(filepath.Join(r.root, Home, "runfleet-agent"), "#!/bin/sh\nexit 1\n", 0o755)
			r.write(filepath.Join(r.root, Home, "runner-2.336.0/bin/Runner.Listener"), "#!/bin/sh\n", 0o755)
		}, append([]string{"uname -m", "id -u runner", "id -u runner", fetchAgent + "arm64", "ldconfig -p"}, begun...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, tt.arch)
			tt.make(t, r)
			code, did, said := r.run()
			if diff := cmp.Diff(tt.want, did); diff != "" || code != 0 {
				t.Errorf("exit %d, it did (-want +got):\n%s\nit said:\n%s", code, diff, said)
			}
			r.has("etc/systemd/system/runfleet-agent.service", "ExecStartPre=ip rule add "+closed+"\n")
			data, err := os.ReadFile(filepath.Join(r.root, "etc/runfleet/agent.json"))
			if err != nil {
				t.Fatal(err)
			}
			want := r.config.Settings
			want.Runner, want.User = "/opt/runfleet/runner-2.336.0", "runner"
			if got, err := DecodeSettings(data); err != nil || got != want {
				t.Errorf("settings: error %v (-want +got):\n%s", err, cmp.Diff(want, got))
			}
			if _, err := os.Stat(filepath.Join(r.root, "opt/runfleet/runner-2.336.0/bin/Runner.Listener")); err != nil {
				t.Error(err)
			}
		})
	}
}

// unit is what systemd starts at the first boot and at each later one.
const unit = `[Unit]
Description=runfleet agent: runs GitHub's runner, then powers off
Wants=network-online.target
After=network-online.target
SuccessAction=poweroff
FailureAction=poweroff

[Service]
ExecStartPre=-ip rule del ` + closed + `
ExecStartPre=ip rule add ` + closed + `
ExecStart=/opt/runfleet/runfleet-agent /etc/runfleet/agent.json
KillMode=mixed
TimeoutStopSec=60
OOMPolicy=continue
TasksMax=infinity
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
`

func TestLaterBootsAreTheUnits(t *testing.T) {
	r := newRig(t, fleet.ARM64)
	if err := os.MkdirAll(filepath.Join(r.root, "etc/needrestart/conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if code, did, said := r.run(); code != 0 || count(did, "systemctl enable --quiet runfleet-agent.service") != 1 {
		t.Fatalf("exit %d, did %q\n%s", code, did, said)
	}
	text, err := os.ReadFile(filepath.Join(r.root, "etc/systemd/system/runfleet-agent.service"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(unit, strings.ReplaceAll(string(text), r.root, "")); diff != "" {
		t.Errorf("unit (-want +got):\n%s", diff)
	}
	r.has("etc/needrestart/conf.d/runfleet.conf", `$nrconf{override_rc}{qr(^runfleet-agent\.service$)} = 0;`+"\n")
}

// amazon makes the machine an Amazon Linux, which has dnf and lacks git and
// libicu.
func amazon(t *testing.T, r *rig) {
	r.stub("dnf", `case $* in *" git"*) cp "$0" "${0%/*}/git" ;; esac`)
	r.stub("ldconfig", "")
	if err := without(r.bin, "git", "apt-get"); err != nil {
		t.Fatal(err)
	}
}

func TestAMachineWithoutSystemdRunsTheAgentItselfAndEnds(t *testing.T) {
	r := newRig(t, fleet.ARM64)
	if err := os.Remove(filepath.Join(r.root, "run/systemd/system")); err != nil {
		t.Fatal(err)
	}
	code, did, said := r.run()
	want := []string{
		"ip rule del " + closed, "ip rule add " + closed,
		"agent /etc/runfleet/agent.json", "poweroff",
	}
	if got := did[len(did)-4:]; code != 0 || !cmp.Equal(got, want) {
		t.Errorf("exit %d (-want +got):\n%s\n%s", code, cmp.Diff(want, got), said)
	}
}

func TestWhateverFailsTheMachinePowersOff(t *testing.T) {
	for _, tt := range []struct {
		name, said string
		make       func(*testing.T, *rig)
		off        []string // what it did last
	}{
		{"a checksum that is another", "checksum of https://bucket.example/runfleet-agent-arm64 is not", func(_ *testing.T, r *rig) {
			r.config.Agent.SHA256 = strings.Repeat("0", 64)
		}, []string{"poweroff"}},
		{"a runner that is not what was asked for", "checksum of https://github.com/", func(_ *testing.T, r *rig) {
			r.serve(r.config.Runner.URL, []byte("not a runner"))
		}, []string{"poweroff"}},
		{"a machine of another architecture", "this is no aarch64 machine", func(_ *testing.T, r *rig) { r.machine = "x86_64" }, []string{"poweroff"}},
		{"a server that does not answer", "powering off: the user data ended with 7", func(_ *testing.T, r *rig) { r.stub("curl", "exit 7") }, []string{"poweroff"}},
		{"packages that cannot be had", "powering off: the user data ended with 100", func(t *testing.T, r *rig) {
			r.stub("apt-get", "exit 100")
			if err := without(r.bin, "git"); err != nil {
				t.Fatal(err)
			}
		}, []string{"poweroff"}},
		{"an image that was to be prepared and is not", "the image lacks ", func(_ *testing.T, r *rig) { r.config.Runner.File = File{} }, []string{"poweroff"}},
		{"no user can be made", "powering off", func(_ *testing.T, r *rig) { r.stub("id", "exit 1"); r.stub("useradd", "exit 1") }, []string{"poweroff"}},
		{"the unit cannot be started", "powering off: the user data ended with 1", func(_ *testing.T, r *rig) {
			r.stub("systemctl", `[ "$1" != start ]`)
		}, []string{"poweroff"}},
		{"the metadata service cannot be closed", "powering off: the user data ended with 2", func(t *testing.T, r *rig) {
			r.stub("ip", "exit 2")
			if err := os.Remove(filepath.Join(r.root, "run/systemd/system")); err != nil {
				t.Fatal(err)
			}
		}, []string{"ip rule add " + closed, "poweroff"}},
		{"a power-off that does not work", "powering off", func(_ *testing.T, r *rig) {
			r.stub("poweroff", "exit 1")
			r.stub("systemctl", "exit 1")
		}, []string{"poweroff", "systemctl poweroff --force", "shutdown -P now"}},
		{"a command that hangs", "powering off: the user data took more than 1 s", func(_ *testing.T, r *rig) {
			r.config.Patience = time.Second
			r.stub("sleep", `[ "$1" -ne 1 ] || exec "$SLEEP" "$1"`)
			r.stub("curl", `until grep -q poweroff "$LOG"; do "$SLEEP" 0.05; done; exit 1`)
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, fleet.ARM64)
			tt.make(t, r)
			code, did, said := r.run()
			if !strings.Contains(said, tt.said) || code == 0 && tt.off != nil && tt.off[0] == "poweroff" && len(tt.off) == 1 {
				t.Errorf("exit %d, said %s, want %q", code, said, tt.said)
			}
			if got := did[max(0, len(did)-len(tt.off)):]; tt.off != nil && !cmp.Equal(got, tt.off) {
				t.Errorf("last (-want +got):\n%s", cmp.Diff(tt.off, got))
			}
			if count(did, "poweroff") == 0 || count(did, "agent") > 0 {
				t.Errorf("it did: %q", did)
			}
		})
	}
}

func TestAPackageManagerThatIsBusyIsTriedAgain(t *testing.T) {
	r := newRig(t, fleet.ARM64)
	r.stub("ldconfig", "")
	script := r.archive()
	r.config.Runner.SHA256 = r.serve(r.config.Runner.URL, script)
	r.stub("chown", "")
	r.stub("apt-get", `[ -e "$LOG.second" ] || { : >"$LOG.second"; exit 100; }; case $* in *" git"*) cp "$0" "${0%/*}/git" ;; esac`)
	if err := without(r.bin, "git"); err != nil {
		t.Fatal(err)
	}
	code, did, said := r.run()
	if code != 0 || count(did, "apt-get update") != 2 || count(did, "sleep 1") != 1 || count(did, "systemctl start") != 1 {
		t.Errorf("exit %d, did %q\n%s", code, did, said)
	}
}
