package world

import (
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awssim"
)

// Interruption is the way of one job from Spot's notice to its next life's end.
// What has not come yet is zero.
type Interruption struct {
	Machine     string          `json:"machine"` // that Spot took back
	Job         githubsim.JobID `json:"job"`     // that ran on it
	Notice      time.Time       `json:"notice"`
	Interrupted time.Time       `json:"interrupted,omitzero"` // as GitHub tells it

	Again      githubsim.JobID `json:"again,omitempty"` // its next life
	Rerun      time.Time       `json:"rerun,omitzero"`  // when that was queued
	Began      time.Time       `json:"began,omitzero"`
	Done       time.Time       `json:"done,omitzero"`
	Conclusion string          `json:"conclusion,omitempty"`
	On         string          `json:"on,omitempty"`     // machine that took it
	Market     fleet.Market    `json:"market,omitempty"` // of that machine
}

// story tells of an interruption as far as it came.
func (i Interruption) story() string {
	if i.Machine == "" {
		return ""
	}
	clock := func(t time.Time) string { return t.Format(time.TimeOnly) }
	text := fmt.Sprintf("Spot gave %s notice at %s while job %d ran on it.", i.Machine, clock(i.Notice), i.Job)
	if i.Interrupted.IsZero() {
		return text
	}
	text += " It was interrupted at " + clock(i.Interrupted) + ","
	if i.Again == 0 {
		return text + " and is not run again yet."
	}
	text += fmt.Sprintf(" run again as %d at %s,", i.Again, clock(i.Rerun))
	if i.Done.IsZero() {
		return text + " and is not over yet."
	}
	market := "on demand"
	if i.Market == fleet.Spot {
		market = "on Spot"
	}
	text += fmt.Sprintf(" and ended as %s at %s on %s %s", i.Conclusion, clock(i.Done), i.On, market)
	if i.Conclusion == "success" {
		text += fmt.Sprintf(": %s from notice to green", i.Done.Sub(i.Notice).Round(time.Second))
	}
	return text + "."
}

// interruption is what came of the machine that interruptOne had taken back;
// nil until it found one.
func (w *World) interruption() *Interruption {
	if w.story.victim == "" {
		return nil
	}
	i := Interruption{Machine: w.story.victim, Job: w.story.interrupted, Notice: w.story.noticeAt}
	jobs := w.GitHub.Outcomes()
	var hurt githubsim.Outcome
	for _, o := range jobs {
		if o.ID == i.Job {
			hurt, i.Interrupted = o, o.Done
		}
	}
	for _, o := range jobs {
		if o.Run != hurt.Run || o.Name != hurt.Name || o.Attempt != hurt.Attempt+1 {
			continue
		}
		i.Again, i.Rerun, i.Began, i.Done, i.Conclusion, i.On = o.ID, o.Created, o.Started, o.Done, o.Conclusion, w.jobs[o.ID]
		if m, ok := w.instance(i.On); ok {
			i.Market = fleet.OnDemand
			if m.Spot {
				i.Market = fleet.Spot
			}
		}
	}
	return &i
}

func (w *World) instance(id string) (awssim.Instance, bool) {
	for _, i := range w.AWS.Instances() {
		if i.ID == id {
			return i, true
		}
	}
	return awssim.Instance{}, false
}
