package integration_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/provision/awsproxy"
)

var burstJobs = flag.Int("burst-jobs", 40, "jobs of the burst")

// Calls of one ephemeral job's own, on the wire: what the fleet is built for,
// and the room that a test beside others needs.
const (
	githubPerJob = 1
	awsPerJob    = 4
	callRoom     = 1.25
)

// burst is many jobs at once, and what they cost.
type burst struct {
	*crew
	file     string
	began    time.Time
	own      map[string]int // calls of AWS about single machines, by operation
	launched time.Time      // when the last launch was done
	limit    string         // the first that jobs had to wait for, in the manager's words
	limitAt  time.Duration
}

func TestABurstOfJobsCostsFewCalls(t *testing.T) {
	t.Parallel()
	s := newSite(t, "burst")
	b := &burst{crew: s.newCrew(1), own: map[string]int{}}
	calls := make(chan awsproxy.Call, 100_000)
	b.wire.Watch(func(c awsproxy.Call) { calls <- c })
	b.file = s.write("burst", strings.Replace(armPool, "max: 5", fmt.Sprint("max: ", *burstJobs), 1))
	s.serve(b.file).says("launch template made")
	atStart := b.hub.calls()
	b.began = time.Now()
	for range *burstJobs {
		s.hub.queue(2*time.Second, "self-hosted", "linux", "arm64")
	}
	queued := time.Since(b.began)
	until(t, slow+time.Duration(*burstJobs)*time.Second, "all jobs are done", func() string {
		for len(calls) > 0 {
			b.counts(<-calls)
		}
		done := 0
		for _, o := range b.step() {
			if o.Status == "completed" {
				done++
			}
		}
		b.waits()
		if done < *burstJobs {
			return fmt.Sprint(done, " are")
		}
		return ""
	})
	t.Logf("%d jobs queued within %s, the last launch after %s, the last job done after %s", *burstJobs,
		queued.Round(time.Millisecond), b.launched.Sub(b.began).Round(time.Millisecond), time.Since(b.began).Round(time.Millisecond))
	t.Logf("first limit: %q after %s", b.limit, b.limitAt.Round(time.Second))
	s.status(b.file, "0 jobs wait, 0 run; 0 machines, 0 intents open")
	b.cheap(atStart)
}

// counts a call that AWS has done.
func (b *burst) counts(c awsproxy.Call) {
	b.saw(c)
	var about struct{ Name string }
	switch {
	case c.Operation == "CreateFleet":
		b.launched = time.Now()
	case json.Unmarshal(c.Body, &about) != nil || !strings.HasPrefix(about.Name, b.path("")):
		return
	}
	b.own[c.Operation]++
}

// waits notes why the first jobs had to wait for something else than a machine.
func (b *burst) waits() {
	if b.limit != "" {
		return
	}
	_, out := b.verb(b.file, "jobs", "-o", "json")
	var rows []struct{ Verdict, Detail string }
	if json.Unmarshal([]byte(out), &rows) != nil {
		return // a line of the log came between
	}
	for _, r := range rows {
		if !slices.Contains([]string{"", "covered", "launching"}, r.Verdict) {
			b.limit, b.limitAt = r.Verdict+": "+r.Detail, time.Since(b.began)
			return
		}
	}
}

// calls is what GitHub was asked so far, by operation.
func (h *hub) calls() (all map[string]int) {
	h.t.Helper()
	h.ask("GET", "/_sim/calls", nil, &all)
	return all
}

// cheap checks what one job cost, and tells all that was called.
func (b *burst) cheap(atStart map[string]int) {
	b.t.Helper()
	github, jobs := b.hub.calls(), float64(*burstJobs)
	for op, n := range atStart {
		github[op] -= n
	}
	own := 0
	for _, n := range b.own {
		own += n
	}
	b.t.Logf("GitHub: %s", perJob(github, jobs))
	b.t.Logf("AWS, of machines' own: %s", perJob(b.own, jobs))
	for service, calls := range b.wire.Calls() {
		b.t.Logf("AWS, %s in all: %s", service, perJob(calls, jobs))
	}
	if n := float64(github["generate-jitconfig"]+github["delete-runner"]) / jobs; n > githubPerJob*callRoom {
		b.t.Errorf("GitHub: %.2f calls a job, the bound is %d", n, githubPerJob)
	}
	if n := float64(own) / jobs; n > awsPerJob*callRoom {
		b.t.Errorf("AWS: %.2f calls a job, the bound is %d", n, awsPerJob)
	}
}

func perJob(calls map[string]int, jobs float64) string {
	var all []string
	for _, op := range slices.Sorted(maps.Keys(calls)) {
		if calls[op] > 0 {
			all = append(all, fmt.Sprintf("%s %d (%.3f a job)", op, calls[op], float64(calls[op])/jobs))
		}
	}
	return strings.Join(all, ", ")
}
