package cli

import (
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/chaos"
)

// drillView is a drill as lists print it as JSON; see the other views.
type drillView struct {
	ID         string          `json:"id"`
	Pool       string          `json:"pool"`
	Count      int             `json:"count"` // of machines, as ordered
	Notice     float64         `json:"notice_seconds"`
	By         string          `json:"by"`
	Reason     string          `json:"reason,omitempty"`
	Taken      time.Time       `json:"taken_up_at,omitzero"` // by the manager
	Result     string          `json:"result"`               // ordered, refused, open, passed, failed, void
	Why        []string        `json:"why"`                  // what is awaited, went wrong, or limits what is proved
	Experiment *experimentView `json:"experiment,omitempty"` // of FIS
	Cleaned    bool            `json:"cleaned_up"`           // nothing of it is left at AWS
}

type experimentView struct {
	ID      string    `json:"id"`
	State   string    `json:"state"` // FIS's word
	Reason  string    `json:"reason,omitempty"`
	Started time.Time `json:"started_at,omitzero"`
	Ended   time.Time `json:"ended_at,omitzero"`
	Victims []string  `json:"victims"`
}

func viewDrill(d judged) drillView {
	v := drillView{
		ID: d.Drill.ID, Pool: d.Drill.Pool, Count: d.Drill.Count, Notice: d.Drill.Notice.Seconds(), By: d.By, Reason: d.Reason,
		Taken: d.At.UTC(), Result: string(d.Verdict.Result), Why: texts(d.Verdict.Why), Cleaned: d.Cleaned,
	}
	if e := d.Experiment; e.ID != "" {
		v.Experiment = &experimentView{e.ID, string(e.State), e.Reason, e.StartedAt.UTC(), e.EndedAt.UTC(), ids(e.Victims)}
	}
	return v
}

// drillShown is what show tells of a drill besides.
type drillShown struct {
	drillView
	Jobs     []fateView   `json:"jobs"` // that ran on its victims
	Before   []string     `json:"ran_before"`
	After    []string     `json:"ran_after"` // when its victims were gone; until then, what runs now
	Gone     []string     `json:"gone"`      // ran before and not after
	New      []string     `json:"new"`       // the other way round
	Left     []string     `json:"left"`      // of the drill, in words
	Timeline []momentView `json:"timeline"`
}

func viewDrillShown(d judged) drillShown {
	return drillShown{
		drillView: viewDrill(d), Jobs: views(d.Verdict.Fates, viewFate), Before: ids(d.Verdict.Before), After: ids(d.Verdict.After),
		Gone: ids(d.Verdict.Gone), New: ids(d.Verdict.New), Left: texts(d.Verdict.Left), Timeline: views(d.Verdict.Timeline, viewMoment),
	}
}

type fateView struct {
	Job         int64      `json:"job"`
	Attempt     int        `json:"attempt"` // on the victim
	Run         int64      `json:"run"`
	Machine     string     `json:"machine"` // the victim
	Outcome     string     `json:"outcome"` // in time, by itself, cancelled, re-run, unsettled, not healed
	Why         string     `json:"why,omitempty"`
	Interrupted bool       `json:"interrupted"`
	Done        time.Time  `json:"done_at,omitzero"` // as GitHub sees it
	Again       *againView `json:"again,omitempty"`  // the attempt that healed it, or the last one that tried
	Heal        *float64   `json:"healed_seconds,omitempty"`
}

// againView is a later attempt of a job.
type againView struct {
	Job     int64     `json:"job"`
	Attempt int       `json:"attempt"`
	Machine string    `json:"machine,omitempty"` // left out while it waits, and on a runner of others
	Market  string    `json:"market,omitempty"`  // spot, on-demand
	Queued  time.Time `json:"queued_at,omitzero"`
	Done    time.Time `json:"done_at,omitzero"`
}

func viewFate(f chaos.Fate) fateView {
	v := fateView{
		Job: int64(f.Job.ID), Attempt: f.Job.Attempt, Run: int64(f.Run), Machine: string(f.Machine), Outcome: string(f.Outcome), Why: f.Why,
		Interrupted: f.Interrupted(), Done: f.DoneAt.UTC(),
	}
	if a := f.Again; a != (chaos.Again{}) {
		v.Again = &againView{int64(a.Job.ID), a.Job.Attempt, string(a.Machine), string(a.Market), a.QueuedAt.UTC(), a.DoneAt.UTC()}
	}
	if f.Outcome == chaos.Rerun {
		heal := f.Heal().Seconds()
		v.Heal = &heal
	}
	return v
}

type momentView struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Machine string    `json:"machine,omitempty"`
	Job     int64     `json:"job,omitempty"`
	Attempt int       `json:"attempt,omitempty"`
}

func viewMoment(m chaos.Moment) momentView {
	return momentView{m.At.UTC(), m.What, string(m.Machine), int64(m.Job.ID), m.Job.Attempt}
}

// ids are machines as JSON has them.
func ids(all []fleet.MachineID) []string {
	return views(all, func(id fleet.MachineID) string { return string(id) })
}
