package wire

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/fleet/reconcile"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/pace"
	"github.com/runfleet/runfleet/provision/settings"
	"github.com/runfleet/runfleet/provision/tokens"
)

// parallel is how many calls to GitHub and SSM run at once.
const parallel = 16

// means is what the parts of every shell are made of: serve's and a function's.
// Every client made of aws keeps to the pacer.
type means struct {
	file    *config.File
	aws     awssdk.Config
	pacer   *pace.Pacer
	ssm     *ssm.Client
	secrets *settings.Resolver
	log     *slog.Logger
}

func meansOf(f *config.File, aws awssdk.Config, log *slog.Logger) means {
	pacer := pace.New(f.AWS.Share, pace.Clock{Now: time.Now, After: time.After})
	aws.Region, aws.APIOptions = f.AWS.Region, append(slices.Clone(aws.APIOptions), pacer.Add)
	client := tokens.NewSSM(aws)
	return means{file: f, aws: aws, pacer: pacer, ssm: client, secrets: &settings.Resolver{SSM: client, Region: aws.Region, Log: log}, log: log}
}

// configs is where machines' configs wait.
func (m means) configs(account string) *tokens.Store {
	return &tokens.Store{SSM: m.ssm, Fleet: m.file.Name, Region: m.file.AWS.Region, Account: account, KMSKey: m.file.AWS.KMSKey}
}

// launcher makes what launches machines for a ledger, as a fleet file says. One
// that is dry makes no launch templates.
func (m means) launcher(ledger string, dry bool) func(*config.File) (*provision.Cloud, error) {
	ec2 := provision.NewEC2(m.aws)
	return func(f *config.File) (*provision.Cloud, error) {
		pools, err := specs(f)
		if err != nil {
			return nil, err
		}
		return provision.New(provision.Config{
			EC2: ec2, Fleet: f.Name, Ledger: ledger, Region: f.AWS.Region, Subnets: f.AWS.Subnets,
			SecurityGroups: f.AWS.SecurityGroups, InstanceProfile: f.AWS.InstanceProfile, PublicIP: f.AWS.PublicIP,
			Tags: f.AWS.Tags, Pools: pools, Dry: dry, Now: time.Now, Log: m.log,
		}), nil
	}
}

// drills injects faults by AWS FIS; nil where the file names no role for it.
func (m means) drills() reconcile.Faults {
	if m.file.AWS.DrillRole == "" {
		return nil
	}
	return &faults.Drills{FIS: faults.NewFIS(m.aws), Fleet: m.file.Name, Role: m.file.AWS.DrillRole, Tags: m.file.AWS.Tags}
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
