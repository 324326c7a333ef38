package dynamodb

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

func someTime(r *rapid.T, name string) time.Time {
	return instant(rapid.Int64Range(0, 4e18).Draw(r, name))
}

func someJob(r *rapid.T) fleet.Job {
	text := func(name string) string { return rapid.String().Draw(r, name) }
	return fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(rapid.Int64Min(0).Draw(r, "id")), Attempt: rapid.IntRange(1, 1e9).Draw(r, "attempt")},
		Run: fleet.RunID(rapid.Int64().Draw(r, "run")), OwnerID: rapid.Int64().Draw(r, "owner id"), Repo: text("repo"),
		Class: fleet.Class{Labels: fleet.NewLabels(text("label"), text("another")), Scope: fleet.Scope{
			Installation: rapid.Int64().Draw(r, "installation"), Owner: text("owner"), Repo: text("scope"),
		}},
		Public: rapid.Bool().Draw(r, "public"), Name: text("name"), Workflow: text("workflow"), Conclusion: text("conclusion"), Runner: text("runner"),
		Status: fleet.JobStatus(rapid.IntRange(0, 3).Draw(r, "status")), Launches: rapid.Int().Draw(r, "launches"), Closed: rapid.Bool().Draw(r, "closed"),
		QueuedAt: someTime(r, "queued"), StartedAt: someTime(r, "started"), DoneAt: someTime(r, "done"), RecordedAt: someTime(r, "recorded"),
		ChangedAt: someTime(r, "changed"), AskedAt: someTime(r, "asked"), LaunchedAt: someTime(r, "launched"),
		Verdict: fleet.Verdict{Code: fleet.VerdictCode(text("verdict")), Detail: text("detail")},
	}
}

func TestAJobsRowIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := row{job: someJob(r), stamp: "s"}
		for range rapid.IntRange(0, 3).Draw(r, "lines") {
			want = want.tell(ledger.Decision{
				At: someTime(r, "at"), Plan: rapid.Int64().Draw(r, "plan"), Status: fleet.JobStatus(rapid.IntRange(0, 3).Draw(r, "was")), Text: rapid.String().Draw(r, "line"),
			})
		}
		written, err := want.item("s")
		if err != nil {
			r.Fatal(err)
		}
		read, err := itemFrom(written.attributes())
		if err != nil {
			r.Fatal(err)
		}
		got, err := rowFrom(read)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); err != nil || diff != "" {
			r.Fatalf("row (-want +got):\n%s\nerror %v", diff, err)
		}
		if diff := cmp.Diff(written.until.Unix(), read.until.Unix()); !written.until.IsZero() && diff != "" {
			r.Fatalf("until (-want +got):\n%s", diff)
		}
	})
}

// TestWhatIsSlimIsTheSame holds that leaving zero fields out of a row loses none.
func TestWhatIsSlimIsTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := fleet.Intent{
			ID: fleet.IntentID(rapid.String().Draw(r, "id")), Tries: rapid.IntRange(0, 2).Draw(r, "tries"), ReservedAt: someTime(r, "reserved"),
		}
		switch rapid.IntRange(0, 3).Draw(r, "kind") {
		case 0:
			want.Remove = &fleet.Remove{RunnerID: rapid.Int64().Draw(r, "runner")}
		case 1:
			want.End = &fleet.End{Force: rapid.Bool().Draw(r, "force")}
		case 2:
			want.Sweep = &fleet.Sweep{Templates: rapid.SliceOf(rapid.String()).Draw(r, "templates")}
		case 3:
			offer := fleet.Offer{Type: rapid.String().Draw(r, "type")}
			want.Launch = &fleet.Launch{Offers: []fleet.Offer{{}, offer}}
		}
		it, err := newItem(rowKey(kindIntent, "i"), want)
		if err != nil {
			r.Fatal(err)
		}
		var got fleet.Intent
		if err := it.decode(&got); err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			r.Fatalf("intent (-want +got):\n%s", diff)
		}
	})
}

func TestALargeRowIsCompressedAndATooLargeOneRefused(t *testing.T) {
	sweep := func(n int) fleet.Intent {
		in := fleet.Intent{ID: "s", Sweep: &fleet.Sweep{}}
		noise := rand.New(rand.NewPCG(1, 2))
		for range n {
			in.Sweep.Parameters = append(in.Sweep.Parameters, fleet.MachineID(fmt.Sprintf("i-%017x", noise.Uint64()>>1)))
		}
		return in
	}
	small, err := newItem(rowKey(kindIntent, "s"), sweep(20))
	if err != nil || small.packed() {
		t.Errorf("20 ids are compressed: %t, error %v", small.packed(), err)
	}
	large, err := newItem(rowKey(kindIntent, "s"), sweep(20_000))
	var got fleet.Intent
	if err != nil || !large.packed() || large.size() > itemBytes || large.decode(&got) != nil {
		t.Errorf("20,000 ids: %d bytes, error %v", large.size(), err)
	}
	if diff := cmp.Diff(sweep(20_000), got); diff != "" {
		t.Errorf("intent (-want +got):\n%s", diff)
	}
	if _, err := newItem(rowKey(kindIntent, "s"), sweep(60_000)); err == nil || !strings.Contains(err.Error(), "a row of DynamoDB holds") {
		t.Errorf("60,000 ids: error %v", err)
	}
}

func TestKeysSortAsLooksNeedThem(t *testing.T) {
	var order []string
	for _, k := range []key{
		fleetKey, rowKey(kindIntent, "~"), rowKey(kindInterrupted, "1-1"), jobKey(partAlive, fleet.JobKey{ID: 9, Attempt: 10}), jobKey(partAlive, fleet.JobKey{ID: 10, Attempt: 2}),
		jobKey(partAlive, fleet.JobKey{ID: 10, Attempt: 10}), rowKey(kindMachine, "i-1"), rowKey(kindMark, ""), rowKey(kindNotice, "i-1"), rowKey(kindOrder, "o"),
		rowKey(kindRunner, "n"), rowKey(kindSetback, "boot p"),
	} {
		order = append(order, k.sk)
	}
	for i := 1; i < len(order); i++ {
		if order[i-1] >= order[i] {
			t.Errorf("%q does not sort before %q", order[i-1], order[i])
		}
	}
}

func TestALongIDFitsAKeyAndIsItsOwn(t *testing.T) {
	long := strings.Repeat("ä", 2000)
	a, b := rowKey(kindSetback, long+"a"), rowKey(kindSetback, long+"b")
	if a == b || len(a.sk) > 1024 || len(deliveryKey(long).pk) > 1024 {
		t.Errorf("keys of %d and %d bytes", len(a.sk), len(b.sk))
	}
	_, api, name := table(t)
	s := open(t, api, name)
	want := fleet.Change{
		Marks:    map[string]string{long: "1", "short": "2"},
		Setbacks: []fleet.Setback{{Key: fleet.SetbackKey{Kind: fleet.ClassIdled, Subject: long}, Strikes: 1}},
	}
	if err := s.Settle(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got := state(t, s)
	if diff := cmp.Diff(want, fleet.Change{Marks: got.Marks, Setbacks: got.Setbacks}); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestTheFleetsRowIsReadFirst(t *testing.T) {
	for _, kind := range []string{
		kindIntent, kindJob, kindMachine, kindMark, kindNotice, kindOrder, kindRunner, kindSetback, kindInterrupted, kindDrill,
	} {
		if k := rowKey(kind, "x"); k.sk <= fleetKey.sk {
			t.Errorf("%s sorts before %s", k.sk, fleetKey.sk)
		}
	}
}
