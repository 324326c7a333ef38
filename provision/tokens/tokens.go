// Package tokens owns what waits in SSM Parameter Store for a machine: its
// runner config, which only that machine may read; and, where a pool names
// parameters for it, the plain form of a registration token. It also holds which
// ledger owns a fleet.
//
// # Decisions
//
// The delete is the claim. The machine gets its config, then deletes it; the
// manager that wants it back deletes it too. Whoever's delete finds something
// has the config, the other forgets it. So nothing is ever overwritten, and a
// lost reply of a delete costs a machine its config, never a job two machines.
//
// Configs are stored decoded. GitHub sends base64 of about 3 KB of JSON, which
// would miss the free standard tier by a little when encoded.
package tokens

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/runfleet/runfleet/fleet"
)

// SSMAPI is all that this package calls of SSM. The SDK's client has it, and so
// have simulations.
type SSMAPI interface {
	PutParameter(context.Context, *ssm.PutParameterInput, ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
	DeleteParameter(context.Context, *ssm.DeleteParameterInput, ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error)
	GetParametersByPath(context.Context, *ssm.GetParametersByPathInput, ...func(*ssm.Options)) (*ssm.GetParametersByPathOutput, error)
}

// NewSSM is the manager's SSM client. It retries nothing itself: a repeat is
// the reconciler's decision.
func NewSSM(cfg aws.Config) *ssm.Client {
	return ssm.NewFromConfig(cfg, func(o *ssm.Options) { o.Retryer = aws.NopRetryer{} })
}

// Store is the part of Parameter Store that is one fleet's. An agent needs SSM
// and Fleet only.
type Store struct {
	SSM     SSMAPI
	Fleet   string
	Region  string
	Account string // the machines' AWS account, twelve digits
	KMSKey  string // empty: the account's own key for SSM
}

// Tags of a stored config, beside the machine's.
const (
	tagMachine  = "machine" // ARN; a policy compares it with the caller's
	tagFleet    = "runfleet:fleet"
	tagProtocol = "runfleet:protocol"
	protocol    = "1"
)

// machines is the path above the configs. Nothing above it is ever listed:
// the fleet's secrets live there.
func (s *Store) machines() string { return "/runfleet/" + s.Fleet + "/machines" }

func (s *Store) name(m fleet.MachineID) string { return s.machines() + "/" + string(m) }

func (s *Store) owner() string { return "/runfleet/" + s.Fleet + "/settings/owner" }

// arn is a machine's ARN in the partition of the store's region.
func (s *Store) arn(m fleet.MachineID) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(s.Region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(s.Region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":ec2:" + s.Region + ":" + s.Account + ":instance/" + string(m)
}

// tags are sorted by key.
func (s *Store) tags(m fleet.MachineID) []types.Tag {
	return []types.Tag{
		{Key: aws.String(tagMachine), Value: aws.String(s.arn(m))},
		{Key: aws.String(tagFleet), Value: aws.String(s.Fleet)},
		{Key: aws.String(tagProtocol), Value: aws.String(protocol)},
	}
}
