package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

var (
	noon  = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	acme  = fleet.Scope{Installation: 7, Owner: "acme"}
	arm   = fleet.NewLabels("self-hosted", "linux", "arm64")
	x64   = fleet.NewLabels("self-hosted", "linux", "x64")
	spotA = fleet.Offer{Type: "c7g.large", Zone: "a", Market: fleet.Spot, Subnet: "s-a"}
	odA   = fleet.Offer{Type: "c7g.large", Zone: "a", Market: fleet.OnDemand, Subnet: "s-a"}
)

// at is an instant as many seconds before noon.
func ago(seconds int) time.Time { return noon.Add(-time.Duration(seconds) * time.Second) }

// base is a fleet of two pools at noon, with nothing in it.
func base() fleet.Snapshot {
	return fleet.Snapshot{
		At: noon, LookedAt: ago(10), LookedBefore: ago(70),
		Fleet: fleet.Fleet{Name: "f", Pools: []fleet.Pool{
			{Name: "arm", Labels: arm, Max: 3, Prepared: true},
			{Name: "x64", Labels: x64, Max: 2, Market: fleet.OnDemand},
		}},
		Recipes: []fleet.Recipe{
			{Pool: "arm", Template: "lt-1:1", Offers: []fleet.Offer{spotA, odA}},
			{Pool: "x64", Template: "lt-2:1", Offers: []fleet.Offer{odA}},
		},
		Allowance: fleet.Allowance{Launches: -1, Configs: -1},
	}
}

func queued(id int, l fleet.Labels, since int) fleet.Job {
	return fleet.Job{
		Key: fleet.JobKey{ID: fleet.JobID(id), Attempt: 1}, Class: fleet.Class{Scope: acme, Labels: l}, Repo: "acme/w",
		Status: fleet.Queued, QueuedAt: ago(since), RecordedAt: ago(since), ChangedAt: ago(since),
	}
}

func on(j fleet.Job, status fleet.JobStatus, m string, since int) fleet.Job {
	j.Status, j.Runner = status, fleet.RunnerName("f", fleet.MachineID(m), 1)
	j.StartedAt, j.ChangedAt = ago(since), ago(since)
	if status == fleet.Done {
		j.DoneAt = ago(since)
	}
	return j
}

// machine is a generic one of a pool, launched so many seconds ago.
func machine(id, pool string, launched int) fleet.Machine {
	return fleet.Machine{ID: fleet.MachineID(id), Pool: pool, Template: "lt-1:1", State: fleet.Up, SeenAt: ago(10), LaunchedAt: ago(launched), Offer: spotA}
}

// minted is a machine that was registered; ready is when its runner was seen,
// 0 for not yet.
func minted(m fleet.Machine, since, ready int) (fleet.Machine, fleet.Runner) {
	m.Scope, m.Try, m.RunnerID, m.MintedAt = acme, 1, 1, ago(since)
	r := fleet.Runner{Name: fleet.RunnerName("f", m.ID, 1), ID: 1, Scope: acme, FirstAt: ago(since), SeenAt: ago(10)}
	if ready > 0 {
		m.ReadyAt, m.Taken, r.Online = ago(ready), true, true
	}
	return m, r
}

// arms is self-hosted arm64: only the pool arm holds it, with a label to spare.
var arms = fleet.NewLabels("self-hosted", "arm64")

// decision is a snapshot, made from base, and the plan's answer in lines.
type decision struct {
	name string
	with func(*fleet.Snapshot)
	want []string
}

func decisions(t *testing.T, cases []decision) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			s := base()
			tt.with(&s)
			if diff := cmp.Diff(tt.want, told(fleet.Decide(s))); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// told is what said says, and what a plan changes in the ledger besides.
func told(p fleet.Plan) []string {
	lines := said(p)
	for _, id := range p.Settle {
		lines = append(lines, "settle "+string(id))
	}
	for _, b := range p.Setbacks {
		lines = append(lines, fmt.Sprintf("strike %d %s %s", b.Strikes, b.Key.Kind, b.Key.Subject))
	}
	for _, k := range p.Cleared {
		lines = append(lines, fmt.Sprintf("clear %s %s", k.Kind, k.Subject))
	}
	for _, name := range p.Ended {
		lines = append(lines, "ended "+name)
	}
	for _, id := range p.Lifted {
		lines = append(lines, "lift "+id)
	}
	for _, j := range p.Jobs {
		if j.Closed {
			lines = append(lines, fmt.Sprintf("close %d", j.Key.ID))
		}
	}
	for _, i := range p.Interrupted {
		lines = append(lines, fmt.Sprintf("interrupted %d on %s [%s] again %d [%s]%s", i.Job.ID, i.Machine, i.Conclusion, i.Again.ID, i.Result, i.Why))
	}
	return lines
}

// said is a plan as lines: what it does, and which verdicts change.
func said(p fleet.Plan) []string {
	var lines []string
	for _, in := range p.Intents {
		switch {
		case in.Launch != nil:
			lines = append(lines, fmt.Sprintf("launch %d %s %s", in.Launch.Count, in.Launch.Pool, in.Launch.Market))
		case in.Mint != nil:
			lines = append(lines, fmt.Sprintf("mint %s try %d", in.Mint.Machine, in.Mint.Try))
		case in.End != nil:
			lines = append(lines, fmt.Sprintf("end %s: %s", in.End.Machine, in.Reason))
		case in.Stop != nil:
			lines = append(lines, fmt.Sprintf("stop %s: %s", in.Stop.Machine, in.Reason))
		case in.Sweep != nil:
			from := ""
			if len(in.Sweep.Parameters) > 0 {
				from = fmt.Sprintf(" from %s on", in.Sweep.Parameters[0])
			}
			lines = append(lines, fmt.Sprintf("sweep %d configs%s, %d fleets, %d templates", len(in.Sweep.Parameters), from, len(in.Sweep.EC2Fleets), len(in.Sweep.Templates)))
		case in.Rerun != nil:
			lines = append(lines, fmt.Sprintf("rerun %d: %s", in.Rerun.Run, in.Reason))
		default:
			lines = append(lines, in.Kind()+" "+string(in.Machine()))
		}
	}
	for _, v := range p.Verdicts {
		lines = append(lines, fmt.Sprintf("job %d %s", v.Job.ID, v.Verdict.Code))
	}
	for _, k := range p.Ask {
		lines = append(lines, fmt.Sprintf("ask %d", k.ID))
	}
	for _, id := range p.Forget {
		lines = append(lines, "forget "+string(id))
	}
	return lines
}

// put adds a machine, and its registration if it has one.
func put(s *fleet.Snapshot, m fleet.Machine, rs ...fleet.Runner) {
	s.State.Machines = append(s.State.Machines, m)
	s.State.Runners = append(s.State.Runners, rs...)
}

// putMinted adds a registered machine; see minted.
func putMinted(s *fleet.Snapshot, m fleet.Machine, since, ready int) {
	m, r := minted(m, since, ready)
	put(s, m, r)
}

func wait(s *fleet.Snapshot, js ...fleet.Job) { s.State.Jobs = append(s.State.Jobs, js...) }

func order(s *fleet.Snapshot, kind fleet.OrderKind, subject string) {
	s.State.Orders = append(s.State.Orders, fleet.Order{
		ID: fmt.Sprint("o", len(s.State.Orders)), Kind: kind, Subject: subject, By: "ann", Reason: "a look", At: ago(60),
	})
}

// holds remembers a failure that still forbids launches for a minute.
func holds(s *fleet.Snapshot, k fleet.SetbackKey) {
	s.State.Setbacks = append(s.State.Setbacks, fleet.Setback{Key: k, Strikes: 3, At: ago(30), Until: noon.Add(time.Minute), Detail: "why"})
}

// expired remembers a failure that no success has cleared yet.
func expired(s *fleet.Snapshot, k fleet.SetbackKey) {
	s.State.Setbacks = append(s.State.Setbacks, fleet.Setback{Key: k, Strikes: 3, At: ago(190), Until: ago(10), Detail: "why"})
}

// elsewhere is the job in another scope.
func elsewhere(j fleet.Job, owner string) fleet.Job {
	j.Class.Scope = fleet.Scope{Installation: 8, Owner: owner}
	j.Repo = owner + "/w"
	return j
}
