package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awssim"
)

// Mishaps is what goes wrong once each, by ordinal, so that a story can tell of
// it. Zero is never.
type Mishaps struct {
	Lose      int           // of the webhooks of queued jobs, this one never arrives
	Dead      int           // of the machines, this one's agent never starts
	Interrupt time.Duration // after the begin, Spot takes a busy machine back
}

// story is what a world remembers of its mishaps.
type story struct {
	queued      int             // webhooks of queued jobs so far
	lost        githubsim.JobID // whose webhook was lost
	dead        awssim.Instance // whose agent never started
	deadEnd     time.Time       // when it was ended
	interrupted githubsim.JobID // whose machine Spot took back
	victim      string          // that machine
	noticeAt    time.Time       // when it was told
}

// losing delivers webhooks but for the one that is to be lost. GitHub lists it
// as failed.
func (w *World) losing(deliver func(githubsim.Delivery) (int, error)) func(githubsim.Delivery) (int, error) {
	return func(d githubsim.Delivery) (int, error) {
		var body struct {
			Action string
			Job    struct{ ID githubsim.JobID } `json:"workflow_job"`
		}
		if w.cfg.Mishaps.Lose > 0 && json.Unmarshal(d.Body, &body) == nil && body.Action == "queued" {
			if w.story.queued++; w.story.queued == w.cfg.Mishaps.Lose {
				w.story.lost = body.Job.ID
				return 0, errors.New("connection refused")
			}
		}
		return deliver(d)
	}
}

// stillborn reports whether a new machine is the one whose agent never starts.
func (w *World) stillborn(i awssim.Instance) bool {
	if w.cfg.Mishaps.Dead > 0 && len(w.agents) == w.cfg.Mishaps.Dead {
		w.story.dead = i
		return true
	}
	return i.NeverBoots
}

// interruptOne has Spot take back the first machine whose job runs long enough
// to lose it; if there is none, it tries again a little later.
func (w *World) interruptOne() {
	const long = 5 * time.Minute
	for _, i := range w.AWS.Instances() {
		m := w.agents[i.ID]
		if !i.Spot || m == nil || m.ended || !m.busy {
			continue
		}
		for _, o := range w.GitHub.Outcomes() {
			if w.jobs[o.ID] == i.ID && o.Status == "in_progress" && w.GitHub.Left(o.ID) > long {
				w.story.interrupted, w.story.victim, w.story.noticeAt = o.ID, i.ID, w.Now()
				w.AWS.Notice(i.ID)
				return
			}
		}
	}
	w.After(time.Minute, w.interruptOne)
}

// Story is what went wrong and how it was mended, a sentence each.
func (w *World) Story() []string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	jobs := map[githubsim.JobID]githubsim.Outcome{}
	for _, o := range w.GitHub.Outcomes() {
		jobs[o.ID] = o
	}
	if o, ok := jobs[w.story.lost]; ok && !o.Started.IsZero() {
		say("The webhook of job %d was lost. The list of deliveries told of it, and it ran after %s.", o.ID, o.Started.Sub(o.Created).Round(time.Second))
	}
	if i := w.story.dead; i.ID != "" && !w.story.deadEnd.IsZero() {
		say("Machine %s never came up. It was ended after %s, and another took its job.", i.ID, w.story.deadEnd.Sub(i.LaunchedAt).Round(time.Second))
	}
	if i := w.interruption(); i != nil {
		lines = append(lines, i.story())
	}
	for _, c := range w.closings() {
		lines = append(lines, c.story())
	}
	return lines
}
