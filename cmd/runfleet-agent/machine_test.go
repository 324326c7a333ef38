//go:build machine

// These tests run the built agent against amazon-ec2-metadata-mock, moto's SSM
// and SQS, and a simulated runner: GitHub's own was not run. make machine
// brings what they need.
package main_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// programs are the agents that are shipped, by architecture.
func programs(t *testing.T) map[string][]string {
	arm := []string{tool(t, "RUNFLEET_AGENT_ARM64")}
	x86 := []string{tool(t, "RUNFLEET_AGENT_AMD64")}
	if runtime.GOARCH != "arm64" {
		arm = []string{tool(t, "RUNFLEET_QEMU_ARM64"), arm[0]}
	}
	if runtime.GOARCH != "amd64" {
		x86 = []string{tool(t, "RUNFLEET_QEMU_AMD64"), x86[0]}
	}
	return map[string][]string{"amd64": x86, "arm64": arm}
}

// each runs a test with the agent of either architecture.
func each(t *testing.T, test func(t *testing.T, program []string)) {
	t.Helper()
	for arch, program := range programs(t) {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			test(t, program)
		})
	}
}

// story is reports in short.
func story(reports []fleet.Report) (lines []string) {
	for _, r := range reports {
		line := string(r.Kind)
		if r.Busy {
			line += " busy"
		}
		if r.Kind == fleet.ReportEnded {
			line = strings.TrimSpace(strings.Join([]string{line, string(r.Outcome), r.Result}, ", "))
		}
		lines = append(lines, strings.TrimSuffix(line, ","))
	}
	return lines
}

func (r *rig) tells(want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, story(r.reports())); diff != "" {
		r.t.Errorf("reports (-want +got):\n%s\nthe agent said:\n%s", diff, r.said())
	}
}

// serve serves on loopback for the time of a test.
func serve(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// nothingStored holds that no config is left.
func (r *rig) nothingStored() {
	r.t.Helper()
	stored, err := r.store().Stored(r.t.Context())
	must(r.t, err)
	if len(stored) != 0 {
		r.t.Errorf("left: %v", stored)
	}
}

func TestAJobIsDone(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.put("job 1s")
		began := time.Now()
		r.start()
		r.ended()
		r.nothingStored()
		r.tells("ended, done, Succeeded")

		runs := r.seen()
		if len(runs) != 1 {
			t.Fatalf("the runner was started %d times", len(runs))
		}
		got := runs[0]
		if !cmp.Equal(got.Args, []string{"run"}) || !got.Config || got.UID == 0 || got.GID == 0 {
			t.Errorf("the runner was given %+v", got)
		}
		if slices.ContainsFunc(got.Variables, func(v string) bool { return strings.HasPrefix(v, "AWS_") }) {
			t.Errorf("the runner has the agent's environment: %q", got.Variables)
		}
		t.Logf("from the agent's start to the runner's: %v", got.At.Sub(began).Round(time.Millisecond))
	})
}

func TestARunnerRegistersByToken(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.enrol(true)
		r.start()
		r.ended()
		r.nothingStored()
		r.tells("ended, done, Succeeded")
		runs := r.seen()
		if len(runs) != 2 || !runs[0].Token || runs[1].Token || strings.Contains(strings.Join(runs[0].Args, " "), "hush") {
			t.Errorf("starts: %+v", runs)
		}
	})
}

// enrol is the manager's part of a pool that registers by token.
func (r *rig) enrol(ephemeral bool) {
	r.t.Helper()
	body, err := json.Marshal(fleet.Enrolment{
		Protocol: fleet.EnrolmentProtocol, URL: "https://github.com/acme", Token: "hush", Name: "rf-1", Labels: []string{"arm64"}, Ephemeral: ephemeral,
	})
	must(r.t, err)
	must(r.t, r.store().Put(r.t.Context(), r.machine, base64.StdEncoding.EncodeToString(body)))
}

func TestAConfigComesLater(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.start()
		r.until("the agent is ready", func() bool { return strings.Contains(r.said(), "kind=ready") })
		r.put("job 1s")
		r.ended()
		r.tells("ready", "ended, done, Succeeded")
	})
}

func TestAConfigNeverComes(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.settings.Wait = 2 * time.Second
		r.start()
		r.ended()
		r.tells("ready", "ended, no config")
		if runs := r.seen(); len(runs) != 0 {
			t.Errorf("the runner was started: %+v", runs)
		}
	})
}

// The manager withdraws the config between the agent's get and its delete, and
// puts another one later: the agent must forget the first and take the second.
func TestAConfigIsWithdrawn(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		target, err := url.Parse(r.cloud.address)
		must(t, err)
		var gets atomic.Int32
		proxy := httputil.NewSingleHostReverseProxy(target)
		proxy.ModifyResponse = func(resp *http.Response) error {
			if !strings.HasSuffix(resp.Request.Header.Get("X-Amz-Target"), ".GetParameter") || resp.StatusCode != http.StatusOK || gets.Add(1) > 1 {
				return nil
			}
			taken, err := r.store().Withdraw(t.Context(), r.machine)
			if taken {
				t.Error("the agent deleted before it had an answer")
			}
			return err
		}
		r.endpoint = serve(t, proxy)
		r.put("crash")
		r.start()
		r.until("the agent asks", func() bool { return gets.Load() == 1 })
		r.until("the agent is told that there is nothing", func() bool { return strings.Contains(r.said(), "kind=ready") })
		r.put("job 1s")
		r.ended()
		r.nothingStored()
		r.tells("ready", "ended, done, Succeeded")
		if runs := r.seen(); len(runs) != 1 {
			t.Errorf("the runner was started %d times", len(runs))
		}
	})
}

func TestTheRunnerCrashes(t *testing.T) {
	for play, said := range map[string]string{"crash": "code=2", "die": "code=-1"} {
		t.Run(play, func(t *testing.T) {
			each(t, func(t *testing.T, program []string) {
				r := newRig(t, program)
				r.put(play)
				r.start()
				r.ended()
				r.tells("ended, crashed")
				if !strings.Contains(r.said(), said) {
					t.Errorf("the agent said:\n%s", r.said())
				}
			})
		})
	}
}

func TestTheVersionIsRefused(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.put("refuse")
		r.start()
		r.ended()
		r.tells("ended, refused")
	})
}

func TestARunnerThatUpdatesItselfIsStartedAgain(t *testing.T) {
	each(t, func(t *testing.T, program []string) {
		r := newRig(t, program)
		r.put("update 500ms")
		r.start()
		r.ended()
		r.tells("ended, done, Succeeded")
		if runs := r.seen(); len(runs) != 2 || !runs[0].Config || runs[1].Config {
			t.Errorf("starts: %+v", runs)
		}
	})
}

// seen is what the runner found at each start.
func (r *rig) seen() (all []seen) {
	f, err := os.Open(filepath.Join(r.settings.Runner, "seen.json"))
	if err != nil {
		return nil
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var one seen
		must(r.t, json.Unmarshal(s.Bytes(), &one))
		all = append(all, one)
	}
	return all
}

type seen struct {
	At        time.Time
	Args      []string
	UID, GID  int
	Variables []string
	Config    bool
	Token     bool
}
