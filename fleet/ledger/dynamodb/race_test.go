package dynamodb

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

// every refuses each n-th transaction for another's at work on its rows, as
// DynamoDB does when writers meet.
func every(n int) fault {
	met := 0
	return func(op string, _ int) outcome {
		if op == "TransactWriteItems" {
			met++
		}
		if op == "TransactWriteItems" && met%n == 0 {
			return conflicting
		}
		return fine
	}
}

func TestTwoWritersRaceAndOneWinsEachNumber(t *testing.T) {
	w, api, name := table(t)
	writers := []*Store{open(t, api, name), open(t, api, name)}
	w.reset(every(3))
	for range 200 {
		before, err := writers[0].Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		errs := make([]error, len(writers))
		var both sync.WaitGroup
		for i, s := range writers {
			both.Go(func() {
				id := fleet.IntentID(fmt.Sprint("by-", i))
				errs[i] = s.Commit(t.Context(), before.Number, fleet.Change{
					Reserve: []fleet.Intent{{ID: id, Remove: &fleet.Remove{Name: "n"}}},
					Marks:   map[string]string{"winner": string(id)},
				})
			})
		}
		both.Wait()
		after, err := writers[1].Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		won := 0
		if errs[0] != nil {
			won = 1
		}
		if errs[won] != nil || !errors.Is(errs[1-won], ledger.ErrConflict) {
			t.Fatalf("number %d: errors %v", before.Number, errs)
		}
		winner := fmt.Sprint("by-", won)
		if after.Number != before.Number+1 || len(after.Intents) != 1 || string(after.Intents[0].ID) != winner || after.Marks["winner"] != winner {
			t.Fatalf("%s won number %d: %+v", winner, before.Number, after)
		}
		if err := writers[0].Settle(t.Context(), fleet.Change{Settle: []fleet.IntentID{after.Intents[0].ID}}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEventsAndPlansRaceForOneJob holds that neither loses what is its own when
// both write a job's row at once.
func TestEventsAndPlansRaceForOneJob(t *testing.T) {
	w, api, name := table(t)
	manager, handler := open(t, api, name), open(t, api, name)
	w.reset(every(5))
	for i := range 50 {
		job := waiting(i + 1)
		if _, err := handler.Record(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		state, err := manager.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		launched := state.Jobs[len(state.Jobs)-1]
		launched.Launches = 1
		running := waiting(i + 1)
		running.ID, running.Job.Status, running.Job.Runner = fmt.Sprint("r", i), fleet.Running, "rf-f-i-0a-1"
		var both sync.WaitGroup
		both.Go(func() {
			v := fleet.JobVerdict{Job: launched.Key, Verdict: fleet.Verdict{Code: fleet.Launching}}
			if err := manager.Commit(t.Context(), state.Number, fleet.Change{Jobs: []fleet.Job{launched}, Verdicts: []fleet.JobVerdict{v}}); err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if fresh, err := handler.Record(t.Context(), running, running); err != nil || !fresh[0] || fresh[1] {
				t.Errorf("fresh %v, error %v", fresh, err)
			}
		})
		both.Wait()
		got, _, err := manager.Explain(t.Context(), launched.Key.ID)
		if err != nil || got.Status != fleet.Running || got.Launches != 1 || got.Verdict != (fleet.Verdict{}) {
			t.Fatalf("row %+v, error %v", got, err)
		}
	}
}

func TestManyRecordersOfOneDeliveryRecordItOnce(t *testing.T) {
	_, api, name := table(t)
	news := make([]bool, 8)
	var all sync.WaitGroup
	for i := range news {
		s := open(t, api, name)
		all.Go(func() {
			fresh, err := s.Record(t.Context(), waiting(1))
			if err != nil {
				t.Error(err)
				return
			}
			news[i] = fresh[0]
		})
	}
	all.Wait()
	n := 0
	for _, fresh := range news {
		if fresh {
			n++
		}
	}
	if n != 1 {
		t.Errorf("it was news to %d of %d", n, len(news))
	}
}

// TestNoticesRaceForOneMachine has EventBridge and the agent tell the same at
// once: an interruption stays one, with its deadline.
func TestNoticesRaceForOneMachine(t *testing.T) {
	w, api, name := table(t)
	s := open(t, api, name)
	w.reset(every(4))
	deadline := ledgertest.Noon.Add(2 * time.Minute)
	for i := range 30 {
		m := fleet.MachineID(fmt.Sprintf("i-%03d", i))
		var all sync.WaitGroup
		for k, n := range []fleet.Notice{
			{Machine: m, Kind: fleet.Rebalance}, {Machine: m, Kind: fleet.Interruption}, {Machine: m, Kind: fleet.Interruption, Deadline: deadline},
		} {
			all.Go(func() {
				if _, err := s.Record(t.Context(), fleet.Event{ID: fmt.Sprint(i, "-", k), Notice: &n}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		got := state(t, s).Notices
		want := fleet.Notice{Machine: m, Kind: fleet.Interruption, Deadline: deadline}
		if diff := cmp.Diff(want, got[len(got)-1]); diff != "" {
			t.Errorf("notice (-want +got):\n%s", diff)
		}
	}
}

func TestManyOpenANewLedgerAtOnce(t *testing.T) {
	_, api, name := table(t)
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() { ids[i] = open(t, api, name).ID() })
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Fatalf("ledgers %q", ids)
		}
	}
}

// TestAPlanMadeOfTornPagesIsRefused has another manager commit between the pages
// of a look.
func TestAPlanMadeOfTornPagesIsRefused(t *testing.T) {
	w, api, name := table(t)
	slow, quick := open(t, api, name), open(t, api, name)
	manyMachines(t, slow)
	between(w, func() {
		if err := quick.Commit(t.Context(), 1, fleet.Change{Machines: []fleet.Machine{{ID: "i-z"}}}); err != nil {
			t.Error(err)
		}
	})
	state, err := slow.Read(t.Context())
	if err != nil || state.Number != 1 || state.Machines[len(state.Machines)-1].ID != "i-z" {
		t.Fatalf("number %d, last machine %s, error %v", state.Number, state.Machines[len(state.Machines)-1].ID, err)
	}
	if err := slow.Commit(t.Context(), state.Number, fleet.Change{}); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("error %v", err)
	}
}

// TestATornLookCountsNoMachineTooFew has a launch settled between the pages of a
// look: it shows the intent, or its machine, or both.
func TestATornLookCountsNoMachineTooFew(t *testing.T) {
	w, api, name := table(t)
	slow, quick := open(t, api, name), open(t, api, name)
	manyMachines(t, slow)
	launch := fleet.Intent{ID: "a", Launch: &fleet.Launch{Count: 1}}
	if err := quick.Commit(t.Context(), 1, fleet.Change{Reserve: []fleet.Intent{launch}}); err != nil {
		t.Fatal(err)
	}
	between(w, func() {
		err := quick.Settle(t.Context(), fleet.Change{Settle: []fleet.IntentID{"a"}, Machines: []fleet.Machine{{ID: "i-z", Intent: "a"}}})
		if err != nil {
			t.Error(err)
		}
	})
	state, err := slow.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last := state.Machines[len(state.Machines)-1]
	if diff := cmp.Diff([]fleet.Intent{launch}, state.Intents); diff != "" || last.Intent != "a" {
		t.Errorf("last machine %+v, intents (-want +got):\n%s", last, diff)
	}
}

// between calls f once, behind the first page of a look.
func between(w *wire, f func()) {
	var first sync.Once
	w.set(func() {
		w.behind = func(op string) {
			if op == "Query" {
				first.Do(f)
			}
		}
	})
}

// manyMachines writes more machines than one page of a look holds.
func manyMachines(t *testing.T, s *Store) []fleet.Machine {
	t.Helper()
	var c fleet.Change
	for i := range 3000 {
		c.Machines = append(c.Machines, fleet.Machine{
			ID: fleet.MachineID(fmt.Sprintf("i-%017d", i)), Pool: "arm64", LaunchedAt: ledgertest.Noon, SeenAt: ledgertest.Noon.Add(time.Minute),
			Template: "lt-0123456789abcdef0:1", EC2Fleet: "fleet-01234567-89ab-cdef-0123-456789abcdef", Intent: "0123456789ab-12-0",
			Offer: fleet.Offer{Type: "m7g.xlarge", Zone: "us-east-1a", Market: fleet.Spot}, State: fleet.Up,
		})
	}
	if err := s.Settle(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c.Machines
}

// waiting is the delivery of a job that is queued.
func waiting(n int) fleet.Event {
	return fleet.Event{ID: fmt.Sprint("d", n), Kind: "workflow_job.queued", At: ledgertest.Noon, Job: &fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(n), Attempt: 1}, Run: fleet.RunID(1000 + n), Status: fleet.Queued, QueuedAt: ledgertest.Noon,
		Repo: "acme/widgets", OwnerID: 1342004, Name: fmt.Sprintf("test (arm64, %d)", n), Workflow: "CI",
		Class: fleet.Class{Scope: fleet.Scope{Installation: 12345678, Owner: "acme"}, Labels: "arm64,linux,self-hosted"},
	}}
}
