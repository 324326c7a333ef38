package host

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/fleet"
)

// enrolment is what a machine of a pool that registers by token gets in place
// of a just-in-time config.
func enrolment(config agent.Secret) (e fleet.Enrolment, ok bool) {
	body, err := base64.StdEncoding.DecodeString(string(config))
	if err != nil || json.Unmarshal(body, &e) != nil {
		return fleet.Enrolment{}, false
	}
	return e, e.Protocol == fleet.EnrolmentProtocol
}

// configure registers the runner and stores its config, as config.sh does. The
// token alone goes by the environment: arguments are for everybody to see.
//
// A runner for one job is as new as its machine, and does not update itself.
// One that stays must: GitHub gives no job to a version that is thirty days
// behind.
func configure(e fleet.Enrolment) command {
	args := []string{
		"configure", "--unattended", "--replace", "--no-default-labels",
		"--url", e.URL, "--name", e.Name, "--labels", strings.Join(e.Labels, ","), "--work", "_work",
	}
	if e.Group != "" {
		args = append(args, "--runnergroup", e.Group)
	}
	if e.Ephemeral {
		args = append(args, "--ephemeral", "--disableupdate")
	}
	return command{args, "ACTIONS_RUNNER_INPUT_TOKEN=" + e.Token}
}
