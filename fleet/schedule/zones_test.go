package schedule

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// archive is the tz database that Go's distribution carries and time/tzdata
// embeds: the tests read their zones and the list of them from it, whatever
// the host has.
var archive string

func TestMain(m *testing.M) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	archive = filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip")
	if _, missing := os.Stat(archive); err != nil || missing != nil {
		fmt.Fprintf(os.Stderr, "no tz database at %s (%v, %v): use a Go from https://go.dev/dl\n", archive, err, missing)
		os.Exit(1)
	}
	if err := os.Setenv("ZONEINFO", archive); err != nil { // before the first zone is loaded
		panic(err)
	}
	os.Exit(m.Run())
}

// zones are the names of all zones.
func zones(t testing.TB) (names []string) {
	t.Helper()
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") { // a folder
			names = append(names, f.Name)
		}
	}
	if len(names) < 590 {
		t.Fatalf("only %d zones were found", len(names))
	}
	return names
}

// twins groups zones whose clocks cannot be told apart in a stretch: neither by
// what they show nor by what Go says of the bounds of their zones.
func twins(t testing.TB, s stretch) (groups [][]string) {
	t.Helper()
	at := map[string]int{}
	for _, name := range zones(t) {
		var seen strings.Builder
		begin := s.from.Add(-2 * reach).In(location(t, name))
		for now := begin; now.Before(s.to); {
			start, end := now.ZoneBounds()
			_, offset := now.Zone()
			fmt.Fprintln(&seen, offset, max(start.Unix(), begin.Unix()), end.Unix())
			switch {
			case end.IsZero():
				now = s.to
			case end.After(now):
				now = end
			default: // see TestTheLastDayOfALeapYearPasses
				now = now.Add(time.Hour)
			}
		}
		i, known := at[seen.String()]
		if !known {
			i = len(groups)
			at[seen.String()] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], name)
	}
	return groups
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func windows(t testing.TB, r Rule) Windows {
	t.Helper()
	w, err := New(r)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryZoneOfTheDatabaseIsKnownByItsName(t *testing.T) {
	for _, name := range zones(t) {
		w, err := New(Rule{Open: "0 8 * * *", Close: "0 20 * * *", Zone: name})
		if err != nil || w.zone.String() != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
