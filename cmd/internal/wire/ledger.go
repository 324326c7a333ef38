//go:build !lambda

package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/dynamodb"
	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
)

// ErrInTable means that the ledger is in a table of DynamoDB, where only
// functions manage a fleet.
var ErrInTable = errors.New("serve keeps its ledger in a file")

// Store is a ledger, wherever it is kept.
type Store interface {
	ledger.Ledger
	ledger.Reader
	ledger.Orders
	ID() string
}

// Ledger is an open ledger, for whoever is no function.
type Ledger struct {
	Store
	// File is the same ledger where it is a file, which alone can be held, copied
	// and discarded; nil: it is in DynamoDB.
	File *sqlite.Store
}

// Close ends the ledger. What was recorded stays.
func (l *Ledger) Close() error {
	if l.File == nil {
		return nil
	}
	return l.File.Close()
}

// OpenLedger opens the ledger alone, for verbs that only read or order. It must
// be there. now is the clock by which its orders hold; nil is the real one.
func OpenLedger(ctx context.Context, f *config.File, now func() time.Time) (*Ledger, error) {
	var aws awssdk.Config // a file needs none
	if f.Serve.Table() != "" {
		var err error
		if aws, err = awsOf(ctx, f); err != nil {
			return nil, err
		}
	}
	return openLedger(ctx, f, aws, opening{now: now})
}

// opening is how a ledger is opened.
type opening struct {
	hold bool // for a manager alone; a file is made then, if there is none
	now  func() time.Time
}

// openLedger opens the ledger that a fleet file names: a file or a table.
func openLedger(ctx context.Context, f *config.File, aws awssdk.Config, how opening) (*Ledger, error) {
	if f.Serve.Table() == "" {
		s, err := sqlite.Open(ctx, sqlite.Config{Path: f.Serve.Ledger, Fleet: f.Name, Hold: how.hold, Must: !how.hold, Now: how.now})
		if err != nil {
			return nil, err
		}
		return &Ledger{s, s}, nil
	}
	// Asked for first: the store takes what is no answer of DynamoDB's for a
	// network that will be there in a moment.
	if _, err := aws.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("open ledger %s: no credentials for AWS (set AWS_PROFILE, or run aws sso login): %w", f.Serve.Ledger, err)
	}
	s, err := dynamodb.Open(ctx, dynamodb.Config{API: dynamodb.NewClient(aws), Table: f.Serve.Table(), Fleet: f.Name, Must: true, Now: how.now})
	if err != nil {
		return nil, fmt.Errorf("%w (region %s)", err, f.AWS.Region)
	}
	return &Ledger{Store: s}, nil
}

// OpenOwner opens a ledger in DynamoDB as one that may own the fleet.
func OpenOwner(ctx context.Context, f *config.File) (Owner, error) {
	aws, err := awsOf(ctx, f)
	if err != nil {
		return Owner{}, err
	}
	l, err := openLedger(ctx, f, aws, opening{})
	if err != nil {
		return Owner{}, err
	}
	account, err := accountOf(ctx, aws)
	if err != nil {
		return Owner{}, err
	}
	return Owner{Tokens: meansOf(f, aws, nil).configs(account), Ledger: l.ID()}, nil
}

// awsOf is how AWS is met, in the fleet file's region.
func awsOf(ctx context.Context, f *config.File) (awssdk.Config, error) {
	aws, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(f.AWS.Region))
	if err != nil {
		return aws, fmt.Errorf("read AWS configuration: %w", err)
	}
	return aws, nil
}
