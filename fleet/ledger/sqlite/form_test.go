package sqlite

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

// script makes a database of a script, as another program would.
func script(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "f.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(text)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// first is a ledger as version 1 left it.
func first(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/v1.sql")
	if err != nil {
		t.Fatal(err)
	}
	return script(t, string(text))
}

func objects(t *testing.T, path string) (all []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema
 UNION ALL SELECT 'form ' || application_id || ' ' || user_version FROM pragma_application_id, pragma_user_version ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var o string
		if err := rows.Scan(&o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

func TestAnOlderLedgerIsCopiedAndMigrated(t *testing.T) {
	path := first(t)
	want := fleet.State{
		Ledger: "0123456789abcdef", Number: 7, Marks: map[string]string{"m": "1"},
		Machines: []fleet.Machine{{ID: "i-1", Pool: "p"}},
		Jobs: []fleet.Job{{
			Key: fleet.JobKey{ID: 1, Attempt: 1}, Run: 11, OwnerID: 12, Repo: "acme/w", Name: "build", Workflow: "ci",
			Class:  fleet.Class{Scope: fleet.Scope{Installation: 7, Owner: "acme"}, Labels: "arm64,linux,self-hosted"},
			Status: fleet.Queued, Verdict: fleet.Verdict{Code: fleet.Paced},
			QueuedAt: ledgertest.Noon, RecordedAt: ledgertest.Noon, ChangedAt: ledgertest.Noon,
		}},
	}
	for _, when := range []string{"migrated", "opened again"} {
		s := open(t, Config{Path: path, Fleet: "f", Hold: true})
		got, err := s.Read(t.Context())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("state when %s (-want +got):\n%s\nerror %v", when, diff, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fresh := filepath.Join(t.TempDir(), "new.db")
	if err := open(t, Config{Path: fresh, Fleet: "f"}).Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(objects(t, fresh), objects(t, path)); diff != "" {
		t.Errorf("form (-new +migrated):\n%s", diff)
	}
	if diff := cmp.Diff(objects(t, first(t)), objects(t, path+".v1.bak")); diff != "" {
		t.Errorf("form of the copy (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(path + ".v1.bak2"); err == nil {
		t.Error("it was copied twice")
	}
}

func TestOnlyAManagerMigrates(t *testing.T) {
	path := first(t)
	if _, err := Open(t.Context(), Config{Path: path, Fleet: "f"}); err == nil || !strings.Contains(err.Error(), "start serve once") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(path+".v1.bak", []byte("of an earlier try"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, Config{Path: path, Fleet: "f", Hold: true})
	if got, err := os.ReadFile(path + ".v1.bak"); err != nil || string(got) != "of an earlier try" {
		t.Errorf("the earlier copy is %q, error %v", got, err)
	}
	if _, err := os.Stat(path + ".v1.bak2"); err != nil {
		t.Error(err)
	}
}

func TestAnotherProgramsDatabaseIsLeftAlone(t *testing.T) {
	for _, text := range []string{
		"CREATE TABLE theirs(x)",
		"CREATE TABLE theirs(x); PRAGMA user_version = 1",
		"CREATE TABLE theirs(x); PRAGMA user_version = 40",
		"CREATE TABLE owner(name); PRAGMA user_version = 1",
		"PRAGMA application_id = 7; CREATE TABLE theirs(x)",
	} {
		t.Run(text, func(t *testing.T) {
			path := script(t, text)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(t.Context(), Config{Path: path, Fleet: "f", Hold: true})
			if err == nil || errors.Is(err, ledger.ErrNewer) || !strings.Contains(err.Error(), "no runfleet ledger") {
				t.Errorf("error %v", err)
			}
			after, err := os.ReadFile(path)
			if err != nil || string(before) != string(after) {
				t.Errorf("its file was changed, error %v", err)
			}
		})
	}
}

func TestPeopleReadWhileSomethingIsWritten(t *testing.T) {
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "f.db"), Fleet: "f"})
	if _, err := s.Record(t.Context(), queued(1)); err != nil {
		t.Fatal(err)
	}
	err := s.inTx(t.Context(), func(tx *sql.Tx) error {
		if jobs, err := s.Jobs(t.Context(), ledger.Query{}); err != nil || len(jobs) != 1 {
			t.Errorf("%d jobs, error %v", len(jobs), err)
		}
		if _, _, err := s.Explain(t.Context(), 1); err != nil {
			t.Error(err)
		}
		return s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db"))
	})
	if err != nil {
		t.Error(err)
	}
}

func TestALockedLedgerIsBusyAndOtherErrorsAreNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	s, other := open(t, Config{Path: path, Fleet: "f"}), open(t, Config{Path: path, Fleet: "f"})
	if _, err := s.db.Exec("PRAGMA busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	err := other.inTx(t.Context(), func(*sql.Tx) error {
		_, err := s.Record(t.Context(), queued(1))
		return err
	})
	if !errors.Is(err, ledger.ErrBusy) {
		t.Errorf("locked: %v", err)
	}
	if _, err := s.db.Exec("DROP TABLE deliveries"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Record(t.Context(), queued(1)); err == nil || errors.Is(err, ledger.ErrBusy) {
		t.Errorf("broken: %v", err)
	}
}

func TestTidyDeletesWhatIsOverAndNothingElse(t *testing.T) {
	now := ledgertest.Noon
	s := open(t, Config{Path: filepath.Join(t.TempDir(), "f.db"), Fleet: "f", Now: func() time.Time { return now }})
	var events []fleet.Event
	for i := range sliceDeliveries + 10 { // more than one slice of each
		e := queued(i + 1)
		if e.Job.Status = fleet.Done; i > sliceJobs+10 {
			e.Job = nil
		}
		events = append(events, e)
	}
	forlorn, waits, again := queued(100_001), queued(100_002), queued(1)
	again.ID, again.Job.Key.Attempt = "again", 2
	again.Job.QueuedAt = again.Job.QueuedAt.Add(time.Hour)
	if _, err := s.Record(t.Context(), append(events, forlorn, waits, again)...); err != nil {
		t.Fatal(err)
	}
	c := fleet.Change{Verdicts: []fleet.JobVerdict{
		{Job: forlorn.Job.Key, Verdict: fleet.Verdict{Code: fleet.NoPool}}, {Job: waits.Job.Key, Verdict: fleet.Verdict{Code: fleet.PoolFull}},
	}}
	err := errors.Join(s.Settle(t.Context(), c),
		s.Place(t.Context(), fleet.Order{ID: "over", Kind: fleet.Hold, Until: now.Add(time.Hour)}),
		s.Place(t.Context(), fleet.Order{ID: "holds", Kind: fleet.Pause}))
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(31 * 24 * time.Hour)
	if err := s.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	counts := func(query string) (n int) {
		if err := s.db.QueryRow("SELECT count(*) FROM " + query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	got := []int{counts("deliveries"), counts("jobs"), counts("decisions"), counts("things")}
	// Job 1 keeps its story, because its second attempt is alive.
	if diff := cmp.Diff([]int{0, 2, 2, 1}, got); diff != "" {
		t.Errorf("deliveries, jobs, decisions, orders (-want +got):\n%s", diff)
	}
	state, err := s.Read(t.Context())
	if err != nil || len(state.Jobs) != 2 || len(state.Orders) != 1 {
		t.Errorf("state: %d jobs, %d orders, error %v", len(state.Jobs), len(state.Orders), err)
	}
}
