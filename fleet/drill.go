package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Drill is one fault injected on purpose: Spot takes back machines of a pool,
// which AWS Fault Injection Service (FIS) picks at random.
type Drill struct {
	// ID names the drill for good: client tokens and tags come from it, so
	// whatever is called again for it happens once. 1 to 64 letters, digits,
	// dots, dashes and underscores.
	ID     string
	Pool   string
	Count  int           // victims
	Notice time.Duration // from the rebalance recommendation to the machines' end
}

// What FIS takes for Spot interruptions. Source: its user guide, actions
// reference and quotas; a target by tags, not by ARNs, which it takes five of.
const (
	MostVictims = 100
	LeastNotice = 2 * time.Minute
	MostNotice  = 15 * time.Minute
)

// NoticeTime is how long before a machine's end EC2 warns of it, if it does:
// notices are best effort, and a machine may go without one. Source: EC2's user
// guide, Spot Instance interruption notices.
const NoticeTime = 2 * time.Minute

// drillIDLimit keeps tokens and tags that hold an ID within what AWS takes.
const drillIDLimit = 64

// Check says everything that is wrong with a drill, as one ErrConfig. It is
// nil for a drill that FIS would take.
func (d Drill) Check() error {
	var wrong []string
	if d.ID == "" || len(d.ID) > drillIDLimit || strings.Trim(d.ID, idLetters) != "" {
		wrong = append(wrong, fmt.Sprintf("id %q: 1 to %d letters, digits, dots, dashes and underscores", d.ID, drillIDLimit))
	}
	if d.Pool == "" {
		wrong = append(wrong, "no pool is named")
	}
	if d.Count < 1 || d.Count > MostVictims {
		wrong = append(wrong, fmt.Sprintf("%d victims: FIS takes 1 to %d in an experiment", d.Count, MostVictims))
	}
	switch {
	case d.Notice < LeastNotice || d.Notice > MostNotice:
		wrong = append(wrong, fmt.Sprintf("notice of %s: FIS takes %s to %s", d.Notice, LeastNotice, MostNotice))
	case d.Notice%time.Second != 0:
		wrong = append(wrong, fmt.Sprintf("notice of %s: whole seconds only", d.Notice))
	}
	if len(wrong) == 0 {
		return nil
	}
	return &refusal{strings.Join(wrong, "; "), ErrConfig}
}

// refusal is why a drill cannot be, in words of its own: operators read it.
type refusal struct {
	why     string
	meaning error
}

// Error says it.
func (r *refusal) Error() string { return "drill: " + r.why }

// Unwrap is its meaning.
func (r *refusal) Unwrap() error { return r.meaning }

const idLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

// Candidates are the machines that a drill can hit: those of its pool that run
// on Spot, by id. An error, ErrAbsent, says why they are too few: FIS does not
// say what it does when it finds fewer than it is asked for.
func (d Drill) Candidates(machines []Machine) ([]Machine, error) {
	var candidates []Machine
	others := 0
	for _, m := range machines {
		switch {
		case m.Pool != d.Pool || m.State != Up || m.Gone():
		case m.Offer.Market == Spot:
			candidates = append(candidates, m)
		default:
			others++
		}
	}
	slices.SortFunc(candidates, func(a, b Machine) int { return strings.Compare(string(a.ID), string(b.ID)) })
	switch n := len(candidates); {
	case n == 0 && others == 0:
		return nil, absent("no machine of pool %s runs", d.Pool)
	case n == 0:
		return nil, absent("pool %s runs on demand only (%d), and Spot takes back none of it", d.Pool, others)
	case n < d.Count:
		return candidates, absent("%d victims are asked for, pool %s runs %d on spot and %d on demand", d.Count, d.Pool, n, others)
	}
	return candidates, nil
}

func absent(format string, args ...any) error {
	return &refusal{fmt.Sprintf(format, args...), ErrAbsent}
}

// ExperimentState is how far an experiment of FIS is, in its words.
type ExperimentState string

// The states of an experiment.
const (
	ExperimentPending    ExperimentState = "pending"
	ExperimentInitiating ExperimentState = "initiating"
	ExperimentRunning    ExperimentState = "running"   // the victims have the recommendation
	ExperimentCompleted  ExperimentState = "completed" // they have the notice too; they go two minutes later
	ExperimentStopping   ExperimentState = "stopping"
	ExperimentStopped    ExperimentState = "stopped"   // somebody stopped it; notices that went out stand
	ExperimentFailed     ExperimentState = "failed"    // Reason says why
	ExperimentCancelled  ExperimentState = "cancelled" // the account's safety lever forbids experiments
)

// Over reports whether the experiment has come to its end.
func (s ExperimentState) Over() bool {
	switch s {
	case ExperimentCompleted, ExperimentStopped, ExperimentFailed, ExperimentCancelled:
		return true
	}
	return false
}

// Experiment is a drill as FIS shows it.
type Experiment struct {
	ID        string // FIS's
	State     ExperimentState
	Reason    string // FIS's sentence, for people
	StartedAt time.Time
	EndedAt   time.Time   // zero while it goes on
	Victims   []MachineID // whom FIS picked, by id; empty until it has
}
