package integration_test

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

// enrolment is what a machine of a pool that registers by token finds as its
// config.
type enrolment struct {
	Protocol  int `json:"runfleet"`
	URL       string
	Token     secretText
	Name      string
	Group     string
	Labels    []string
	Ephemeral bool
	runner    githubsim.RunnerID // that it became
}

// secretText is not printed.
type secretText string

func (secretText) String() string { return "(secret)" }

func (e enrolment) token() string { return string(e.Token) }

// enrols is a machine that takes its config, get then delete, registers by the
// token in it, and listens.
func (d *shift) enrols(machine string) (e enrolment) {
	d.t.Helper()
	d.config(machine)
	text, ok := d.takes(machine)
	if !ok {
		d.t.Fatalf("the config of %s is withdrawn", machine)
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		d.t.Fatalf("the config of %s: %v", machine, err)
	}
	var labels []string
	for _, l := range d.alive("") {
		if aws.ToString(l.InstanceId) == machine {
			labels = []string{"linux", "self-hosted", tagsOf(l.Tags)["runfleet:pool"]}
		}
	}
	slices.Sort(labels)
	slices.Sort(e.Labels)
	if diff := cmp.Diff(labels, e.Labels); diff != "" || e.Protocol != 1 || e.Name != d.runner(machine) || e.token() == "" || !strings.HasSuffix(e.URL, "/acme") {
		d.t.Errorf("the enrolment of %s: protocol %d, runner %s at %s, labels (-want +got):\n%s", machine, e.Protocol, e.Name, e.URL, diff)
	}
	d.secrets = append(d.secrets, e.token())
	e.runner = d.hub.registers(e)
	d.hub.listens(e.runner)
	return e
}

// registers is config.sh with a token.
func (h *hub) registers(e enrolment) (id githubsim.RunnerID) {
	h.t.Helper()
	h.ask("POST", "/_sim/register", map[string]any{
		"Token": e.token(), "Name": e.Name, "Group": e.Group, "Labels": e.Labels, "Ephemeral": e.Ephemeral,
	}, &id)
	return id
}

// listens is a runner that starts with the registration that it has.
func (h *hub) listens(id githubsim.RunnerID) {
	h.t.Helper()
	h.ask("POST", "/_sim/listen", map[string]any{"Runner": id}, &id)
}

// shutDown is a runner whose system goes down.
func (h *hub) shutDown(id githubsim.RunnerID) {
	h.t.Helper()
	h.ask("POST", "/_sim/shutdown", map[string]any{"Runner": id}, &id)
}
