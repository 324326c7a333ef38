package reconcile

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

const (
	// markActive begins the mark of a repository that jobs came from lately;
	// its name follows.
	markActive  = "active "
	activeFor   = 24 * time.Hour // a job that waits longer is over at GitHub
	activeAgain = time.Hour      // so often a mark is written anew
	mostActive  = 200            // repositories; what has rested longest goes first
)

// active is the body of a repository's mark.
type active struct {
	Repository fleet.Repository
	At         time.Time // of the last job, as of the last hour
}

// activeOf reads the marks, by their names. What cannot be read is over.
func activeOf(marks map[string]string) map[string]active {
	all := map[string]active{}
	for name, body := range marks {
		if !strings.HasPrefix(name, markActive) {
			continue
		}
		var a active
		if json.Unmarshal([]byte(body), &a) != nil {
			a = active{}
		}
		all[name] = a
	}
	return all
}

// source is what many jobs have in common.
type source struct {
	repo  string
	owner int64
	class fleet.Class
}

// sources is the newest job of each source that the fleet takes jobs of.
func sources(s fleet.Snapshot) map[source]time.Time {
	newest := map[source]time.Time{}
	for _, j := range s.State.Jobs {
		if at := (source{j.Repo, j.OwnerID, j.Class}); j.QueuedAt.After(newest[at]) {
			newest[at] = j.QueuedAt
		}
	}
	maps.DeleteFunc(newest, func(at source, queued time.Time) bool {
		return s.At.Sub(queued) >= activeFor || !s.Fleet.Takes(fleet.Job{OwnerID: at.owner, Class: at.class})
	})
	return newest
}

// activity is the marks to write, and the repositories that have had a job that
// the fleet takes within a day, by name.
func activity(s fleet.Snapshot) (change map[string]string, repos []fleet.Repository) {
	all, change, moved := activeOf(s.State.Marks), map[string]string{}, map[string]bool{}
	for at, queued := range sources(s) {
		name := markActive + strings.ToLower(at.repo)
		of := fleet.Repository{Scope: at.class.Scope, OwnerID: at.owner, Name: at.repo}
		known := all[name]
		if renamed := known.Repository != of && queued.After(known.At); renamed || queued.Sub(known.At) >= activeAgain {
			all[name], moved[name] = active{of, queued}, true
		}
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(all[b].At.Compare(all[a].At), cmp.Compare(a, b))
	})
	for i, name := range names {
		if i < mostActive && s.At.Sub(all[name].At) < activeFor+activeAgain {
			continue
		}
		delete(all, name)
		if _, there := s.State.Marks[name]; there {
			change[name] = ""
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		repos = append(repos, all[name].Repository)
		if moved[name] {
			body, _ := json.Marshal(all[name]) // of plain values, so it cannot fail
			change[name] = string(body)
		}
	}
	return change, repos
}
