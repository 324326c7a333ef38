package reconcile

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// theApp stands for the App itself among the installations.
const theApp int64 = 0

// limit remembers that GitHub limits an installation, if that is what an error
// says. It stops no other installation, and registrations only if they are
// limited too: GitHub counts them apart. An installation that is shut is doubted.
func (r *Reconciler) limit(err error) {
	var shut *fleet.ShutError
	if errors.As(err, &shut) {
		r.Doubt(shut.Installation)
	}
	var l *fleet.LimitedError
	if !errors.As(err, &l) {
		return
	}
	if l.Resource != fleet.Registrations {
		r.bar(&r.memory.limited, l)
	}
	if l.Resource == "" || l.Resource == fleet.Registrations {
		r.bar(&r.memory.unminted, l)
	}
}

// limitMints is limit for what a registration was answered: whatever GitHub
// counts it as, there is none of that left.
func (r *Reconciler) limitMints(err error) {
	r.limit(err)
	var l *fleet.LimitedError
	if errors.As(err, &l) {
		r.bar(&r.memory.unminted, l)
	}
}

func (r *Reconciler) bar(until *map[int64]time.Time, l *fleet.LimitedError) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if *until == nil {
		*until = map[int64]time.Time{}
	}
	(*until)[l.Installation] = r.Now().Add(l.For)
}

// limitOn is why an installation is not asked for something; nil if it may be.
// While GitHub limits it nothing is asked, because GitHub counts what it
// refuses, too; and little that is left is for who is more pressing.
func (r *Reconciler) limitOn(installation int64, what fleet.Call) error {
	r.lock.Lock()
	defer r.lock.Unlock()
	at, until, resource := r.Now(), r.memory.limited[installation], fleet.CoreCalls
	if what == fleet.Serving {
		until, resource = r.memory.unminted[installation], fleet.Registrations
	}
	switch {
	case until.After(at):
		return &fleet.LimitedError{Installation: installation, For: until.Sub(at), Text: "it said so before", Resource: resource}
	case what != fleet.Serving && !r.meters().Allow(installation, what, at):
		return &fleet.LimitedError{Installation: installation, For: keptFor, Text: "what is left is kept for what is more pressing", Resource: resource}
	}
	return nil
}

// keptFor is when to ask again for what gave way: the part of the hour that
// calls must leave shrinks as the hour goes by.
const keptFor = time.Minute

func (r *Reconciler) meters() fleet.Meters {
	if r.Meters == nil {
		return nil
	}
	return r.Meters()
}

// markMeters is the mark of what GitHub last said of allowances.
const markMeters = "allowances"

// metersKept bounds the mark: a row of the ledger takes about a thousand.
const metersKept = 200

// metersMark is the meters as the ledger keeps them for people, those with the
// least left before others where they are many.
func (r *Reconciler) metersMark(at time.Time) (text string, ok bool) {
	all := r.meters()
	if len(all) > metersKept {
		all = slices.Clone(all)
		slices.SortStableFunc(all, func(a, b fleet.Meter) int {
			return cmp.Compare(a.Left(at)*max(b.Limit, 1), b.Left(at)*max(a.Limit, 1))
		})
		all = all[:metersKept]
		slices.SortFunc(all, fleet.Meter.Compare)
	}
	data, err := json.Marshal(all)
	return string(data), err == nil && len(all) > 0
}

// MetersIn is what the last full look knew of GitHub's allowances, by a
// ledger's marks. It is empty if that look knew nothing.
func MetersIn(marks map[string]string) fleet.Meters {
	var all fleet.Meters
	if json.Unmarshal([]byte(marks[markMeters]), &all) != nil {
		return nil // of another version
	}
	return all
}
