package cli

import (
	"cmp"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/reconcile"
)

// The views are what lists print as JSON. Their keys are lower case and stay;
// enumerations are words, times are RFC 3339 in UTC, spans are seconds, and what
// is not known is left out.

type jobView struct {
	ID         int64     `json:"id"`
	Attempt    int       `json:"attempt"`
	Run        int64     `json:"run"`
	Repository string    `json:"repository"`
	Workflow   string    `json:"workflow,omitempty"`
	Name       string    `json:"name"`
	Scope      string    `json:"scope"`
	Labels     []string  `json:"labels"`
	Status     string    `json:"status"` // waiting, queued, running, done
	Conclusion string    `json:"conclusion,omitempty"`
	Runner     string    `json:"runner,omitempty"`
	Verdict    string    `json:"verdict,omitempty"` // while it waits
	Detail     string    `json:"detail,omitempty"`
	Queued     time.Time `json:"queued_at,omitzero"`
	Started    time.Time `json:"started_at,omitzero"`
	Done       time.Time `json:"done_at,omitzero"`
	Waited     *float64  `json:"waited_seconds,omitempty"` // for a runner, up to now if none came
}

func viewJob(j fleet.Job, now time.Time) jobView {
	v := jobView{
		ID: int64(j.Key.ID), Attempt: j.Key.Attempt, Run: int64(j.Run), Repository: j.Repo, Workflow: j.Workflow, Name: j.Name,
		Scope: j.Class.Scope.String(), Labels: texts(j.Class.Labels.List()), Status: j.Status.String(), Conclusion: j.Conclusion, Runner: j.Runner,
		Queued: j.QueuedAt.UTC(), Started: j.StartedAt.UTC(), Done: j.DoneAt.UTC(),
	}
	if j.Status < fleet.Running {
		v.Verdict, v.Detail = string(j.Verdict.Code), j.Verdict.Detail
	}
	if !j.QueuedAt.IsZero() {
		waited := j.Wait(now).Seconds()
		v.Waited = &waited
	}
	return v
}

type machineView struct {
	ID         string    `json:"id"`
	Pool       string    `json:"pool"`
	Type       string    `json:"type,omitempty"`
	Zone       string    `json:"zone,omitempty"`
	Subnet     string    `json:"subnet,omitempty"`
	Market     string    `json:"market,omitempty"` // spot, on-demand
	Template   string    `json:"template,omitempty"`
	Lifetime   string    `json:"lifetime"` // ephemeral, standing
	State      string    `json:"state"`    // EC2's word, or unseen
	Phase      string    `json:"phase,omitempty"`
	Scope      string    `json:"scope,omitempty"`
	Runner     string    `json:"runner,omitempty"` // its registration's name
	Launched   time.Time `json:"launched_at,omitzero"`
	Adopted    time.Time `json:"adopted_at,omitzero"`
	Registered time.Time `json:"registered_at,omitzero"`
	Ready      time.Time `json:"ready_at,omitzero"`   // its runner was first seen
	Started    time.Time `json:"started_at,omitzero"` // the last time, after a stop
	Stopped    time.Time `json:"stopped_at,omitzero"` // left out while it is to run
	Seen       time.Time `json:"seen_at,omitzero"`    // by the last full look that showed it
	Ended      time.Time `json:"ended_at,omitzero"`
	EndReason  string    `json:"end_reason,omitempty"`
}

func viewMachine(m fleet.Machine, fleetName string) machineView {
	v := machineView{
		ID: string(m.ID), Pool: m.Pool, Type: m.Offer.Type, Zone: m.Offer.Zone, Subnet: m.Offer.Subnet, Market: string(m.Offer.Market),
		Template: m.Template, State: cmp.Or(string(m.State), "unseen"), Scope: m.Scope.String(),
		Launched: m.LaunchedAt.UTC(), Adopted: m.AdoptedAt.UTC(), Registered: m.MintedAt.UTC(), Ready: m.ReadyAt.UTC(), Seen: m.SeenAt.UTC(),
		Ended: m.EndedAt.UTC(), EndReason: m.EndReason, Lifetime: string(fleet.Ephemeral),
		Started: m.StartedAt.UTC(), Stopped: m.StoppedAt.UTC(),
	}
	if m.Standing {
		v.Lifetime = string(fleet.Standing)
	}
	if m.Minted() {
		v.Runner = fleet.RunnerName(fleetName, m.ID, m.Try)
	}
	return v
}

type runnerView struct {
	Name    string    `json:"name"`
	ID      int64     `json:"id"`
	Scope   string    `json:"scope"`
	Status  string    `json:"status"` // online, offline
	Busy    bool      `json:"busy"`
	Machine string    `json:"machine,omitempty"`
	State   string    `json:"machine_state,omitempty"` // EC2's word, or unseen; left out if the ledger has no such machine
	First   time.Time `json:"first_seen_at,omitzero"`
	Seen    time.Time `json:"seen_at,omitzero"` // by the last full look that showed it
	Missed  int       `json:"missed_looks"`     // in a row, since then
}

func viewRunner(r fleet.Runner, m *fleet.Machine) runnerView {
	v := runnerView{
		Name: r.Name, ID: r.ID, Scope: r.Scope.String(), Status: yes(r.Online, "online", "offline"), Busy: r.Busy,
		First: r.FirstAt.UTC(), Seen: r.SeenAt.UTC(), Missed: r.Missed,
	}
	if m != nil {
		v.Machine, v.State = string(m.ID), cmp.Or(string(m.State), "unseen")
	}
	return v
}

type reportView struct {
	Kind     string    `json:"kind"` // ready, ended
	At       time.Time `json:"at"`
	Outcome  string    `json:"outcome,omitempty"` // the rest is of one that ended
	Reason   string    `json:"reason,omitempty"`
	ExitCode int       `json:"exit_code"`
}

func viewReport(r fleet.Report) reportView {
	return reportView{string(r.Kind), r.At.UTC(), string(r.Outcome), r.Reason, r.ExitCode}
}

type poolView struct {
	Name         string   `json:"name"`
	Labels       []string `json:"labels"`
	Group        string   `json:"group,omitempty"`
	Arch         string   `json:"arch"`              // arm64, x86_64
	Lifetime     string   `json:"lifetime"`          // ephemeral, standing
	Account      string   `json:"account,omitempty"` // of a standing pool
	Market       string   `json:"market"`            // spot, on-demand, spot-first
	Registration string   `json:"registration"`      // jit, token
	Prepared     bool     `json:"prepared"`
	Exact        bool     `json:"exact"`
	Overflow     bool     `json:"overflow"`
	Priority     int      `json:"priority"`
	Max          int      `json:"max"`
	Machines     int      `json:"machines"`
	Stopped      int      `json:"stopped"` // of them
	Jobs         int      `json:"fitting_jobs_that_wait"`
	Hours        string   `json:"hours"`
	Problem      string   `json:"problem,omitempty"` // why it can launch nothing
	BootLimit    float64  `json:"boot_limit_seconds"`
	IdleLimit    float64  `json:"idle_limit_seconds"`
	JobLimit     float64  `json:"job_limit_seconds"`
	AlertAfter   float64  `json:"alert_after_seconds"`
}

func viewPool(p fleet.Pool, state fleet.State, h fleet.Hours) poolView {
	p = p.WithDefaults()
	v := poolView{
		Name: p.Name, Labels: texts(p.Labels.List()), Group: p.Group, Arch: string(p.Arch), Lifetime: string(p.Lifetime), Account: p.Account, Market: string(p.Market),
		Registration: string(p.Registration), Prepared: p.Prepared, Exact: p.Exact, Overflow: !p.NoOverflow, Priority: p.Priority, Max: p.Max,
		Hours: h.String(), Problem: reconcile.ProblemsIn(state.Marks)[p.Name], BootLimit: p.BootLimit.Seconds(), IdleLimit: p.IdleLimit.Seconds(), JobLimit: p.JobLimit.Seconds(), AlertAfter: p.AlertAfter.Seconds(),
	}
	for _, m := range state.Machines {
		if m.Pool == p.Name && !m.Gone() {
			v.Machines++
			if !m.StoppedAt.IsZero() {
				v.Stopped++
			}
		}
	}
	for _, j := range state.Jobs {
		if j.Status == fleet.Queued && p.Serves(j.Class) {
			v.Jobs++
		}
	}
	return v
}

type hoursView struct {
	Pool        string    `json:"pool"`
	Now         string    `json:"now"` // in words
	Closed      bool      `json:"closed"`
	Early       bool      `json:"early"`          // closed, and machines are made ready for the opening
	Until       time.Time `json:"until,omitzero"` // it closes if open, opens if closed
	Next        time.Time `json:"next_opening,omitzero"`
	Zone        string    `json:"zone,omitempty"`
	WhileClosed string    `json:"while_closed,omitempty"` // cold, wait, refuse
	Order       string    `json:"order,omitempty"`        // who keeps it open or closed, and why

	Overtime *overtimeView `json:"overtime,omitempty"` // of a closed pool that works on
}

// overtimeView is what a closed pool still does.
type overtimeView struct {
	Busy    int `json:"busy_machines"`
	Waiting int `json:"jobs_that_wait"` // and that they may take first
}

func viewHours(pool string, h fleet.Hours, o fleet.Overtime) hoursView {
	v := hoursView{
		Pool: pool, Now: h.String(), Closed: h.Closed, Early: h.Early, Until: h.Until.UTC(), Next: h.Next.UTC(),
		Zone: h.Zone, WhileClosed: string(h.Policy), Order: h.Order,
	}
	if o.Busy > 0 {
		v.Overtime = &overtimeView{o.Busy, o.Waiting}
	}
	return v
}

// overtime is what a closed pool still does in words; empty: nothing.
func (v hoursView) overtime() string {
	if v.Overtime == nil {
		return ""
	}
	return fleet.Overtime{Busy: v.Overtime.Busy, Waiting: v.Overtime.Waiting}.String()
}

type windowView struct {
	Opens  time.Time `json:"opens_at"`
	Closes time.Time `json:"closes_at"`
}

type setbackView struct {
	Kind    string    `json:"kind"` // offer, boot, class, launch, mint, installation
	Subject string    `json:"subject"`
	Detail  string    `json:"detail"`
	Strikes int       `json:"strikes"`
	Until   time.Time `json:"until,omitzero"`
}

func viewSetback(b fleet.Setback) setbackView {
	return setbackView{string(b.Key.Kind), b.Key.Subject, b.Detail, b.Strikes, b.Until.UTC()}
}

type orderView struct {
	Kind    string    `json:"kind"`              // drain, hold, end, pause, drill, keep-open, keep-closed
	Subject string    `json:"subject,omitempty"` // machine or pool; left out: the whole fleet
	By      string    `json:"by"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Until   time.Time `json:"until,omitzero"` // left out: until it is lifted
}

func viewOrder(o fleet.Order) orderView {
	return orderView{string(o.Kind), o.Subject, o.By, o.Reason, o.At.UTC(), o.Until.UTC()}
}

// rest is an order's end and reason in words.
func (o orderView) rest() (text string) {
	if !o.Until.IsZero() {
		text += " until " + when(o.Until)
	}
	if o.Reason != "" {
		text += ": " + clean(o.Reason)
	}
	return text
}

type intentView struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Reason   string    `json:"reason"`
	Reserved time.Time `json:"reserved_at,omitzero"`
	Tries    int       `json:"tries"`
}

func viewIntent(in fleet.Intent) intentView {
	return intentView{string(in.ID), in.Kind(), in.Reason, in.ReservedAt.UTC(), in.Tries}
}

// views are the views of a list, which is empty rather than null.
func views[T, V any](all []T, view func(T) V) []V {
	out := make([]V, 0, len(all))
	for _, x := range all {
		out = append(out, view(x))
	}
	return out
}

// texts is a list of texts that is empty rather than null.
func texts(all []string) []string { return append([]string{}, all...) }
