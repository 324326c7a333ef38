//go:build machine

package main_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/bootstrap"
	"github.com/runfleet/runfleet/provision/queue"
	"github.com/runfleet/runfleet/provision/tokens"
)

// tool is what an environment variable of .ci/machine names.
func tool(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is not set: make machine runs these tests with all they need", variable)
	}
	return value
}

// cloud is a moto, as the manager's side sees it.
type cloud struct {
	address string
	ssm     *ssm.Client
	sqs     *sqs.Client
}

func openCloud(t *testing.T) cloud {
	address := tool(t, "RUNFLEET_MOTO")
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(address),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "moto", SecretAccessKey: "moto"}, nil
		}),
	}
	return cloud{address, ssm.NewFromConfig(cfg), sqs.NewFromConfig(cfg)}
}

// rig is one machine: a metadata service, a runner's folder, a power switch.
type rig struct {
	t        *testing.T
	cloud    cloud
	dir      string
	program  []string // the agent, and what runs it
	settings bootstrap.Settings
	endpoint string // of AWS, for the agent; moto's if empty
	at       string // address of the metadata service; one on loopback if empty
	metadata string // its URL
	stop     func() // ends it
	fleet    string
	machine  fleet.MachineID
	standing bool
	queue    string

	cmd  *exec.Cmd
	out  string // path of what the agent wrote
	done chan error

	boots int // of a whole system
}

var count atomic.Int32

// newRig is a machine whose runner and agent are not started.
func newRig(t *testing.T, program []string) *rig {
	t.Helper()
	id := fmt.Sprintf("%x%03x", os.Getpid(), count.Add(1))
	r := &rig{t: t, cloud: openCloud(t), program: program, dir: t.TempDir(), fleet: "fleet" + id, machine: fleet.MachineID("i-" + id)}
	for d := r.dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755)) // for the runner's user
	}
	r.settings = bootstrap.Settings{
		Poll: 200 * time.Millisecond, Wait: 30 * time.Second, Watch: 200 * time.Millisecond, Margin: 2 * time.Second, Grace: 2 * time.Second,
	}
	r.install()
	r.mock()
	r.makeQueue("reports-" + id)
	r.settings.Reports = r.queue
	return r
}

func (r *rig) makeQueue(name string) {
	r.t.Helper()
	made, err := r.cloud.sqs.CreateQueue(r.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name)})
	must(r.t, err)
	r.queue = *made.QueueUrl
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// install puts the simulated runner in its folder, owned by its user, and a
// power switch into bin that leaves its mark.
func (r *rig) install() {
	u, err := user.Current()
	must(r.t, err)
	if u.Uid == "0" {
		u, err = user.Lookup("nobody")
		must(r.t, err)
	}
	r.settings.Runner, r.settings.User = filepath.Join(r.dir, "runner"), u.Username
	must(r.t, os.MkdirAll(filepath.Join(r.settings.Runner, "bin"), 0o755))
	program, err := os.ReadFile(tool(r.t, "RUNFLEET_RUNNERSIM"))
	must(r.t, err)
	must(r.t, os.WriteFile(filepath.Join(r.settings.Runner, "bin", "Runner.Listener"), program, 0o755))
	uid, err := strconv.Atoi(u.Uid)
	must(r.t, err)
	gid, err := strconv.Atoi(u.Gid)
	must(r.t, err)
	must(r.t, os.Chown(r.settings.Runner, uid, gid))

	bin := filepath.Join(r.dir, "bin")
	must(r.t, os.Mkdir(bin, 0o755))
	must(r.t, os.WriteFile(filepath.Join(bin, "poweroff"), []byte("#!/bin/sh\necho off >>'"+filepath.Join(r.dir, "off")+"'\n"), 0o755))
	for _, name := range []string{"sh", "sleep"} { // for the simulated runner's update
		path, err := exec.LookPath(name)
		must(r.t, err)
		must(r.t, os.Symlink(path, filepath.Join(bin, name)))
	}
}

// mock starts a metadata service of the machine's own, in place of the last
// one. What Spot says comes as the mock's flags tell it; never, without any.
func (r *rig) mock(notices ...string) {
	config := filepath.Join(r.dir, "metadata.json")
	tags := "/latest/meta-data/tags/instance/runfleet:"
	paths := map[string]string{"tags-instance-name": tags + "fleet", "tags-instance-test": tags + "pool"}
	values := map[string]string{"instance-id": string(r.machine), "tags-instance-name": r.fleet, "tags-instance-test": "arm64"}
	if r.standing { // the mock knows no third tag, but paths that nobody asks for
		paths["ramdisk-id"], values["ramdisk-id"] = tags+"lifetime", string(fleet.Standing)
	}
	data, err := json.Marshal(map[string]any{"metadata": map[string]any{"paths": paths, "values": values}})
	must(r.t, err)
	must(r.t, os.WriteFile(config, data, 0o644))
	if r.at == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(r.t, err)
		r.at = l.Addr().String()
		must(r.t, l.Close())
	}
	host, port, err := net.SplitHostPort(r.at)
	must(r.t, err)
	if notices == nil {
		notices = []string{"-d", "100000", "--rebalance-delay-sec", "100000"}
	}
	args := append([]string{"-n", host, "-p", port, "--imdsv2", "-c", config, "spot"}, notices...)
	if r.stop != nil {
		r.stop()
	}
	mock := exec.Command(tool(r.t, "RUNFLEET_METADATA_MOCK"), args...)
	must(r.t, mock.Start())
	r.stop = sync.OnceFunc(func() { _ = mock.Process.Kill(); _ = mock.Wait() })
	r.t.Cleanup(r.stop)
	r.metadata = "http://" + r.at
	r.until("the metadata service is up", func() bool {
		resp, err := http.Get(r.metadata + "/latest/meta-data/")
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusUnauthorized
	})
}

// until waits for what must come.
func (r *rig) until(what string, so func() bool) {
	r.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("it never came that %s; the agent said:\n%s", what, r.said())
		}
	}
}

// start starts the agent.
func (r *rig) start() {
	r.t.Helper()
	path := filepath.Join(r.dir, "agent.json")
	data, err := bootstrap.EncodeSettings(r.settings)
	must(r.t, err)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		must(r.t, os.WriteFile(path, data, 0o644))
	}
	r.out = filepath.Join(r.dir, "out")
	out, err := os.Create(r.out)
	must(r.t, err)
	defer out.Close()
	endpoint := r.endpoint
	if endpoint == "" {
		endpoint = r.cloud.address
	}
	r.cmd = exec.Command(r.program[0], append(r.program[1:len(r.program):len(r.program)], path)...)
	r.cmd.Env = []string{"PATH=" + filepath.Join(r.dir, "bin"), "AWS_ENDPOINT_URL=" + endpoint, "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + r.metadata}
	r.cmd.Stdout, r.cmd.Stderr = out, out
	must(r.t, r.cmd.Start())
	r.done = make(chan error, 1)
	go func() { r.done <- r.cmd.Wait() }()
	r.t.Cleanup(func() { _ = r.cmd.Process.Kill() })
}

// ended waits for the agent's end, and holds that the machine was powered off,
// once, and that the config was told to nobody.
func (r *rig) ended() {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(90 * time.Second):
		r.t.Fatalf("the agent does not end; it said:\n%s", r.said())
	}
	if off, _ := os.ReadFile(filepath.Join(r.dir, "off")); string(off) != "off\n" {
		r.t.Errorf("power-off: %q; the agent said:\n%s", off, r.said())
	}
	if said := r.said(); strings.Contains(said, "hush") || strings.Contains(said, base64.StdEncoding.EncodeToString([]byte("hush"))) {
		r.t.Errorf("the agent told a secret:\n%s", said)
	}
}

func (r *rig) said() string {
	data, _ := os.ReadFile(r.out)
	return string(data)
}

func (r *rig) store() *tokens.Store {
	return &tokens.Store{SSM: r.cloud.ssm, Fleet: r.fleet, Region: "us-east-1", Account: "123456789012"}
}

// config is a runner's, which plays.
func config(name, play string) string {
	settings, _ := json.Marshal(map[string]any{"AgentName": name, "Ephemeral": true, "Play": play})
	data, _ := json.Marshal(map[string][]byte{
		".runner": settings, ".credentials": []byte(`{"scheme":"OAuth"}`), ".credentials_rsaparams": []byte("hush"),
	})
	return base64.StdEncoding.EncodeToString(data)
}

// put is the manager's part: a config for the machine.
func (r *rig) put(play string) {
	r.t.Helper()
	must(r.t, r.store().Put(r.t.Context(), r.machine, config("rf-"+string(r.machine), play)))
}

// reports are what the manager would find in its queue, oldest first. One that
// came twice counts once: a report is sent again when its answer is lost.
func (r *rig) reports() []fleet.Report {
	r.t.Helper()
	var all []fleet.Report
	for {
		out, err := r.cloud.sqs.ReceiveMessage(r.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(r.queue), MaxNumberOfMessages: 10})
		must(r.t, err)
		if len(out.Messages) == 0 {
			return all
		}
		for _, m := range out.Messages {
			report, err := queue.DecodeReport([]byte(*m.Body))
			must(r.t, err)
			if !slices.Contains(all, report) {
				all = append(all, report)
			}
		}
	}
}
