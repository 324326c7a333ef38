package dynamodb

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

// seed writes queued jobs as rows, faster than one by one.
func seed(t testing.TB, s *Store, n int) {
	t.Helper()
	var writes []write
	for i := range n {
		r := row{job: *waiting(i + 1).Job}
		r.job.RecordedAt, r.job.ChangedAt = ledgertest.Noon, ledgertest.Noon
		it, err := r.item(token())
		if err != nil {
			t.Fatal(err)
		}
		writes = append(writes, put(it))
	}
	if err := s.batch(t.Context(), writes); err != nil {
		t.Fatal(err)
	}
}

// largeCommit is the plan of a burst: eighty intents, and a verdict and a launch
// for each of many jobs.
func largeCommit(jobs []fleet.Job) fleet.Change {
	var c fleet.Change
	for i := range 80 {
		c.Reserve = append(c.Reserve, fleet.Intent{
			ID: fleet.IntentID(fmt.Sprintf("a-%02d", i)), ReservedAt: ledgertest.Noon, Reason: "4 jobs wait and no machine is coming",
			Launch: &fleet.Launch{Pool: fmt.Sprint("p", i), Count: 4, Market: fleet.Spot},
		})
	}
	for _, j := range jobs {
		j.Launches, j.LaunchedAt = 1, ledgertest.Noon
		c.Jobs = append(c.Jobs, j)
		c.Verdicts = append(c.Verdicts, fleet.JobVerdict{Job: j.Key, Verdict: fleet.Verdict{Code: fleet.Launching, Detail: "pool p, spot"}})
	}
	return c
}

// largeSettle is what came of three launches: a hundred and fifty machines.
func largeSettle() fleet.Change {
	c := fleet.Change{Marks: map[string]string{"m": "1"}}
	for i := range 150 {
		in := fleet.IntentID(fmt.Sprint("l", i%3))
		c.Machines = append(c.Machines, fleet.Machine{ID: fleet.MachineID(fmt.Sprintf("i-%03d", i)), Intent: in, Pool: "p", LaunchedAt: ledgertest.Noon})
	}
	c.Settle = []fleet.IntentID{"l0", "l1", "l2"}
	return c
}

// dies has a process end behind its n-th request.
func dies(n int) fault {
	return func(_ string, is int) outcome {
		if is > n {
			return dead
		}
		return fine
	}
}

// TestACrashWithinALargePlan ends a process behind each of its requests, of which
// a plan of this size sends three. Whatever is missing then, the next look writes.
func TestACrashWithinALargePlan(t *testing.T) {
	const jobs, requests = 120, 3
	for at := 0; ; at++ {
		w, api, name := table(t)
		s := open(t, api, name)
		seed(t, s, jobs)
		before := state(t, s)
		plan := largeCommit(before.Jobs)
		w.reset(dies(at))
		err := s.Commit(t.Context(), 1, plan)
		w.reset(nil)
		if at == 0 && !errors.Is(err, ledger.ErrBusy) || at > 0 && err != nil {
			t.Fatalf("%d requests: error %v", at, err)
		}
		s = open(t, api, name)
		after := state(t, s)
		if at == 0 {
			if diff := cmp.Diff(before, after); diff != "" {
				t.Fatalf("nothing was sent, state (-before +after):\n%s", diff)
			}
			continue
		}
		if diff := cmp.Diff(plan.Reserve, after.Intents); diff != "" || after.Number != 2 {
			t.Fatalf("%d requests: number %d, intents (-want +got):\n%s", at, after.Number, diff)
		}
		if n, want := launched(after.Jobs), min(jobs, partRows-80+(at-1)*partRows); n != want {
			t.Errorf("%d requests: %d jobs are counted as launched for, want %d", at, n, want)
		}
		again := fleet.Change{Jobs: plan.Jobs, Verdicts: plan.Verdicts}
		if err := s.Commit(t.Context(), 2, again); err != nil {
			t.Fatal(err)
		}
		whole(t, s, jobs)
		if at > requests {
			return
		}
	}
}

func launched(jobs []fleet.Job) (n int) {
	for _, j := range jobs {
		n += j.Launches
	}
	return n
}

// whole holds that every job was told of its launch, once.
func whole(t *testing.T, s *Store, jobs int) {
	t.Helper()
	if n := launched(state(t, s).Jobs); n != jobs {
		t.Errorf("%d of %d jobs are counted as launched for", n, jobs)
	}
	for _, id := range []fleet.JobID{1, 19, 20, fleet.JobID(jobs)} {
		_, story, err := s.Explain(t.Context(), id)
		if err != nil || len(story) != 2 || story[1].Text != "launching: pool p, spot" {
			t.Errorf("story of job %d: %+v, error %v", id, story, err)
		}
	}
}

// TestACrashWithinALargeOutcome ends a process behind each of its requests: an
// intent is gone only when all that came of it is there. The repeat, after the
// intent was sent again, ends as if nothing had happened.
func TestACrashWithinALargeOutcome(t *testing.T) {
	for at := 0; ; at++ {
		w, api, name := table(t)
		s := open(t, api, name)
		var open3 fleet.Change
		for i := range 3 {
			open3.Reserve = append(open3.Reserve, fleet.Intent{ID: fleet.IntentID(fmt.Sprint("l", i)), Launch: &fleet.Launch{Count: 50}})
		}
		if err := s.Commit(t.Context(), 1, open3); err != nil {
			t.Fatal(err)
		}
		w.reset(dies(at))
		err := s.Settle(t.Context(), largeSettle())
		w.reset(nil)
		s = open(t, api, name)
		after := state(t, s)
		if len(after.Intents) < 3 && (len(after.Machines) != 150 || after.Marks["m"] != "1") {
			t.Errorf("%d requests: %d intents are open, %d machines known", at, len(after.Intents), len(after.Machines))
		}
		if err := s.Settle(t.Context(), largeSettle()); err != nil {
			t.Fatal(err)
		}
		after = state(t, s)
		if diff := cmp.Diff(largeSettle().Machines, after.Machines); diff != "" || len(after.Intents) > 0 || after.Number != 2 {
			t.Errorf("%d requests, then repeated: %d intents, number %d, machines (-want +got):\n%s", at, len(after.Intents), after.Number, diff)
		}
		if err == nil {
			return
		}
	}
}

// TestACrashWhileJobsAreClosed ends a process behind each of its requests: every
// job is in one place.
func TestACrashWhileJobsAreClosed(t *testing.T) {
	const jobs = 120
	for at := 0; ; at++ {
		w, api, name := table(t)
		s := open(t, api, name)
		var writes []write
		var c fleet.Change
		for i := range jobs {
			r := row{job: *waiting(i + 1).Job}
			r.job.Status, r.job.Runner, r.job.ChangedAt = fleet.Done, fleet.RunnerName("f", "i-0a", 1), ledgertest.Noon
			it, err := r.item(token())
			if err != nil {
				t.Fatal(err)
			}
			writes = append(writes, put(it))
			r.job.Closed = true
			c.Jobs = append(c.Jobs, r.job)
		}
		if err := s.batch(t.Context(), writes); err != nil {
			t.Fatal(err)
		}
		w.reset(dies(at))
		err := s.Settle(t.Context(), c)
		w.reset(nil)
		alive := len(state(t, s).Jobs)
		all, e := s.Jobs(t.Context(), ledger.Query{Limit: 2 * jobs})
		closed := 0
		for _, j := range all {
			if j.Closed {
				closed++
			}
		}
		if e != nil || alive+closed != jobs || len(all) != jobs || err == nil && alive > 0 {
			t.Errorf("%d requests: %d jobs alive, %d closed, %d in all, error %v", at, alive, closed, len(all), e)
		}
		if err == nil {
			return
		}
	}
}

// TestTheRestOfAnOvertakenPlanIsNotWritten has another manager commit behind the
// first part of a large plan.
func TestTheRestOfAnOvertakenPlanIsNotWritten(t *testing.T) {
	w, api, name := table(t)
	slow, quick := open(t, api, name), open(t, api, name)
	seed(t, slow, 100)
	jobs := state(t, slow).Jobs
	overtaken := false
	w.set(func() {
		w.behind = func(op string) {
			if op == "TransactWriteItems" && !overtaken {
				overtaken = true
				v := fleet.JobVerdict{Job: jobs[99].Key, Verdict: fleet.Verdict{Code: fleet.Covered}}
				if err := quick.Commit(t.Context(), 2, fleet.Change{Verdicts: []fleet.JobVerdict{v}}); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if err := slow.Commit(t.Context(), 1, largeCommit(jobs)); err != nil {
		t.Fatal(err)
	}
	after := state(t, slow)
	last := after.Jobs[99]
	if after.Number != 3 || len(after.Intents) != 80 || launched(after.Jobs) != partRows-80 || last.Verdict.Code != fleet.Covered {
		t.Errorf("number %d, %d intents, %d jobs launched for, verdict %s", after.Number, len(after.Intents), launched(after.Jobs), last.Verdict)
	}
}

func TestAPlanThatNoTransactionTakesIsRefusedWhole(t *testing.T) {
	_, api, name := table(t)
	s := open(t, api, name)
	var c fleet.Change
	for i := range 100 {
		c.Reserve = append(c.Reserve, fleet.Intent{ID: fleet.IntentID(fmt.Sprint(i)), Sweep: &fleet.Sweep{}})
	}
	before := state(t, s)
	if err := s.Commit(t.Context(), 1, c); !errors.Is(err, errLarge) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(before, state(t, s)); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
}
