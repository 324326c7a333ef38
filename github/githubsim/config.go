package githubsim

import (
	"cmp"
	"crypto/rsa"
	"time"
)

// Config is what a Server is made of. Only Now and After must be set.
type Config struct {
	Seed  uint64                          // same seed and same calls, same day
	Now   func() time.Time                // the time at GitHub
	After func(d time.Duration, f func()) // calls f once, d from now, never before After itself returned

	// TokenNow is the clock of JWTs and installation tokens. Real time if nil, whatever Now says: ghinstallation
	// judges both by the clock of its process.
	TokenNow func() time.Time

	AppID    int64   // 1 if zero
	MoreApps []int64 // that may sign in too
	// MoreSecrets sign their webhooks, which go where the first App's go; one that has none here has no webhook.
	MoreSecrets map[int64]string
	AppSlug     string // "runfleet" if empty
	// Permissions are what the App was granted, by GitHub's names; all that this GitHub knows if nil.
	Permissions map[string]string
	PublicKey   *rsa.PublicKey // checks JWTs; any bearer token passes as a JWT if nil
	BaseURL     string         // in links of payloads, without a slash at the end; https://api.github.com if empty
	// Enterprise is a version such as 3.17.2: this is a GitHub Enterprise Server, as it is
	// installed. Its API is below /api/v3 of its host, which BaseURL ends with too
	// (https://ghes.example/api/v3 if that is empty). It has no primary and no secondary limits and
	// tells of none, no schedule for versions of the runner, and names itself in headers.
	Enterprise string
	// Missing are operations, by their names in Calls, that this GitHub does not have: 404.
	Missing []string

	WebhookURL    string // handed to Deliver with each delivery
	WebhookSecret string // signs deliveries; unsigned if empty

	Deliver   func(d Delivery) (status int, err error) // sends one webhook; all are lost if nil
	OnAssign  func(runner RunnerID, job JobID)         // the runner has picked the job up and runs it
	OnRelease func(runner RunnerID, why Release)       // the listener of this runner ends: GitHub has no use for it
	OnFree    func(runner RunnerID, job JobID)         // the job is done, and this runner, which is not ephemeral, listens on

	NewestRunner string               // 2.337.0 if empty
	RunnerEnds   map[string]time.Time // when versions of the runner end; nil: there is no schedule, as on github.com

	Faults Faults
	Times  Times
	Limits Limits
	Admin  bool // serves /_sim/ too, to whoever can reach it
}

// Release says why GitHub let go of a runner whose listener was up.
type Release string

// The reasons of a release.
const (
	JobDone  Release = "job done" // an ephemeral runner has had its one job
	IdledOut Release = "idle"     // listened too long without a job
	Deleted  Release = "deleted"  // by the API
)

// Times are GitHub's delays. A zero value means the default beside it.
type Times struct {
	DispatchMin    time.Duration // from queued or online until GitHub looks for a pair: 500ms
	DispatchMax    time.Duration // 2s
	PickUp         time.Duration // from assigned to in_progress on a live runner: 1s
	PickUpLimit    time.Duration // an assigned job that nobody picked up is queued again: 60s
	QueueLimit     time.Duration // a queued job is given up: 24h
	IdleRemoval    time.Duration // an ephemeral runner that only listens is removed: 5m; negative: never
	NeverConnected time.Duration // an ephemeral runner that is not connected is removed: 24h
	Lock           time.Duration // a job is given up so long after the last renewal: 10m
	Renewal        time.Duration // the runner renews the lock of its job this often: 60s
	Offline        time.Duration // a vanished runner still shows online: 20s
	Interrupt      time.Duration // from SIGINT or cancel to the end of the job, at most: 10s
	Deregister     time.Duration // from the end of a job to the end of the registration, at most: 2s
}

func (t Times) withDefaults() Times {
	t.DispatchMin = cmp.Or(t.DispatchMin, 500*time.Millisecond)
	t.DispatchMax = max(cmp.Or(t.DispatchMax, 2*time.Second), t.DispatchMin)
	t.PickUp = cmp.Or(t.PickUp, time.Second)
	t.PickUpLimit = cmp.Or(t.PickUpLimit, time.Minute)
	t.QueueLimit = cmp.Or(t.QueueLimit, 24*time.Hour)
	t.IdleRemoval = cmp.Or(t.IdleRemoval, 5*time.Minute)
	t.NeverConnected = cmp.Or(t.NeverConnected, 24*time.Hour)
	t.Lock = cmp.Or(t.Lock, 10*time.Minute)
	t.Renewal = cmp.Or(t.Renewal, time.Minute)
	t.Offline = cmp.Or(t.Offline, 20*time.Second)
	t.Interrupt = cmp.Or(t.Interrupt, 10*time.Second)
	t.Deregister = cmp.Or(t.Deregister, 2*time.Second)
	return t
}

// Limits are GitHub's allowances, each per installation. A zero value means the default beside it.
type Limits struct {
	Core          int // requests an hour: 5,000
	Registrations int // JIT configs and registration tokens an hour: 10,000
	Points        int // secondary: a minute and endpoint, a read costs 1 and a write 5: 900, so 180 JIT configs a minute
	Status        int // of a refusal: 403; GitHub documents 429 as well
}

func (l Limits) withDefaults() Limits {
	l.Core = cmp.Or(l.Core, 5_000)
	l.Registrations = cmp.Or(l.Registrations, 10_000)
	l.Points = cmp.Or(l.Points, 900)
	l.Status = cmp.Or(l.Status, 403)
	return l
}

func (c Config) withDefaults() Config {
	if c.TokenNow == nil {
		c.TokenNow = time.Now
	}
	c.AppID = cmp.Or(c.AppID, 1)
	c.AppSlug = cmp.Or(c.AppSlug, "runfleet")
	if c.Permissions == nil {
		c.Permissions = granted()
	}
	if c.Enterprise != "" {
		c.BaseURL = cmp.Or(c.BaseURL, "https://ghes.example"+serverPath)
	}
	c.BaseURL = cmp.Or(c.BaseURL, "https://api.github.com")
	c.NewestRunner = cmp.Or(c.NewestRunner, runnerVersion)
	c.Times = c.Times.withDefaults()
	c.Limits = c.Limits.withDefaults()
	c.Faults = c.Faults.withDefaults()
	return c
}
