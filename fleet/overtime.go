package fleet

import (
	"fmt"
	"slices"
)

// Overtime is what goes on in a pool that is closed. GitHub gives a standing
// machine's runner the next job a second after the last, so such a machine goes
// on until a look finds it free.
type Overtime struct {
	Busy    int // machines that run a job
	Waiting int // jobs that wait and that they may take first
}

// Overtimes is which pools work on although they are closed, by name.
func Overtimes(s Snapshot) map[string]Overtime {
	v := settle(s)
	all := map[string]Overtime{}
	for i := range v.pools {
		p := &v.pools[i]
		if p.busy == 0 || p.hours.idle() {
			continue
		}
		o := Overtime{Busy: p.busy}
		for _, c := range v.classes {
			if p.Stands() && c.served && slices.Contains(c.pools, i) {
				o.Waiting += len(c.jobs)
			}
		}
		all[p.Name] = o
	}
	return all
}

// String is overtime as people read it.
func (o Overtime) String() string {
	who, work, they, are := fmt.Sprintf("%d machines", o.Busy), "work", "they", "each is"
	if o.Busy == 1 {
		who, work, they, are = "1 machine", "works", "it", "it is"
	}
	text := who + " " + work + " on"
	switch {
	case o.Waiting == 1:
		text += fmt.Sprintf(" until %s found free, and 1 job waits that %s may take first", are, they)
	case o.Waiting > 1:
		text += fmt.Sprintf(" until %s found free, and %d jobs wait that %s may take first", are, o.Waiting, they)
	}
	return text
}

// overtime is what a job that waits for an opening may hope for.
func (p *poolView) overtime() string {
	if !p.Stands() || p.busy == 0 {
		return ""
	}
	return ", and a machine of it that is still busy may take it before"
}
