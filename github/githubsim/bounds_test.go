package githubsim_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

func TestAnIdleRunnerIsRemovedAfterFiveMinutesAndNoSooner(t *testing.T) {
	s := newSim(t, nil)
	id := s.connected("one", "linux")
	at := fmt.Sprintf("/orgs/acme/actions/runners/%d", id)
	s.run(5*time.Minute - time.Second)
	s.call("GET", at, nil, 200, nil)
	s.run(time.Second)
	s.call("GET", at, nil, 404, nil)
	s.run(time.Second)
	if diff := cmp.Diff([]string{fmt.Sprint(id, " idle")}, s.released); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}

func TestAJobThatNobodyPicksUpGoesBackAfterAMinute(t *testing.T) {
	s := newSim(t, nil)
	dead := s.connected("dead", "self-hosted", "linux")
	s.Vanish(dead) // still shown online
	s.queued(githubsim.JobSpec{})
	for s.Runners()[0].Job == 0 {
		s.run(100 * time.Millisecond)
		if s.now.Hour() > 9 {
			t.Fatal("the dead runner was not assigned the job")
		}
	}
	s.run(time.Minute - 200*time.Millisecond)
	if s.Runners()[0].Job == 0 {
		t.Error("the job went back before the minute was over")
	}
	s.run(200 * time.Millisecond)
	if got := s.Runners()[0].Job; got != 0 {
		t.Errorf("job %d is still with the dead runner", got)
	}
}

func TestAnAssignedRunnerIsBusyBeforeItsJobRuns(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) { c.Faults.NotPickedUp.Rate = 1 })
	runner := s.connected("one", "self-hosted", "linux")
	job := s.queued(githubsim.JobSpec{})
	s.run(10 * time.Second)
	if got := s.outcome(job).Status; got != "queued" {
		t.Errorf("the job is %s", got)
	}
	s.call("DELETE", fmt.Sprintf("/orgs/acme/actions/runners/%d", runner), nil, 422, nil)
}

func TestADeletedRunnerHearsOfItOnce(t *testing.T) {
	s := newSim(t, nil)
	id := s.connected("one", "linux")
	at := fmt.Sprintf("/orgs/acme/actions/runners/%d", id)
	s.call("DELETE", at, nil, 204, nil)
	if len(s.released) != 0 {
		t.Errorf("released %v before any time passed", s.released)
	}
	s.call("DELETE", at, nil, 404, nil)
	s.run(time.Hour)
	if diff := cmp.Diff([]string{fmt.Sprint(id, " deleted")}, s.released); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}

func TestADoubleComesUnderOneGUIDWithOneBody(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) { c.Faults.Double.Rate = 1 })
	s.queued(githubsim.JobSpec{})
	s.run(10 * time.Minute)
	bodies := map[string][]string{}
	for _, h := range s.hooks {
		guid := h.header.Get("X-GitHub-Delivery")
		bodies[guid] = append(bodies[guid], string(h.body))
	}
	if len(bodies) != 2 { // of the run and of the job
		t.Errorf("%d GUIDs, want 2", len(bodies))
	}
	for guid, same := range bodies {
		if len(same) != 2 || same[0] != same[1] {
			t.Errorf("%s came %d times, want twice and the same", guid, len(same))
		}
	}
	var list []kept
	s.asApp("GET", "/app/hook/deliveries", 200, &list)
	got := map[string]int{}
	for _, d := range list {
		got[d.GUID]++
		if d.Status != "OK" || d.Redelivery {
			t.Errorf("listed as %+v", d)
		}
	}
	for guid := range bodies {
		if got[guid] != 2 {
			t.Errorf("%s is listed %d times, want twice", guid, got[guid])
		}
	}
}

func TestALostDeliveryIsReadBackAsItWouldHaveArrived(t *testing.T) {
	s := newSim(t, func(c *githubsim.Config) { c.Faults.Loss.Rate = 1 })
	job := s.queued(githubsim.JobSpec{})
	s.run(time.Minute)
	s.Cancel(job) // what is kept stays as it was
	var list []kept
	s.asApp("GET", "/app/hook/deliveries", 200, &list)
	for _, d := range list {
		var full struct {
			Request struct {
				Headers map[string]string
				Payload json.RawMessage
			}
		}
		s.asApp("GET", fmt.Sprintf("/app/hook/deliveries/%d", d.ID), 200, &full)
		mac := hmac.New(sha256.New, []byte("hush"))
		mac.Write(full.Request.Payload)
		want := map[string]string{
			"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)), "X-Github-Delivery": d.GUID, "X-Github-Event": d.Event,
		}
		for k, v := range want {
			if got := full.Request.Headers[k]; got != v {
				t.Errorf("%s is %q, want %q", k, got, v)
			}
		}
		if d.Event == "workflow_job" {
			github().value(t, "webhook-workflow-job-queued", full.Request.Payload)
			var body struct {
				Job struct {
					Status     string
					Conclusion *string
				} `json:"workflow_job"`
			}
			s.must(json.Unmarshal(full.Request.Payload, &body))
			if body.Job.Status != "queued" || body.Job.Conclusion != nil {
				t.Errorf("status %s, conclusion %v, want queued and none", body.Job.Status, body.Job.Conclusion)
			}
		}
	}
	if len(list) != 2 {
		t.Errorf("%d deliveries, want 2", len(list))
	}
}

func TestADeliveryIsKeptForThreeDaysAndNoLonger(t *testing.T) {
	s := newSim(t, nil)
	s.Ping()
	s.run(3 * 24 * time.Hour) // the delivery left a moment after the event
	var list []kept
	s.asApp("GET", "/app/hook/deliveries", 200, &list)
	if len(list) != 1 {
		t.Fatalf("%d deliveries, want 1", len(list))
	}
	at := fmt.Sprintf("/app/hook/deliveries/%d", list[0].ID)
	s.asApp("GET", at, 200, nil)
	s.run(2 * time.Second)
	s.asApp("GET", at, 404, nil)
	s.asApp("POST", at+"/attempts", 404, nil)
	s.asApp("GET", "/app/hook/deliveries", 200, &list)
	if len(list) != 0 {
		t.Errorf("deliveries: %+v", list)
	}
}
