package world

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/fleet/schedule"
	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awssim"
	"github.com/runfleet/runfleet/provision/catalog"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/tokens"
	"github.com/runfleet/runfleet/webhooks"
)

// The world's fixed facts.
const (
	appID         = 12345
	installation  = 77
	organisation  = "acme"
	repository    = "acme/widgets"
	webhookSecret = "the simulated webhook secret"
	region        = "us-east-1"
	account       = "123456789012"
	linger        = 5 * time.Minute // of rest, in which nothing must come back
)

// appKey is the App's private key, one for all worlds of the process: it takes
// long to make, and nothing is drawn from it. It is the shortest that is made: a
// long day signs with it some thousand times.
var appKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 1024) })

// Config is what a world is made of.
type Config struct {
	Seed   uint64
	Begin  time.Time
	Fleet  fleet.Fleet
	Types  map[string][]string         // instance types of each pool
	Hours  map[string]schedule.Windows // of the pools that close, by name
	Script []Job
	GitHub githubsim.Faults
	// Second has another App on the organisation, with a webhook of its own.
	Second bool
	// Allowed is what GitHub allows an installation; zeros: as on github.com.
	Allowed githubsim.Limits
	// Enterprise is the version of a GitHub Enterprise Server; empty: GitHub is github.com.
	Enterprise string
	AWS        awssim.Faults
	Limits     awssim.Limits
	Ledger     string // path; ":memory:" if empty
	// Sockets puts real HTTP on loopback between GitHub and the fleet.
	Sockets bool
	Log     *slog.Logger
	Moments []Moment // what happens to the cloud, beside the faults
	// Reclaim is the ordinal of a machine that Spot takes back while it
	// boots, without a warning; 0: none.
	Reclaim int
	Mishaps Mishaps
	// Crash is how often the manager dies before or after a call to a port.
	Crash float64
	Quits Quits
	// Spot is how often Spot takes a machine of its own back, with a notice.
	Spot float64
	// Reports is how many of the agents' reports arrive: the fleet must work
	// without, and with whatever comes late.
	Reports float64
	// Snatch is how often a job takes a runner that the manager is about to
	// delete.
	Snatch float64
	// Skew is how far the manager's clock is ahead of the world's, in which
	// GitHub and AWS live; nil: it is right.
	Skew func(at time.Time) time.Duration
	// Pace is called before the time moves on, in a paced world.
	Pace func(at time.Time)
	// Wrap stands between the reconciler and its ports, for tests that plant
	// a mistake there.
	Wrap func(*reconcile.Reconciler)
}

// Moment is something that happens to the world at a time of the script.
type Moment struct {
	After time.Duration
	Do    func(*World)
}

// World is a running simulation.
type World struct {
	queue
	cfg      Config
	GitHub   *githubsim.Server
	AWS      *awssim.Account
	Store    *sqlite.Store
	fleet    *reconcile.Reconciler
	handler  *webhooks.Handler
	deliver  func(githubsim.Delivery) (int, error)
	look     time.Time // when the fleet looks next
	looks    int
	agents   map[string]*machine
	byID     map[githubsim.RunnerID]*machine
	jobs     map[githubsim.JobID]string // machine that took it
	noticed  map[string]time.Time       // machines that Spot takes, as the ledger has it
	perMost  int                        // jobs of an ephemeral machine
	stood    stood                      // what standing machines did
	repo     string                     // that jobs are of: its account may be renamed
	crashes  int                        // of the manager
	removals int                        // of registrations, as far as they were asked for
	snatches int
	onLook   func()
	close    []func()
	alarms   alarms
	story    story
	orders   []fleet.Order // that operators gave, those that are over too
	check    checker
}

// New joins a GitHub, an AWS and a fleet.
func New(ctx context.Context, c Config) (*World, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Ledger == "" {
		c.Ledger = ":memory:"
	}
	w := &World{
		queue: queue{now: c.Begin}, cfg: c, agents: map[string]*machine{}, byID: map[githubsim.RunnerID]*machine{},
		repo: repository, jobs: map[githubsim.JobID]string{}, noticed: map[string]time.Time{}, look: c.Begin,
		check: checker{
			brought: map[fleet.IntentID]int{}, overLimit: map[githubsim.JobID]bool{}, reruns: reruns{map[fleet.IntentID]int{}},
		},
	}
	w.alarms = alarms{Handler: c.Log.Handler(), now: w.Now, told: map[string]time.Time{}}
	w.cfg.Log = slog.New(w.alarms)
	key, err := appKey()
	if err != nil {
		return nil, fmt.Errorf("make the App's key: %w", err)
	}
	w.Store, err = sqlite.Open(ctx, sqlite.Config{
		Path: c.Ledger, Fleet: c.Fleet.Name, ID: fmt.Sprintf("%016x", c.Seed), Now: w.clock, Hold: c.Ledger != sqlite.Memory,
	})
	if err != nil {
		return nil, err
	}
	w.close = append(w.close, func() { _ = w.Store.Close() })
	w.openAWS()
	if err := w.openGitHub(key); err != nil {
		return nil, err
	}
	return w, w.openFleet(key)
}

// OnLook has f called after every look of the fleet.
func (w *World) OnLook(f func()) { w.onLook = f }

// Close ends sockets and the ledger.
func (w *World) Close() {
	for i := len(w.close) - 1; i >= 0; i-- {
		w.close[i]()
	}
}

func price(kind string, spot bool) float64 {
	t, _ := catalog.Lookup(kind)
	if spot {
		return t.Spot
	}
	return t.OnDemand
}

func (w *World) openAWS() {
	w.AWS = awssim.New(awssim.Config{
		Seed: w.cfg.Seed, Now: w.Now, After: w.After, Price: price, Faults: w.cfg.AWS, Limits: w.cfg.Limits,
		Subnets:  map[string]string{"subnet-a": "us-east-1a", "subnet-b": "us-east-1b"},
		OnLaunch: w.onLaunch, OnState: w.onState, OnNotice: w.onNotice, OnMessage: w.onMessage, OnEnd: w.onEnd,
	})
}

func (w *World) openGitHub(key *rsa.PrivateKey) error {
	c := githubsim.Config{
		Seed: w.cfg.Seed, Now: w.Now, After: w.After, AppID: appID, PublicKey: &key.PublicKey, Enterprise: w.cfg.Enterprise,
		WebhookSecret: webhookSecret, Faults: w.cfg.GitHub, Limits: w.cfg.Allowed, OnAssign: w.onAssign, OnRelease: w.onRelease, OnFree: w.onFree,
		Deliver: func(d githubsim.Delivery) (int, error) { return w.deliver(d) },
	}
	if w.cfg.Second {
		c.MoreApps, c.MoreSecrets = []int64{secondApp}, map[int64]string{secondApp: secondSecret}
	}
	w.GitHub = githubsim.New(c)
	w.GitHub.AddInstallation(githubsim.Installation{ID: installation, Account: organisation})
	if w.cfg.Second {
		w.GitHub.AddInstallation(githubsim.Installation{ID: secondInstallation, Account: organisation, App: secondApp})
	}
	return w.GitHub.AddRepository(githubsim.Repository{Owner: organisation, Name: "widgets", Private: true})
}

func (w *World) openFleet(key *rsa.PrivateKey) error {
	w.handler = w.hears(appID, webhookSecret)
	if w.cfg.Second {
		w.handler.Others = []*webhooks.Handler{w.hears(secondApp, secondSecret)}
	}
	if err := w.handler.Check(); err != nil {
		return err
	}
	var transport http.RoundTripper = githubsim.Transport{Server: w.GitHub}
	base := ""
	w.deliver = w.deliverInProcess
	if w.cfg.Sockets {
		transport, base = nil, w.listen()
	}
	if w.cfg.Enterprise != "" {
		base = cmp.Or(base, "https://ghes.example") + "/api/v3"
	}
	w.deliver = w.losing(w.deliver)
	gh, err := w.apps(key, base, transport)
	if err != nil {
		return err
	}
	cloud := provision.New(w.cloudConfig())
	w.fleet = &reconcile.Reconciler{
		Ledger: watched{w.Store, w}, GitHub: gh, Runs: gh, Accounts: gh, Deliveries: gh, Search: gh, Guards: gh,
		Cloud: cloud, Switch: cloud, Sweeper: cloud, Configs: w.tokens(), Plains: w.tokens(),
		Faults: &faults.Drills{FIS: w.AWS.FIS(), Fleet: w.cfg.Fleet.Name, Role: "arn:aws:iam::" + account + ":role/drills"},
		Hours:  func() map[string]schedule.Windows { return w.cfg.Hours },
		Meters: gh.Allowances, Installations: gh, Homes: gh,
		Fleet: func() fleet.Fleet { return w.cfg.Fleet }, Now: w.clock, Log: w.cfg.Log, Alone: true,
	}
	if w.cfg.Snatch > 0 {
		w.fleet.GitHub = snatched{w.fleet.GitHub, w}
	}
	if w.cfg.Crash > 0 {
		(&mortal{w: w, rate: w.cfg.Crash}).around(w.fleet)
	}
	if w.cfg.Wrap != nil {
		w.cfg.Wrap(w.fleet)
	}
	for _, h := range append(w.handler.Others, w.handler) {
		h.Ledger = w.fleet.Ledger
		h.Doubt = func(id int64) { w.fleet.Doubt(id) } // of the manager that lives then
	}
	return nil
}

func (w *World) tokens() *tokens.Store {
	return &tokens.Store{SSM: w.AWS.SSM(), Fleet: w.cfg.Fleet.Name, Region: region, Account: account}
}

func (w *World) cloudConfig() provision.Config {
	c := provision.Config{
		EC2: w.AWS.EC2(), Fleet: w.cfg.Fleet.Name, Ledger: w.Store.ID(), Region: region, Now: w.clock, Log: w.cfg.Log,
		Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-a"}, InstanceProfile: "runfleet-machine",
	}
	for _, p := range w.cfg.Fleet.Pools {
		c.Pools = append(c.Pools, provision.PoolSpec{
			Name: p.Name, Arch: p.Arch, Types: w.cfg.Types[p.Name], Image: "ami-0123456789abcdef0", DiskGiB: 40, Market: p.Market,
			Standing: p.Stands(),
		})
	}
	return c
}

// listen serves GitHub's API and the fleet's webhook endpoint on loopback.
func (w *World) listen() (base string) {
	api, hook := httptest.NewServer(w.GitHub), httptest.NewServer(w.handler)
	w.close = append(w.close, api.Close, hook.Close)
	w.deliver = func(d githubsim.Delivery) (int, error) {
		r, err := http.NewRequest(http.MethodPost, hook.URL+"/webhook", bodyOf(d))
		if err != nil {
			return 0, err
		}
		r.Header = d.Header
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	return api.URL
}

func (w *World) deliverInProcess(d githubsim.Delivery) (int, error) {
	r, err := http.NewRequest(http.MethodPost, "/webhook", bodyOf(d))
	if err != nil {
		return 0, err
	}
	r.Header = d.Header
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec.Code, nil
}
