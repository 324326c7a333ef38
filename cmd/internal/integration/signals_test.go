package integration_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	armPool = "  - {name: arm64, labels: [self-hosted, linux, arm64], arch: arm64, types: [m7g.large], image: IMAGE-arm64, prepared: true, market: on-demand, max: 5}\n"
	x64Pool = "  - {name: x64, labels: [self-hosted, linux, x64], arch: x86_64, types: [m6i.large], image: IMAGE-x86_64, prepared: true, market: on-demand, max: 5}\n"
)

func TestHangUpReadsTheFleetFileAgainOrRefusesItWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t, "hangup")
	file := s.write("ledger", armPool)
	manager := s.serve(file)
	first := s.hub.queue(time.Minute, "self-hosted", "x64")
	until(t, soon, "a job that no pool fits", func() string {
		_, out := s.verb(file, "explain", fmt.Sprint(first))
		if strings.Contains(out, "now: queued, no-pool") {
			return ""
		}
		return out
	})

	s.write("ledger", armPool+x64Pool)
	manager.signal(syscall.SIGHUP)
	manager.says(`msg="fleet file read again" pools=2`)
	s.machine("x64")

	// Both pools are wrong now, the one that is needed is gone: none of it counts.
	s.write("ledger", strings.Replace(armPool, "max: 5", "max: 0, nonsense: 1", 1))
	manager.signal(syscall.SIGHUP)
	problems := manager.says(`msg="fleet file refused, the old one stays"`)
	for _, want := range []string{file + ":16:", "pools[0].max", "pools[0].nonsense"} {
		if !strings.Contains(problems, want) {
			t.Errorf("the log does not name %s: %s", want, problems)
		}
	}
	s.hub.queue(time.Minute, "self-hosted", "x64")
	until(t, soon, "a second machine of the pool that stays", func() string {
		if n := len(s.alive("x64")); n != 2 {
			return fmt.Sprint(n, " machines")
		}
		return ""
	})
	if code, out := s.verb(file, "status"); code != 2 || !strings.Contains(out, "pools[0].nonsense") {
		t.Errorf("status with a broken file: exit %d: %s", code, out)
	}
}

// TestAConnectionThatBreaksStopsNothing gives a manager what the system sends
// who writes into a connection that is closed at its other end.
func TestAConnectionThatBreaksStopsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, "pipe")
	manager := s.serve(s.write("ledger", armPool))
	manager.signal(syscall.SIGPIPE)
	s.hub.queue(time.Minute, "self-hosted", "arm64")
	s.machine("arm64")
}

func TestATermDrainsBeforeTheEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, "term")
	file := s.write("ledger", armPool)
	const drain = 10 * time.Second
	manager := s.serve(file, "--drain", drain.String())
	if code := s.get(manager.url + "/readyz"); code != http.StatusOK {
		t.Errorf("readyz: %d", code)
	}
	s.forgeries(file, manager.url)

	manager.signal(syscall.SIGTERM)
	asked := time.Now()
	until(t, soon, "readyz is 503", func() string {
		if code := s.get(manager.url + "/readyz"); code != http.StatusServiceUnavailable {
			return fmt.Sprint(code)
		}
		return ""
	})
	if took := time.Since(asked); took > drain/3 {
		t.Errorf("readyz turned 503 after %s, which is not at once", took)
	}
	// The webhook comes when the balancer has been told already.
	job := s.hub.queue(time.Minute, "self-hosted", "arm64")
	until(t, drain, "a webhook is recorded in the drain", func() string {
		_, out := s.verb(file, "jobs")
		if strings.Contains(out, fmt.Sprint(job)) {
			return ""
		}
		return out
	})
	if code := s.get(manager.url + "/healthz"); code != http.StatusOK {
		t.Errorf("healthz in the drain: %d", code)
	}
	if code := manager.code(drain + soon); code != 0 {
		t.Errorf("exit %d", code)
	}
	if took := time.Since(asked); took < drain {
		t.Errorf("it ended after %s, before its drain was over", took)
	}
	if n := s.hub.undelivered(0); n != 0 {
		t.Errorf("%d webhooks were not delivered", n)
	}
	s.tells(file, "jobs", fmt.Sprint(job)) // also without a manager
}

func TestASecondStopEndsTheDrainAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, "twice")
	manager := s.serve(s.write("ledger", armPool), "--drain", time.Hour.String())
	manager.signal(os.Interrupt)
	manager.says("msg=stopping")
	manager.signal(os.Interrupt)
	// Ended by the signal, not by itself.
	if code := manager.code(soon); code != -1 {
		t.Errorf("exit %d", code)
	}
}

func (s *site) get(url string) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	code, _ := send(s.t, r)
	return code
}

// forgeries are deliveries that GitHub did not sign.
func (s *site) forgeries(file, url string) {
	s.t.Helper()
	body, err := os.ReadFile("../../../webhooks/testdata/workflow_job/queued.1.json")
	if err != nil {
		s.t.Fatal(err)
	}
	for name, key := range map[string]string{"another secret": "hush", "no signature": ""} {
		if code, answer := s.post(url, body, 1, key); code != http.StatusUnauthorized {
			s.t.Errorf("%s: %d %s", name, code, answer)
		}
	}
	if _, out := s.verb(file, "jobs", "--all"); strings.Count(out, "\n") != 1 {
		s.t.Errorf("forged jobs are recorded:\n%s", out)
	}
	if code, answer := s.post(url, body, 1, secret); code != http.StatusAccepted {
		s.t.Errorf("the same, well signed: %d %s", code, answer)
	}
}
