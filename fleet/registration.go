package fleet

// Registration is how a pool's runners come to GitHub.
type Registration string

// The ways.
const (
	// JIT makes one just-in-time runner for a machine: its config is good for
	// that runner and for one job.
	JIT Registration = "jit"
	// Token hands machines a copy of one registration token, good for an hour
	// and for any number of runners. It is not bound by GitHub's allowance of
	// just-in-time runners, and a leak of it is worse.
	Token Registration = "token"
)

// EnrolmentProtocol is the number of the enrolment's form.
const EnrolmentProtocol = 1

// Enrolment is what a machine of a pool with Token gets in place of a
// just-in-time config: all that its runner must be configured with. Manager
// and agent share this form, as JSON; a just-in-time config has none of its
// keys.
type Enrolment struct {
	Protocol  int      `json:"runfleet"` // EnrolmentProtocol
	URL       string   `json:"url"`      // of the organisation or repository on GitHub
	Token     string   `json:"token"`    // secret
	Name      string   `json:"name"`     // of the runner; RunnerName
	Group     string   `json:"group,omitempty"`
	Labels    []string `json:"labels"`
	Ephemeral bool     `json:"ephemeral"` // for one job
}

// String leaves the token out.
func (e Enrolment) String() string { return "enrolment of " + e.Name + " at " + e.URL }

// GoString leaves the token out.
func (e Enrolment) GoString() string { return e.String() }
