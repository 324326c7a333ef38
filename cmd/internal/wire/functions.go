package wire

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"golang.org/x/sync/errgroup"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/dynamodb"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/fleet/schedule"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/provision/queue"
	"github.com/runfleet/runfleet/provision/settings"
	"github.com/runfleet/runfleet/webhooks"
)

// Deployment is what a function must know of the deployment that it is part of.
type Deployment struct {
	Config  string // of the fleet file: s3://BUCKET/KEY, or a path
	Table   string // of the ledger
	Events  string // URL of the events' queue
	Reports string // likewise
	Looks   string // likewise, a FIFO queue
}

// Functions makes the parts of functions. Unlike Parts, they live as long as the
// fleet file says what it said: of another one they are made anew.
type Functions struct {
	Deployment
	aws  awssdk.Config
	file *settings.Document
	sqs  queue.SendAPI
	log  *slog.Logger
}

// FleetFile is a fleet file, and the name of what it says.
type FleetFile struct {
	*config.File
	Generation string
}

// NewFunctions calls nothing yet.
func NewFunctions(ctx context.Context, d Deployment, log *slog.Logger) (*Functions, error) {
	aws, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read AWS configuration: %w", err)
	}
	return &Functions{
		Deployment: d, aws: aws, log: log, sqs: queue.NewSQS(aws),
		file: &settings.Document{Place: d.Config, S3: settings.NewS3(aws)},
	}, nil
}

// Read reads the fleet file as it is now, and checks it.
func (x *Functions) Read(ctx context.Context) (FleetFile, error) {
	c, err := x.file.Read(ctx)
	if err != nil {
		return FleetFile{}, fmt.Errorf("fleet file: %w", err)
	}
	f, err := parse(x.Config, c.Data)
	if err != nil {
		return FleetFile{}, err
	}
	// The deployment's queue is where its machines report: that of aws.queues is
	// polled by serve alone. machine.reports is above both.
	f.AWS.Queues.Reports = cmp.Or(x.Reports, f.AWS.Queues.Reports)
	return FleetFile{f, c.Generation}, nil
}

// LooksQueue is where wakes go.
func (x *Functions) LooksQueue() *queue.Looks {
	return &queue.Looks{SQS: x.sqs, URL: x.Looks, Now: time.Now}
}

// EventsQueue is where events go, and wakes for later.
func (x *Functions) EventsQueue() *queue.Events {
	return &queue.Events{SQS: x.sqs, URL: x.Events, Now: time.Now}
}

// Webhook takes GitHub's deliveries in, and hands them to the events' queue.
func (x *Functions) Webhook(ctx context.Context, f FleetFile) (*webhooks.Handler, error) {
	return meansOf(f.File, x.aws, x.log).handler(ctx, x.EventsQueue(), nil)
}

// Intake takes in what comes by queues, into the ledger.
func (x *Functions) Intake(ctx context.Context, f FleetFile) (*queue.Intake, error) {
	store, err := x.ledger(ctx, f)
	if err != nil {
		return nil, err
	}
	return &queue.Intake{Recorder: store, Now: time.Now, Log: x.log}, nil
}

// Looker is what looks.
type Looker struct {
	Owner
	*reconcile.Reconciler
	means means
	hub   *github.Apps
}

// Looker makes what looks, by a fleet file.
func (x *Functions) Looker(ctx context.Context, f FleetFile) (*Looker, error) {
	m := meansOf(f.File, x.aws, x.log)
	var gh *github.Apps
	var store *dynamodb.Store
	g, both := errgroup.WithContext(ctx)
	g.Go(func() (err error) { gh, err = m.hub(both); return err })
	g.Go(func() (err error) { store, err = x.ledger(both, f); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	account, err := x.account(ctx, m.aws)
	if err != nil {
		return nil, err
	}
	cloud, err := m.launcher(store.ID(), false)(f.File)
	if err != nil {
		return nil, err
	}
	configs := m.configs(account)
	pools, windows := f.Fleet(), f.Windows()
	r := &reconcile.Reconciler{
		Ledger: store, GitHub: gh, Runs: gh, Accounts: gh, Deliveries: gh, Search: gh, Guards: gh, Cloud: cloud, Switch: cloud, Sweeper: cloud, Configs: configs, Plains: configs,
		Faults: m.drills(), Meters: gh.Allowances, Room: m.pacer.Left, Installations: gh, Homes: gh,
		Fleet: func() fleet.Fleet { return pools }, Hours: func() map[string]schedule.Windows { return windows },
		Now: time.Now, Log: x.log, Parallel: parallel, Generation: f.Generation,
	}
	if !x.file.Fixed() {
		r.Current = x.current
	}
	return &Looker{Owner: Owner{Tokens: configs, Ledger: store.ID()}, Reconciler: r, means: m, hub: gh}, nil
}

// current is the generation that the fleet file's source has now.
func (x *Functions) current(ctx context.Context) (string, error) {
	c, err := x.file.Read(ctx)
	return c.Generation, err
}

func (x *Functions) ledger(ctx context.Context, f FleetFile) (*dynamodb.Store, error) {
	return dynamodb.Open(ctx, dynamodb.Config{API: dynamodb.NewClient(x.aws), Table: x.Table, Fleet: f.Name, Log: x.log})
}

var twelveDigits = regexp.MustCompile(`^[0-9]{12}$`)

// account is the AWS account, as the queue's URL tells; else AWS is asked.
func (x *Functions) account(ctx context.Context, c awssdk.Config) (string, error) {
	if account, _, ok := strings.Cut(QueueName(x.Events), ":"); ok && twelveDigits.MatchString(account) {
		return account, nil
	}
	return accountOf(ctx, c)
}

// QueueName is a queue's account and name, ACCOUNT:NAME, from its URL or its ARN.
func QueueName(place string) string {
	if rest, ok := strings.CutPrefix(place, "arn:"); ok {
		parts := strings.Split(rest, ":")
		return strings.Join(parts[max(0, len(parts)-2):], ":")
	}
	u, err := url.Parse(place)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(strings.Trim(u.Path, "/"), "/", ":")
}
