package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

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
