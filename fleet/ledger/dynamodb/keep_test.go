package dynamodb

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

func TestMoreThanAMegabyteIsReadWhole(t *testing.T) {
	w, api, name := table(t)
	s := open(t, api, name)
	machines := manyMachines(t, s)
	seed(t, s, 1500)
	w.reset(nil)
	got := state(t, s)
	if n := w.requests["Query"]; n < 2 {
		t.Fatalf("it was %d pages", n)
	}
	if diff := cmp.Diff(machines, got.Machines); diff != "" {
		t.Errorf("machines (-want +got):\n%s", diff)
	}
	if len(got.Jobs) != 1500 || !slices.IsSortedFunc(got.Jobs, func(a, b fleet.Job) int { return a.Key.Compare(b.Key) }) {
		t.Errorf("%d jobs, or not in order", len(got.Jobs))
	}
}

// clocked is a ledger on a clock that the test sets.
func clocked(t *testing.T) (s *Store, now *time.Time, api *dynamodb.Client) {
	t.Helper()
	_, client, name := table(t)
	at := ledgertest.Noon
	s, err := Open(t.Context(), Config{API: client, Table: name, Fleet: "f", Now: func() time.Time { return at }, Pause: noPause})
	if err != nil {
		t.Fatal(err)
	}
	return s, &at, client
}

func TestTheTableForgetsByItsTTL(t *testing.T) {
	s, _, api := clocked(t)
	out, err := api.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(s.table)})
	if err != nil || out.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusEnabled || aws.ToString(out.TimeToLiveDescription.AttributeName) != attrTTL {
		t.Errorf("ttl %+v, error %v", out, err)
	}
	if err := MakeTable(t.Context(), api, s.table); err != nil {
		t.Errorf("a table that is there: %v", err)
	}
}

// TestWhatIsOverIsNotRead has time pass on a server that deletes nothing, as
// DynamoDB does not for days.
func TestWhatIsOverIsNotRead(t *testing.T) {
	s, now, _ := clocked(t)
	foreign, forlorn, waits, ping := waiting(1), waiting(2), waiting(3), fleet.Event{ID: "ping", Kind: "ping", At: *now}
	foreign.Job.Status, foreign.Job.Runner = fleet.Done, "GitHub Actions 7"
	_, err := s.Record(t.Context(), foreign, forlorn, waits, ping)
	err = errors.Join(err, s.Settle(t.Context(), fleet.Change{Verdicts: []fleet.JobVerdict{
		{Job: forlorn.Job.Key, Verdict: fleet.Verdict{Code: fleet.NoPool}}, {Job: waits.Job.Key, Verdict: fleet.Verdict{Code: fleet.PoolFull}},
	}}), s.Place(t.Context(), fleet.Order{ID: "o", Kind: fleet.Hold, Until: now.Add(time.Hour)}))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name          string
		after         time.Duration
		alive, all    string // jobs
		orders        int
		deliveryKnown bool
	}{
		{"within the hour", 59 * time.Minute, "2 3", "3 2 1", 1, true},
		{"an order is over", time.Hour, "2 3", "3 2 1", 0, true},
		{"no pool fits for two days", 48 * time.Hour, "3", "3 1", 0, true},
		{"deliveries are three days old", 72 * time.Hour, "3", "3 1", 0, false},
		{"closed jobs are a month old", 30 * 24 * time.Hour, "3", "3", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			*now = ledgertest.Noon.Add(tt.after)
			got := state(t, s)
			all, err := s.Jobs(t.Context(), ledger.Query{})
			if ids(got.Jobs) != tt.alive || ids(all) != tt.all || len(got.Orders) != tt.orders || err != nil {
				t.Errorf("jobs alive %q, all %q, %d orders, error %v", ids(got.Jobs), ids(all), len(got.Orders), err)
			}
			if v, err := s.see(t.Context(), ping); err != nil || v.known != tt.deliveryKnown {
				t.Errorf("the delivery is known: %t, error %v", v.known, err)
			}
		})
	}
	*now = ledgertest.Noon.Add(31 * 24 * time.Hour)
	fresh, err := s.Record(t.Context(), foreign, forlorn, ping)
	if diff := cmp.Diff([]bool{true, true, true}, fresh); err != nil || diff != "" {
		t.Errorf("after a month, fresh (-want +got):\n%s\nerror %v", diff, err)
	}
	if got := state(t, s); ids(got.Jobs) != "2 3" || got.Jobs[0].Verdict != (fleet.Verdict{}) {
		t.Errorf("jobs %+v", got.Jobs)
	}
}

func ids(jobs []fleet.Job) string {
	var all []string
	for _, j := range jobs {
		all = append(all, fmt.Sprint(j.Key.ID))
	}
	return strings.Join(all, " ")
}

// TestAPoolForAForlornJobKeepsIt holds that only a job that no pool fits has a
// ttl: one row less would be a job that nobody serves.
func TestAPoolForAForlornJobKeepsIt(t *testing.T) {
	s, now, _ := clocked(t)
	e := waiting(1)
	if _, err := s.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	for _, v := range []fleet.VerdictCode{fleet.NoPool, fleet.Paced} {
		c := fleet.Change{Verdicts: []fleet.JobVerdict{{Job: e.Job.Key, Verdict: fleet.Verdict{Code: v}}}}
		if err := s.Settle(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	*now = now.Add(300 * 24 * time.Hour)
	if got := state(t, s); ids(got.Jobs) != "1" {
		t.Errorf("jobs %+v", got.Jobs)
	}
}

func TestALateDeliveryDoesNotOpenAClosedJob(t *testing.T) {
	w, api, name := table(t)
	s := open(t, api, name)
	done, late := waiting(1), waiting(1)
	done.ID, done.Job.Status, done.Job.Conclusion = "done", fleet.Done, "success"
	w.reset(nil)
	fresh, err := s.Record(t.Context(), done, late)
	if diff := cmp.Diff([]bool{true, false}, fresh); err != nil || diff != "" {
		t.Errorf("fresh (-want +got):\n%s\nerror %v", diff, err)
	}
	if got := state(t, s); len(got.Jobs) > 0 {
		t.Errorf("alive: %+v", got.Jobs)
	}
}

// TestAJobThatWasQueuedAgainIsNotClosed has an answer of GitHub's come between a
// look and its plan.
func TestAJobThatWasQueuedAgainIsNotClosed(t *testing.T) {
	_, api, name := table(t)
	manager, handler := open(t, api, name), open(t, api, name)
	done, back := waiting(1), waiting(1)
	done.Job.Status, done.Job.Runner = fleet.Done, fleet.RunnerName("f", "i-0a", 1)
	back.ID, back.Read, back.At = "", true, back.At.Add(time.Minute)
	if _, err := handler.Record(t.Context(), done); err != nil {
		t.Fatal(err)
	}
	seen := state(t, manager)
	if _, err := handler.Record(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	seen.Jobs[0].Closed = true
	if err := manager.Commit(t.Context(), seen.Number, fleet.Change{Jobs: seen.Jobs}); err != nil {
		t.Fatal(err)
	}
	all, err := manager.Jobs(t.Context(), ledger.Query{})
	if err != nil || len(all) != 1 || all[0].Closed || all[0].Status != fleet.Queued {
		t.Errorf("jobs %+v, error %v", all, err)
	}
}

func TestAStoryKeepsItsNewestLines(t *testing.T) {
	_, api, name := table(t)
	s := open(t, api, name)
	if _, err := s.Record(t.Context(), waiting(1)); err != nil {
		t.Fatal(err)
	}
	for i := range storyLines + 5 {
		c := fleet.Change{Verdicts: []fleet.JobVerdict{{Job: waiting(1).Job.Key, Verdict: fleet.Verdict{Code: fleet.PoolFull, Detail: fmt.Sprint(i)}}}}
		if err := s.Settle(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	_, story, err := s.Explain(t.Context(), 1)
	if err != nil || len(story) != 1+storyLines || story[1].Text != "full: 5" || story[storyLines].Text != "full: 54" {
		t.Errorf("%d lines from %q to %q, error %v", len(story), story[1].Text, story[len(story)-1].Text, err)
	}
}

func TestOpenRefusesWhatIsNotItsLedger(t *testing.T) {
	_, api, name := table(t)
	open(t, api, name)
	_, _, newer := table(t)
	it, err := newItem(fleetKey, owner{Fleet: "f", Ledger: "l", Version: version + 1})
	if err != nil {
		t.Fatal(err)
	}
	it.number = 1
	_, _, empty := table(t)
	if _, err := api.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &newer, Item: it.attributes()}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, table, fleet, says string
		is                       error
	}{
		{"another fleet's", name, "g", "name another table", ledger.ErrOwned},
		{"a newer program's", newer, "f", "run the newer program", ledger.ErrNewer},
		{"none", "nothing-there", "f", "there is no such table", fs.ErrNotExist},
		{"not founded, for a verb that only asks", empty, "f", "the functions make the ledger when they first begin", fs.ErrNotExist},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(t.Context(), Config{API: api, Table: tt.table, Fleet: tt.fleet, Must: true, Pause: noPause})
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestATableThatWasEmptiedIsNoLedger(t *testing.T) {
	_, api, name := table(t)
	s := open(t, api, name)
	if _, err := api.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &name, Key: fleetKey.attributes()}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(t.Context()); !errors.Is(err, errEmpty) {
		t.Errorf("error %v", err)
	}
}
