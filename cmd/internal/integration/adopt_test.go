package integration_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestAnotherLedgerIsRefusedUntilItAdoptsTheFleet(t *testing.T) {
	t.Parallel()
	s := newSite(t, "adopt")
	file, other := s.write("first", armPool), s.write("second", armPool)
	manager := s.serve(file)
	owner := ledgerID(manager)
	running := s.hub.queue(170*time.Second, "self-hosted", "arm64")
	machine := aws.ToString(s.machine("arm64").InstanceId)
	s.boot(machine)
	s.job(running, "in_progress")

	refused := start(t, s.env, "serve", "--config", other)
	sentence := refused.says("the fleet belongs to another ledger: " + owner)
	if code := refused.code(soon); code != 1 || !strings.Contains(sentence, "runfleet adopt --new") {
		t.Errorf("exit %d: %s", code, sentence)
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, "second.db*")); err != nil || len(left) > 0 {
		t.Errorf("the one that was refused left %q, error %v", left, err)
	}
	code, out := s.verb(other, "adopt", "--new")
	id, _, _ := strings.Cut(strings.TrimPrefix(out, "ledger "), " ")
	if code != 0 || !strings.Contains(out, "owns fleet "+s.fleet+" now") || id == owner {
		t.Fatalf("adopt: exit %d: %s", code, out)
	}
	manager.says("another ledger adopted the fleet, this manager stops")
	if code := manager.code(soon); code != 1 {
		t.Errorf("the first manager: exit %d", code)
	}

	// Nobody serves: GitHub cannot deliver, and the next manager reads it back.
	missed := s.hub.queue(time.Second, "self-hosted", "arm64")
	until(t, 2*time.Minute, "a webhook is lost, and old enough to be judged so", func() string {
		if s.hub.undelivered(time.Minute) == 0 {
			return "none is"
		}
		return ""
	})
	second := s.serve(other)
	second.says(`msg="lost deliveries recorded"`)
	second.says("msg=adopt machine=" + machine)
	s.tells(other, "machines list", machine)
	s.tells(other, "jobs", fmt.Sprint(missed))
	s.handedOver(other, machine, running, missed)
}

// handedOver serves both jobs to their end: the one that ran all the time, and
// the one that nobody heard of at first.
func (s *site) handedOver(file, machine string, running, missed jobID) {
	s.t.Helper()
	var fresh string
	// GitHub is asked, a minute on, that the busy runner does not have it.
	until(s.t, slow, "a machine for the job that was missed", func() string {
		for _, i := range s.alive("arm64") {
			if id := aws.ToString(i.InstanceId); id != machine {
				fresh = id
				return ""
			}
		}
		return "there is none"
	})
	if o := s.hub.job(running); o.Status != "in_progress" {
		s.t.Errorf("the job that was missed had to wait for the one that runs, or that was stopped: %+v", o)
	}
	s.boot(fresh)
	s.job(missed, "success")
	// A machine that EC2 shows terminated before its job's webhooks came looks
	// like one that never had it: real ones take longer to shut down.
	until(s.t, soon, "the ledger hears that the job is done", func() string {
		_, out := s.verb(file, "explain", fmt.Sprint(missed))
		if strings.Contains(out, "now: done") {
			return ""
		}
		return out
	})
	s.aws.powerOff(fresh)
	s.job(running, "success")
	s.aws.powerOff(machine)
	s.status(file, "0 jobs wait, 0 run; 0 machines, 0 intents open")
	s.tells(file, fmt.Sprint("explain ", running), "done: success")
	if launched := s.aws.instances(s.fleet); len(launched) != 2 {
		s.t.Errorf("two jobs took %d machines", len(launched))
	}
	if left := s.aws.parameters("/runfleet/" + s.fleet + "/machines"); len(left)+len(s.alive("")) != 0 {
		s.t.Errorf("left: %v, %v", left, idsOf(s.alive("")))
	}
}
