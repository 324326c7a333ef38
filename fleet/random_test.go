package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/runfleet/runfleet/fleet"
)

// strained is a drawn fleet with setbacks, orders, allowances, a second scope
// and open intents of every kind.
func strained(r *rapid.T) fleet.Snapshot {
	s := drawn(r)
	for i := range s.State.Jobs {
		if rapid.IntRange(0, 3).Draw(r, "scope") == 0 {
			s.State.Jobs[i] = elsewhere(s.State.Jobs[i], "zeta")
		}
		if s.State.Jobs[i].Status == fleet.Queued && rapid.IntRange(0, 5).Draw(r, "gate") == 0 {
			s.State.Jobs[i].Status = fleet.Waiting
		}
		s.State.Jobs[i].Origin = rapid.SampledFrom([]fleet.Origin{"", fleet.Own, fleet.Own, fleet.Fork}).Draw(r, "origin")
		s.State.Jobs[i].Found = rapid.IntRange(0, 2).Draw(r, "found") == 0
	}
	s.Fleet.Forks = rapid.SampledFrom([]fleet.Forks{
		{}, {}, {Rule: fleet.AllowForks}, {Rule: fleet.RefuseForks}, {Rule: fleet.PoolForks, Pool: "x64"},
	}).Draw(r, "forks")
	s.Fleet.Limits.FoundPerMinute = rapid.IntRange(0, 2).Draw(r, "found a minute")
	for i := range s.State.Machines {
		if rapid.IntRange(0, 4).Draw(r, "ended") == 0 {
			s.State.Machines[i].EndedAt = ago(rapid.IntRange(0, 300).Draw(r, "since"))
		}
		s.State.Machines[i].Taken = rapid.Bool().Draw(r, "taken")
	}
	keys := []fleet.SetbackKey{
		fleet.OfferKey(spotA), fleet.OfferKey(odA), fleet.BootKey("arm", "lt-1:1"), fleet.LaunchKey("x64", "lt-2:1"),
		fleet.MintKey("arm", acme), fleet.MintKey("x64", acme),
	}
	for _, k := range keys {
		switch rapid.IntRange(0, 4).Draw(r, "setback") {
		case 0:
			holds(&s, k)
		case 1:
			expired(&s, k)
		}
	}
	if rapid.Bool().Draw(r, "idled") {
		holds(&s, fleet.ClassKey(fleet.Class{Scope: acme, Labels: arm}))
	}
	for _, k := range []fleet.OrderKind{fleet.Drain, fleet.Hold, fleet.Halt} {
		if rapid.IntRange(0, 3).Draw(r, "order") == 0 {
			order(&s, k, fmt.Sprint("i-", rapid.IntRange(1, 6).Draw(r, "of")))
		}
	}
	if rapid.IntRange(0, 6).Draw(r, "pause") == 0 {
		order(&s, fleet.Pause, rapid.SampledFrom([]string{"", "arm", "x64", "old"}).Draw(r, "paused"))
	}
	s.Allowance.Configs = rapid.IntRange(-1, 3).Draw(r, "configs")
	s.Allowance.Launches = rapid.IntRange(-1, 5).Draw(r, "launches")
	if rapid.Bool().Draw(r, "limited") {
		s.Allowance.Mints = map[int64]fleet.Mints{7: {Now: rapid.IntRange(0, 3).Draw(r, "now"), PerBoot: rapid.IntRange(0, 3).Draw(r, "boot")}}
	}
	for i, in := range []fleet.Intent{
		{Mint: &fleet.Mint{Machine: "i-2", Scope: acme, Labels: arm, Try: 1}},
		{Withdraw: &fleet.Withdraw{Machine: "i-3", Scope: acme, RunnerID: 1}},
		{Remove: &fleet.Remove{Scope: acme, RunnerID: 1, Name: "rf-f-i-4-1"}},
		{Sweep: &fleet.Sweep{EC2Fleets: []string{"fleet-1"}}},
		{Launch: &fleet.Launch{Pool: "old", Market: fleet.Spot, Count: 2}},
	} {
		if rapid.IntRange(0, 3).Draw(r, "open") == 0 {
			in.ID, in.ReservedAt = fleet.IntentID(fmt.Sprint("x", i)), ago(rapid.IntRange(0, 500).Draw(r, "reserved"))
			s.State.Intents = append(s.State.Intents, in)
		}
	}
	for _, id := range []string{"i-1", "i-3", "i-9"} {
		if rapid.IntRange(0, 3).Draw(r, "noticed") == 0 {
			notice(&s, id, rapid.SampledFrom([]fleet.NoticeKind{fleet.Rebalance, fleet.Interruption}).Draw(r, "kind"), rapid.IntRange(0, 900).Draw(r, "told"))
		}
	}
	for _, id := range []string{"i-1", "i-2", "i-4", "i-9"} {
		if rapid.IntRange(0, 2).Draw(r, "told") == 0 {
			kind := rapid.SampledFrom([]fleet.ReportKind{fleet.ReportReady, fleet.ReportEnded}).Draw(r, "kind")
			outcome := rapid.SampledFrom([]fleet.Outcome{fleet.OutcomeDone, fleet.OutcomeBroken}).Draw(r, "outcome")
			report(&s, id, kind, outcome, rapid.IntRange(0, 900).Draw(r, "since"))
		}
	}
	for i, j := range s.State.Jobs {
		if i < 4 && rapid.IntRange(0, 3).Draw(r, "hit") == 0 {
			row := hit(int(j.Key.ID), "i-1", rapid.SampledFrom([]string{"", "failure", "success"}).Draw(r, "conclusion"))
			row.Run = fleet.RunID(i % 2)
			interrupted(&s, row)
		}
	}
	if rapid.Bool().Draw(r, "stands") {
		drawStanding(r, &s)
	}
	s.Alone = rapid.Bool().Draw(r, "alone")
	return s
}

// drawStanding adds a standing pool, open, closed or about to open, its
// machines in every phase, and jobs for them.
func drawStanding(r *rapid.T, s *fleet.Snapshot) {
	standing("", func(*fleet.Snapshot) {}).with(s)
	policy := rapid.SampledFrom([]fleet.ClosedPolicy{fleet.ClosedCold, fleet.ClosedWait, fleet.ClosedRefuse}).Draw(r, "policy")
	switch rapid.IntRange(0, 2).Draw(r, "hours") {
	case 0:
		closed(s, "build", policy)
	case 1:
		early(s, "build", policy)
	}
	for i := range rapid.IntRange(0, 4).Draw(r, "standing") {
		id := fmt.Sprint("i-", i+7)
		enrolled(s, id, func(m *fleet.Machine, x *fleet.Runner) {
			m.State = rapid.SampledFrom([]fleet.MachineState{fleet.Pending, fleet.Up, fleet.Stopping, fleet.Stopped, fleet.ShuttingDown, fleet.Terminated}).Draw(r, "state")
			m.Pool = rapid.SampledFrom([]string{"build", "build", "build", "arm", "old"}).Draw(r, "pool")
			for _, at := range []*time.Time{&m.StoppedAt, &m.StartedAt, &m.ReadyAt, &m.MintedAt, &m.TriedAt} {
				if rapid.IntRange(0, 3).Draw(r, "changed") == 0 {
					*at = rapid.SampledFrom([]time.Time{{}, ago(30), ago(900)}).Draw(r, "to")
				}
			}
			if m.Unasked = !m.StoppedAt.IsZero() && rapid.Bool().Draw(r, "unasked"); m.Unasked && rapid.Bool().Draw(r, "struck") {
				stay(s, id, rapid.IntRange(1, 3).Draw(r, "strikes"), rapid.IntRange(0, 900).Draw(r, "at"), rapid.IntRange(-100, 100).Draw(r, "until"))
			}
			x.Online, x.Busy, x.Missed = rapid.Bool().Draw(r, "online"), rapid.Bool().Draw(r, "busy"), rapid.IntRange(0, 2).Draw(r, "missed")
		})
		for n := range rapid.IntRange(0, 2).Draw(r, "its jobs") {
			j := on(queued(100+10*i+n, build, 2000), fleet.Running, id, rapid.IntRange(1, 30000).Draw(r, "since"))
			wait(s, j)
		}
		if rapid.IntRange(0, 3).Draw(r, "asked") == 0 {
			in := fleet.Intent{ID: fleet.IntentID("s" + id), ReservedAt: ago(rapid.IntRange(0, 60).Draw(r, "reserved"))}
			if rapid.Bool().Draw(r, "start") {
				in.Start = &fleet.Start{Machine: fleet.MachineID(id), Offer: odA}
			} else {
				in.Stop = &fleet.Stop{Machine: fleet.MachineID(id), Scope: acme}
			}
			s.State.Intents = append(s.State.Intents, in)
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(r, "for them") {
		wait(s, queued(200+i, build, rapid.IntRange(0, 900).Draw(r, "waits")))
	}
}

func TestAStrainedPlanDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := strained(r)
		before := s
		before.State.Jobs, before.State.Machines = slices.Clone(s.State.Jobs), slices.Clone(s.State.Machines)
		want := fleet.Decide(s)
		if diff := cmp.Diff(before, s); diff != "" {
			r.Fatalf("Decide wrote to its snapshot (-before +after):\n%s", diff)
		}
		dice := rand.New(rand.NewPCG(2, rapid.Uint64().Draw(r, "shuffle")))
		mixed := s
		mixed.State.Jobs, mixed.State.Machines = shuffled(dice, s.State.Jobs), shuffled(dice, s.State.Machines)
		mixed.State.Runners, mixed.State.Intents = shuffled(dice, s.State.Runners), shuffled(dice, s.State.Intents)
		mixed.State.Setbacks, mixed.State.Orders = shuffled(dice, s.State.Setbacks), shuffled(dice, s.State.Orders)
		mixed.State.Notices, mixed.State.Interrupted = shuffled(dice, s.State.Notices), shuffled(dice, s.State.Interrupted)
		mixed.Recipes = shuffled(dice, s.Recipes)
		if diff := cmp.Diff(want, fleet.Decide(mixed)); diff != "" {
			r.Fatalf("plan (-sorted +shuffled):\n%s", diff)
		}
	})
}

func TestAStrainedPlanKeepsWithinItsCaps(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := strained(r)
		p := fleet.Decide(s)
		total, perPool := alive(s)
		news, mints := 0, 0
		for _, in := range p.Intents {
			if in.Mint != nil && in.ID == "" {
				mints++
			}
			if in.Launch == nil || in.ID != "" {
				continue
			}
			news += in.Launch.Count
			perPool[in.Launch.Pool] += in.Launch.Count
			if len(in.Launch.Offers) == 0 || in.Launch.Count < 1 {
				r.Fatalf("a launch of %d machines from %d offers", in.Launch.Count, len(in.Launch.Offers))
			}
			for _, o := range in.Launch.Offers {
				if o.Market != in.Launch.Market {
					r.Fatalf("a launch on %s asks for %v", in.Launch.Market, o)
				}
			}
		}
		for _, pool := range s.Fleet.Pools {
			if launches(p, pool.Name) > 0 && perPool[pool.Name] > pool.Max {
				r.Fatalf("pool %s would have %d machines of %d", pool.Name, perPool[pool.Name], pool.Max)
			}
		}
		if most := s.Fleet.Limits.Machines; most > 0 && news > 0 && total+news > most {
			r.Fatalf("the fleet would have %d machines of %d", total+news, most)
		}
		if a := s.Allowance.Launches; a >= 0 && news > a {
			r.Fatalf("%d launches, %d are allowed", news, a)
		}
		if a := s.Allowance.Configs; a >= 0 && mints > a {
			r.Fatalf("%d configs, %d are allowed", mints, a)
		}
		if len(p.Intents) > 80 || len(p.Ask) > 20 {
			r.Fatalf("%d intents, %d questions", len(p.Intents), len(p.Ask))
		}
	})
}

// alive counts what exists or is reserved, by the rule's words and not by the code's.
func alive(s fleet.Snapshot) (total int, perPool map[string]int) {
	perPool = map[string]int{}
	for _, m := range s.State.Machines {
		young := s.At.Before(m.LaunchedAt.Add(fleet.PendingFor))
		if m.Gone() || m.Missed >= 2 && !young {
			continue
		}
		total++
		perPool[m.Pool]++
	}
	for _, in := range s.State.Intents {
		if in.Launch != nil {
			total += in.Launch.Count
			perPool[in.Launch.Pool] += in.Launch.Count
		}
	}
	return total, perPool
}

func TestAStrainedPlanTouchesAMachineOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := strained(r)
		p := fleet.Decide(s)
		open := map[fleet.MachineID]fleet.IntentID{}
		for _, in := range s.State.Intents {
			open[in.Machine()] = in.ID
		}
		held := map[fleet.MachineID]bool{}
		for _, o := range s.State.Orders {
			if o.Kind == fleet.Hold {
				held[fleet.MachineID(o.Subject)] = true
			}
		}
		done := map[fleet.MachineID]bool{}
		for _, in := range p.Intents {
			id := in.Machine()
			if id == "" || in.ID != "" {
				continue
			}
			if done[id] || open[id] != "" {
				r.Fatalf("two intents about %s", id)
			}
			done[id] = true
			if busy(s, id) && (in.Stop != nil || in.End != nil && !in.End.Absent) && !because(in, "operator: ", "its job ran longer") {
				r.Fatalf("%s has a job and is to %s: %s", id, in.Kind(), in.Reason)
			}
			if held[id] && (in.Stop != nil || in.End != nil && !in.End.Absent) && !because(in, "operator: ", "EC2 still shows it") {
				r.Fatalf("%s is held and is to %s: %s", id, in.Kind(), in.Reason)
			}
		}
		for _, j := range s.State.Jobs {
			judged := j.Verdict.Code != "" || slices.ContainsFunc(p.Verdicts, func(v fleet.JobVerdict) bool {
				return v.Job == j.Key && v.Verdict.Code != ""
			})
			if j.Status < fleet.Running && !judged {
				r.Fatalf("job %d waits without a verdict", j.Key.ID)
			}
		}
	})
}

// busy reports whether a machine that EC2 still runs has a running job.
func busy(s fleet.Snapshot, id fleet.MachineID) bool {
	for _, m := range s.State.Machines {
		if m.ID == id && (m.Gone() || !m.StoppedAt.IsZero()) {
			return false
		}
	}
	return slices.ContainsFunc(s.State.Jobs, func(j fleet.Job) bool {
		m, _, ok := fleet.ParseRunnerName("f", j.Runner)
		return ok && m == id && j.Status == fleet.Running
	})
}

// because reports whether the intent's reason begins with one of the texts.
func because(in fleet.Intent, begins ...string) bool {
	return slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(in.Reason, b) })
}
