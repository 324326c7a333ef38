package replay

import (
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/fleet"
)

// act writes a plan into the ledger and does what it intends, both as the
// reconciler does. It reports whether another look should follow at once.
func (p *play) act(plan fleet.Plan) (again bool, err error) {
	p.record(plan)
	for _, in := range plan.Intents {
		changed, err := p.execute(in)
		if err != nil {
			return false, err
		}
		again = again || changed
	}
	return again || len(plan.Ask) > 0, nil
}

// record applies what a plan changes in the ledger.
func (p *play) record(plan fleet.Plan) {
	for _, v := range plan.Verdicts {
		p.job(int32(v.Job.ID) - 1).Verdict = v.Verdict
	}
	for _, k := range plan.Ask {
		p.job(int32(k.ID) - 1).AskedAt = p.now()
	}
	closed := false
	for _, j := range plan.Jobs {
		row := p.job(int32(j.Key.ID) - 1)
		row.Launches, row.LaunchedAt, row.Closed = j.Launches, j.LaunchedAt, j.Closed
		closed = closed || j.Closed
	}
	if closed {
		p.state.Jobs = slices.DeleteFunc(p.state.Jobs, func(j fleet.Job) bool { return j.Closed })
	}
	for _, b := range plan.Setbacks {
		p.state.Setbacks = slices.DeleteFunc(p.state.Setbacks, func(x fleet.Setback) bool { return x.Key == b.Key })
		p.state.Setbacks = append(p.state.Setbacks, b)
	}
	for _, k := range plan.Cleared {
		p.state.Setbacks = slices.DeleteFunc(p.state.Setbacks, func(x fleet.Setback) bool { return x.Key == k })
	}
	p.forget(plan.Forget)
}

func (p *play) forget(ids []fleet.MachineID) {
	if len(ids) == 0 {
		return
	}
	for _, id := range ids {
		if row, ok := p.machine(id); ok {
			row.EndReason = forgotten
		}
		delete(p.lives, id)
	}
	p.state.Machines = slices.DeleteFunc(p.state.Machines, func(m fleet.Machine) bool { return m.EndReason == forgotten })
}

// forgotten marks a row that is about to go.
const forgotten = "forgotten"

// execute does one thing. What nothing in a replay can lead to is an error: a
// report that leaves it out would be wrong.
func (p *play) execute(in fleet.Intent) (again bool, err error) {
	switch {
	case in.Launch != nil:
		for range in.Launch.Count {
			p.launch(*in.Launch)
		}
	case in.Mint != nil:
		p.mint(*in.Mint)
	case in.Withdraw != nil:
		p.withdraw(*in.Withdraw)
	case in.End != nil:
		return p.endOf(in), nil
	case in.Start != nil:
		p.start(in.Start.Machine)
	case in.Stop != nil:
		return p.stop(in.Stop.Machine), nil
	default:
		return false, fmt.Errorf("a replay knows no %s: %s", in.Kind(), in.Reason)
	}
	return true, nil
}

func (p *play) launch(l fleet.Launch) {
	p.pace.launches.use(p.at)
	pool := slices.IndexFunc(p.Fleet.Pools, func(x fleet.Pool) bool { return x.Name == l.Pool })
	p.out.Machines.Launched++
	p.out.Pools[pool].Machines.Launched++
	number := int64(p.out.Machines.Launched)
	m := &life{
		id: fleet.MachineID(fmt.Sprintf("i-%010d", number)), number: number, pool: pool, offer: l.Offers[0],
		began: p.at, booted: p.at + p.Boot.of(p.Seed, uint64(number)), job: -1,
	}
	if l.Standing {
		m.stand = &stand{}
	}
	p.lives[m.id] = m
	p.running(m, 1)
	p.note(launched, m)
	p.state.Machines = append(p.state.Machines, fleet.Machine{
		ID: m.id, Pool: l.Pool, Template: l.Template, Standing: l.Standing, Offer: m.offer, LaunchedAt: p.now(),
	})
}

// mint registers a runner. The machine finds its config when it has booted.
func (p *play) mint(x fleet.Mint) {
	if x.Registration != fleet.Token {
		p.pace.mint(p.at)
	}
	row, _ := p.machine(x.Machine)
	l := p.lives[x.Machine]
	row.Scope, row.Try, row.RunnerID, row.MintedAt, row.Taken = x.Scope, x.Try, l.number, p.now(), false
	l.try, l.name = x.Try, fleet.RunnerName(p.Fleet.Name, x.Machine, x.Try)
	p.push(event{at: max(p.at, l.booted), kind: runnerListens, life: l, try: x.Try, start: l.starts()})
}

// withdraw takes a config back, unless the machine has it.
func (p *play) withdraw(x fleet.Withdraw) {
	row, _ := p.machine(x.Machine)
	l := p.lives[x.Machine]
	if l.taken {
		row.Taken = true
		return
	}
	l.try = 0
	*row = generic(*row)
}

// generic is a machine without a registration, that kept its count of tries.
func generic(m fleet.Machine) fleet.Machine {
	var none fleet.Machine
	m.Scope, m.RunnerID, m.Taken, m.MintedAt, m.ReadyAt = none.Scope, 0, false, none.MintedAt, none.ReadyAt
	return m
}

// endOf ends a machine, unless GitHub keeps it because its runner has a job.
func (p *play) endOf(in fleet.Intent) (again bool) {
	row, ok := p.machine(in.End.Machine)
	if !ok {
		return false
	}
	l := p.lives[in.End.Machine]
	if l.busy() && !in.End.Force {
		row.TriedAt = p.now()
		return false
	}
	switch {
	case l.busy():
		p.out.Jobs.Cut++
		p.leave(l, "cancelled")
		p.end(l)
	case !l.ended:
		p.end(l)
	}
	*row = generic(*row)
	row.Taken, row.EndedAt, row.EndReason = true, p.now(), in.Reason
	if in.End.Absent {
		p.forget([]fleet.MachineID{in.End.Machine})
	}
	return true
}
