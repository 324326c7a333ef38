package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/provision"
)

func machinesShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show MACHINE", Short: "Tell all that is known of a machine", Args: cobra.ExactArgs(1),
		Long: `Tells all that the ledger knows of a machine, as of the last look: its phase and
why, where it was bought, its times, runner and job, what limits and tags it has,
and the orders, open intents and setbacks that touch it.`,
	}
	return showing(c, func(_ context.Context, b book, args []string) (answer, error) {
		seen := b.snapshot()
		sight, ok := fleet.SightOf(seen, fleet.MachineID(args[0]))
		if !ok {
			return answer{}, unknownMachine(args[0])
		}
		shown := machineShown{sight, machineTags(b.File, b.state.Ledger, sight.Machine)}
		return answer{head: []string{"MACHINE", args[0]}, rows: shown.rows(b.Name), values: shown.view(seen)}, nil
	})
}

func unknownMachine(id string) error {
	return fmt.Errorf("machine %s: %w (machines list shows the known ones)", id, ledger.ErrUnknown)
}

// machineTags are the tags that a machine was launched with. Whose ledger
// launched an adopted one is not known.
func machineTags(f *config.File, ledger string, m fleet.Machine) map[string]string {
	tags := provision.Config{Fleet: f.Name, Ledger: ledger, Tags: f.AWS.Tags}.MachineTags(m)
	if !m.AdoptedAt.IsZero() {
		delete(tags, provision.TagLedger)
	}
	maps.DeleteFunc(tags, func(_, value string) bool { return value == "" })
	return tags
}

// machineShown is what show tells.
type machineShown struct {
	fleet.Sight
	Tags map[string]string
}

// sightView is what show tells as JSON has it; see the other views.
type sightView struct {
	Machine  machineView       `json:"machine"`
	Phase    string            `json:"phase"`
	Why      string            `json:"why"`
	Pool     *poolView         `json:"pool,omitempty"` // left out if it left the fleet file
	Job      *jobView          `json:"job,omitempty"`
	Runner   *runnerView       `json:"runner,omitempty"`
	Report   *reportView       `json:"report,omitempty"` // its agent's last one
	Intents  []intentView      `json:"intents"`
	Setbacks []setbackView     `json:"setbacks"`
	Orders   []orderView       `json:"orders"`
	Tags     map[string]string `json:"tags"`
}

func (s machineShown) view(seen fleet.Snapshot) sightView {
	v := sightView{
		Machine: viewMachine(s.Machine, seen.Fleet.Name), Phase: s.Phase.String(), Why: s.Why, Intents: views(s.Intents, viewIntent),
		Setbacks: views(s.Setbacks, viewSetback), Orders: views(s.Orders, viewOrder), Tags: s.Tags,
	}
	if s.Pool != nil {
		p := viewPool(*s.Pool, seen.State, seen.Hours[s.Pool.Name])
		v.Pool = &p
	}
	if s.Job != nil {
		j := viewJob(*s.Job, seen.At)
		v.Job = &j
	}
	if s.Runner != nil {
		r := viewRunner(*s.Runner, &s.Machine)
		v.Runner = &r
	}
	if s.Report != nil {
		r := viewReport(*s.Report)
		v.Report = &r
	}
	return v
}

// rows is what show tells as a person reads it.
func (s machineShown) rows(fleetName string) [][]string {
	m := s.Machine
	rows := [][]string{
		{"phase", s.Phase.String() + ": " + s.Why},
		{"pool", s.pool()},
		{"offer", fmt.Sprintf("%s in %s, subnet %s", cmp.Or(m.Offer.Type, "-"), cmp.Or(m.Offer.Zone, "-"), cmp.Or(m.Offer.Subnet, "-"))},
		{"market", cmp.Or(string(m.Offer.Market), "-")},
		{"template", cmp.Or(m.Template, "-")},
		{"EC2", s.ec2()},
		{"registration", s.registration(fleetName)},
		{"runner", s.runner()},
		{"agent", s.agent()},
		{"job", s.job()},
	}
	rows = append(rows, s.times()...)
	if p := s.Pool; p != nil {
		rows = append(rows, []string{"limits", fmt.Sprintf("boot %s, idle %s, job %s", p.BootLimit, p.IdleLimit, p.JobLimit)})
	}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		rows = append(rows, []string{"tag", clean(key + "=" + s.Tags[key])})
	}
	return append(rows, s.touching()...)
}

func (s machineShown) pool() string {
	if s.Pool == nil {
		return s.Machine.Pool + ", which left the fleet file"
	}
	text := s.Machine.Pool + ", labels " + string(s.Pool.Labels)
	if s.Machine.Standing {
		text += ", standing for " + s.Pool.Account
	}
	return text
}

func (s machineShown) ec2() string {
	m := s.Machine
	seen := "no full look showed it yet"
	if !m.SeenAt.IsZero() {
		seen = "last shown " + when(m.SeenAt)
	}
	if m.Missed > 0 {
		seen += fmt.Sprintf(", missed by %s since", count(m.Missed, "look", "looks"))
	}
	return cmp.Or(string(m.State), "unseen") + "; " + seen
}

func (s machineShown) registration(fleetName string) string {
	m := s.Machine
	name := fleet.RunnerName(fleetName, m.ID, m.Try)
	switch {
	case m.Try == 0:
		return "none yet"
	case !m.Minted(): // Taken says no more than that nothing is left to withdraw
		return name + ", which is over"
	}
	taken := yes(m.Taken, "its config was taken", "its config was not seen taken")
	return fmt.Sprintf("%s in %s, %s", name, cmp.Or(clean(m.Scope.String()), "-"), taken)
}

func (s machineShown) runner() string {
	r := s.Runner
	if r == nil {
		return "no full look showed one"
	}
	text := fmt.Sprintf("%s (%d): %s, %s, last shown %s", clean(r.Name), r.ID, yes(r.Online, "online", "offline"), yes(r.Busy, "busy", "idle"), when(r.SeenAt))
	if r.Missed > 0 {
		text += fmt.Sprintf(", missed by %s since", count(r.Missed, "look", "looks"))
	}
	return text
}

// agent is what the machine's agent told last.
func (s machineShown) agent() string {
	r := s.Report
	switch {
	case r == nil:
		return "no report came"
	case r.Kind == fleet.ReportReady:
		return "asks for a config since " + when(r.At)
	}
	return clean(fmt.Sprintf("powers off since %s: %s, %s, exit code %d", when(r.At), r.Outcome, cmp.Or(r.Reason, "no reason given"), r.ExitCode))
}

func (s machineShown) job() string {
	j := s.Job
	if j == nil {
		return "none known"
	}
	return strings.TrimSpace(fmt.Sprintf("%d (attempt %d) of %s, %s: %s %s", j.Key.ID, j.Key.Attempt, clean(j.Repo), clean(j.Name), j.Status, clean(j.Conclusion)))
}

// times are what happened to the machine, in the order of a life.
func (s machineShown) times() (rows [][]string) {
	m := s.Machine
	var began, done time.Time
	if s.Job != nil {
		began, done = s.Job.StartedAt, s.Job.DoneAt
	}
	ended := ""
	if m.EndReason != "" {
		ended = ": " + clean(m.EndReason)
	}
	for _, t := range []struct {
		name string
		at   time.Time
		more string
	}{
		{"launched", m.LaunchedAt, ""}, {"adopted", m.AdoptedAt, ""}, {"registered", m.MintedAt, ""}, {"started", m.StartedAt, ""}, {"runner ready", m.ReadyAt, ""},
		{"job began", began, ""}, {"job done", done, ""}, {"stopped", m.StoppedAt, ""}, {"end or stop refused", m.TriedAt, ""}, {"ended", m.EndedAt, ended},
	} {
		if !t.at.IsZero() {
			rows = append(rows, []string{t.name, when(t.at) + t.more})
		}
	}
	return rows
}

// touching is a row for every order, open intent and setback.
func (s machineShown) touching() (rows [][]string) {
	add := func(name, format string, args ...any) {
		rows = append(rows, []string{name, clean(fmt.Sprintf(format, args...))})
	}
	for _, o := range s.Orders {
		until := "lifted"
		if !o.Until.IsZero() {
			until = when(o.Until)
		}
		add("order", "%s %s by %s until %s: %s", o.Kind, about(o.Subject), o.By, until, cmp.Or(o.Reason, "no reason given"))
	}
	for _, in := range s.Intents {
		add("intent", "%s, reserved %s, tried %s: %s", in.Kind(), when(in.ReservedAt), count(in.Tries, "time", "times"), in.Reason)
	}
	for _, b := range s.Setbacks {
		until := "too few strikes to hold"
		if !b.Until.IsZero() {
			until = "until " + when(b.Until)
		}
		add("setback", "%s %s, strike %d, %s: %s", b.Key.Kind, b.Key.Subject, b.Strikes, until, b.Detail)
	}
	return rows
}
