package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/fleet/schedule"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/settings"
	"github.com/runfleet/runfleet/provision/tokens"
	"github.com/runfleet/runfleet/webhooks"
)

// parallel is how many calls to GitHub and SSM run at once.
const parallel = 16

// Parts are a running fleet's, as the fleet file asks for them.
type Parts struct {
	Store      *sqlite.Store
	Reconciler *reconcile.Reconciler
	Handler    *webhooks.Handler
	Tokens     *tokens.Store
	// Woken has a value when something was recorded that a look should see.
	Woken   chan struct{}
	file    *config.File // as of the start
	pools   atomic.Pointer[fleet.Fleet]
	windows atomic.Pointer[map[string]schedule.Windows]
	cloud   *reloadable
	// launch makes what launches machines as a fleet file says.
	launch func(f *config.File, pools []provision.PoolSpec) *provision.Cloud
}

// OpenLedger opens the ledger alone, for verbs that only read or order. It must
// be there.
func OpenLedger(ctx context.Context, f *config.File) (*sqlite.Store, error) {
	return sqlite.Open(ctx, sqlite.Config{Path: f.Serve.Ledger, Fleet: f.Name, Must: true})
}

// accountOf is the AWS account that the credentials belong to. It is part of the
// machines' ARNs, by which a policy lets each machine read its own config only.
func accountOf(ctx context.Context, c awssdk.Config) (string, error) {
	out, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("ask AWS whose the credentials are: %w", err)
	}
	return awssdk.ToString(out.Account), nil
}

// Open makes every part. A manager holds the ledger alone; whoever only asks
// opens it beside one, and makes none. Nothing is called at GitHub; AWS is
// asked for the settings that the file names, and for the account.
func Open(ctx context.Context, f *config.File, manage bool, log *slog.Logger) (*Parts, error) {
	aws, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(f.AWS.Region))
	if err != nil {
		return nil, fmt.Errorf("read AWS configuration: %w", err)
	}
	ssm := tokens.NewSSM(aws)
	secrets := &settings.Resolver{SSM: ssm, Log: log}
	key, err := secrets.Resolve(ctx, string(f.GitHub.PrivateKey))
	if err != nil {
		return nil, fmt.Errorf("github.private_key: %w", err)
	}
	p := &Parts{Woken: make(chan struct{}, 1), file: f, cloud: &reloadable{}}
	gh, err := github.New(github.Config{AppID: f.GitHub.AppID, PrivateKey: key, BaseURL: f.GitHub.APIURL, Now: time.Now, Log: log, Decode: webhooks.Decode})
	if err != nil {
		return nil, fmt.Errorf("github.private_key: %w", err)
	}
	if p.Store, err = sqlite.Open(ctx, sqlite.Config{Path: f.Serve.Ledger, Fleet: f.Name, Hold: manage, Must: !manage}); err != nil {
		return nil, err
	}
	if p.Handler, err = p.handler(ctx, f, secrets, log); err != nil {
		return nil, errors.Join(err, p.Store.Close())
	}
	account, err := accountOf(ctx, aws)
	if err != nil {
		return nil, errors.Join(err, p.Store.Close())
	}
	p.Tokens = &tokens.Store{SSM: ssm, Fleet: f.Name, Region: f.AWS.Region, Account: account, KMSKey: f.AWS.KMSKey}
	ec2 := provision.NewEC2(aws)
	p.launch = func(f *config.File, pools []provision.PoolSpec) *provision.Cloud {
		return provision.New(provision.Config{
			EC2: ec2, Fleet: f.Name, Ledger: p.Store.ID(), Region: f.AWS.Region, Subnets: f.AWS.Subnets,
			SecurityGroups: f.AWS.SecurityGroups, InstanceProfile: f.AWS.InstanceProfile, PublicIP: f.AWS.PublicIP,
			Tags: f.AWS.Tags, Pools: pools, Dry: !manage, Now: time.Now, Log: log,
		})
	}
	if err := p.take(f); err != nil {
		return nil, errors.Join(err, p.Store.Close())
	}
	p.Reconciler = &reconcile.Reconciler{
		Ledger: p.Store, GitHub: gh, Deliveries: gh, Cloud: p.cloud, Sweeper: p.cloud, Configs: p.Tokens,
		Faults: drills(aws, f),
		Fleet:  func() fleet.Fleet { return *p.pools.Load() },
		Hours:  func() map[string]schedule.Windows { return *p.windows.Load() }, Now: time.Now, Log: log, Parallel: parallel, Alone: manage,
	}
	return p, nil
}

// drills injects faults by AWS FIS; nil where the file names no role for it.
func drills(c awssdk.Config, f *config.File) reconcile.Faults {
	if f.AWS.DrillRole == "" {
		return nil
	}
	return &faults.Drills{FIS: faults.NewFIS(c), Fleet: f.Name, Role: f.AWS.DrillRole, Tags: f.AWS.Tags}
}

// Wake asks for a look soon. It never waits.
func (p *Parts) Wake() {
	select {
	case p.Woken <- struct{}{}:
	default:
	}
}

func (p *Parts) handler(ctx context.Context, f *config.File, secrets *settings.Resolver, log *slog.Logger) (*webhooks.Handler, error) {
	h := &webhooks.Handler{AppID: f.GitHub.AppID, Ledger: p.Store, Now: time.Now, Log: log, Wake: p.Wake}
	for i, ref := range f.GitHub.WebhookSecrets {
		secret, err := secrets.Resolve(ctx, string(ref))
		if err != nil {
			return nil, fmt.Errorf("github.webhook_secrets[%d]: %w", i, err)
		}
		h.Secrets = append(h.Secrets, secret)
	}
	return h, h.Check()
}
