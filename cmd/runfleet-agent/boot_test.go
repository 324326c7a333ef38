//go:build machine && boot

package main_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/bootstrap"
)

// The network of the test: this side has the world, the other the machine.
const (
	outside  = "10.213.77.1"
	inside   = "10.213.77.2"
	imds     = "169.254.169.254"
	space    = "runfleet-machine" // name of the machine's network namespace
	files    = "files.test"
	released = "1.2.3"
)

// TestUserDataMakesAMachine runs the user data as root in a Debian of its own,
// behind a network of its own: real packages' tools, users, routes, TLS and
// checksums. Only the package manager and the power switch are stubs, because
// there is no network to get packages from and no machine to end. It needs
// root, and must itself run in a network namespace that is its own.
func TestUserDataMakesAMachine(t *testing.T) {
	r := network(t)
	root := r.settings.Runner // the folder that is the machine's root
	script := r.userData(root)

	r.put("probe")
	cold := r.boot(root, script)
	if got := contents(t, filepath.Join(root, bootstrap.Home, "runner-"+released, "probe")); !strings.HasPrefix(got, "closed: ") {
		t.Errorf("a job finds the metadata service %s", got)
	}
	if got := contents(t, filepath.Join(root, "packages")); !strings.Contains(got, "git") {
		t.Errorf("packages: %q", got)
	}
	r.put("job 1s")
	warm := r.boot(root, script)
	r.nothingStored()
	r.tells("ended, done, Succeeded", "ended, done, Succeeded")
	t.Logf("from the user data's start to the runner's: %v, on a prepared image %v", cold, warm)
	if warm > 1500*time.Millisecond {
		t.Errorf("a prepared image takes %v", warm)
	}
}

func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

// command runs a command that must work.
func command(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// network lays a wire between the test and the machine's namespace, and puts
// moto, the metadata service and a file server at this end.
func network(t *testing.T) *rig {
	command(t, "ip", "link", "set", "lo", "up")
	command(t, "ip", "netns", "add", space)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", space).Run() })
	for _, line := range []string{
		"ip link add wire0 type veth peer name wire1 netns " + space,
		"ip addr add " + outside + "/24 dev wire0", "ip addr add " + imds + "/32 dev wire0", "ip link set wire0 up",
		"ip -n " + space + " link set lo up", "ip -n " + space + " addr add " + inside + "/24 dev wire1",
		"ip -n " + space + " link set wire1 up", "ip -n " + space + " route add default via " + outside,
	} {
		command(t, strings.Fields(line)...)
	}
	moto := exec.Command(tool(t, "RUNFLEET_MOTO_SERVER"), "-H", outside, "-p", "5000")
	must(t, moto.Start())
	t.Cleanup(func() { _ = moto.Process.Kill(); _ = moto.Wait() })
	t.Setenv("RUNFLEET_MOTO", "http://"+outside+":5000")

	r := &rig{t: t, dir: t.TempDir(), fleet: "acme", machine: "i-0b007", at: imds + ":80", cloud: openCloud(t)}
	r.mock()
	r.until("moto is up", func() bool {
		resp, err := http.Get(r.cloud.address + "/moto-api/data.json")
		return err == nil && resp.Body.Close() == nil
	})
	r.makeQueue("reports-boot")
	r.settings.Runner = filepath.Join(r.dir, "root")
	command(t, "cp", "-a", tool(t, "RUNFLEET_DEBIAN"), r.settings.Runner)
	return r
}

// userData serves agent and runner, and is the script that fetches them.
func (r *rig) userData(root string) []byte {
	agent, err := os.ReadFile(tool(r.t, "RUNFLEET_AGENT_"+strings.ToUpper(runtime.GOARCH)))
	must(r.t, err)
	release := r.release()
	server := &http.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{r.certificate(root)}}}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/runfleet-agent":
			_, _ = w.Write(agent)
		case "/actions-runner.tar.gz":
			_, _ = w.Write(release)
		default:
			http.NotFound(w, q)
		}
	})
	server.Addr = outside + ":443"
	go func() { _ = server.ListenAndServeTLS("", "") }()
	r.t.Cleanup(func() { _ = server.Close() })

	must(r.t, os.WriteFile(filepath.Join(root, "etc/hosts"), []byte("127.0.0.1 localhost\n"+outside+" "+files+"\n"), 0o644))
	for name, text := range map[string]string{
		"apt-get": "echo \"$*\" >>/packages\ncase $* in *' git'*) ln -sf /bin/true /usr/bin/git ;; esac\n", "poweroff": "echo off >>/off\n",
	} {
		must(r.t, os.WriteFile(filepath.Join(root, "usr/local/sbin", name), []byte("#!/bin/sh\n"+text), 0o755))
	}
	sum := func(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
	script, err := bootstrap.Script(bootstrap.Config{
		Arch:  map[string]fleet.Arch{"amd64": fleet.X86, "arm64": fleet.ARM64}[runtime.GOARCH],
		Agent: bootstrap.File{URL: "https://" + files + "/runfleet-agent", SHA256: sum(agent)},
		Runner: bootstrap.Runner{Version: released, File: bootstrap.File{
			URL: "https://" + files + "/actions-runner.tar.gz", SHA256: sum(release),
		}},
		Settings: bootstrap.Settings{Poll: time.Second, Wait: 30 * time.Second, Reports: strings.Replace(r.queue, "http://", "https://", 1)},
		Patience: 2 * time.Minute,
	})
	must(r.t, err)
	return script
}

// release is a runner's archive.
func (r *rig) release() []byte {
	listener, err := os.ReadFile(tool(r.t, "RUNFLEET_RUNNERSIM"))
	must(r.t, err)
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	archive := tar.NewWriter(zip)
	for name, data := range map[string][]byte{
		"bin/Runner.Listener": listener, "bin/installdependencies.sh": []byte("#!/bin/sh\necho libicu >>/packages\n"),
	} {
		must(r.t, archive.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o755, Size: int64(len(data))}))
		_, err := archive.Write(data)
		must(r.t, err)
	}
	must(r.t, errors.Join(archive.Close(), zip.Close()))
	return out.Bytes()
}

// certificate is the file server's, which the machine trusts.
func (r *rig) certificate(root string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(r.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: files}, DNSNames: []string{files}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(r.t, err)
	must(r.t, os.WriteFile(filepath.Join(root, "trusted.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// boot runs the user data as a machine does at its first boot, to its power-off,
// and says how long it was until the runner's start.
func (r *rig) boot(root string, script []byte) time.Duration {
	r.t.Helper()
	must(r.t, os.WriteFile(filepath.Join(root, "user-data"), script, 0o755))
	home := filepath.Join(root, bootstrap.Home, "runner-"+released)
	_ = os.Remove(filepath.Join(home, "seen.json"))
	_ = os.Remove(filepath.Join(root, "off"))
	began := time.Now()
	// A process namespace too: no power-off from within could reach the host.
	c := exec.Command("ip", "netns", "exec", space, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc="+filepath.Join(root, "proc"),
		"chroot", root, "/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"CURL_CA_BUNDLE=/trusted.pem", "AWS_ENDPOINT_URL="+r.cloud.address, "/user-data")
	r.out = filepath.Join(r.dir, "out")
	out, err := os.Create(r.out)
	must(r.t, err)
	defer out.Close()
	c.Stdout, c.Stderr = out, out
	if err := c.Run(); err != nil {
		r.t.Fatalf("user data: %v\n%s", err, r.said())
	}
	if off := contents(r.t, filepath.Join(root, "off")); !strings.HasPrefix(off, "off\n") {
		r.t.Errorf("power-off: %q\n%s", off, r.said())
	}
	var one seen
	must(r.t, json.Unmarshal([]byte(contents(r.t, filepath.Join(home, "seen.json"))), &one))
	if one.UID == 0 || one.GID == 0 {
		r.t.Errorf("the runner runs as %d:%d", one.UID, one.GID)
	}
	return one.At.Sub(began).Round(time.Millisecond)
}
