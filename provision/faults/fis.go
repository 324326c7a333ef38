package faults

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"

	"github.com/runfleet/runfleet/fleet"
)

// FISAPI is all that this package calls of FIS. The SDK's client has it, and so
// have simulations.
type FISAPI interface {
	CreateExperimentTemplate(context.Context, *fis.CreateExperimentTemplateInput, ...func(*fis.Options)) (*fis.CreateExperimentTemplateOutput, error)
	ListExperimentTemplates(context.Context, *fis.ListExperimentTemplatesInput, ...func(*fis.Options)) (*fis.ListExperimentTemplatesOutput, error)
	DeleteExperimentTemplate(context.Context, *fis.DeleteExperimentTemplateInput, ...func(*fis.Options)) (*fis.DeleteExperimentTemplateOutput, error)
	StartExperiment(context.Context, *fis.StartExperimentInput, ...func(*fis.Options)) (*fis.StartExperimentOutput, error)
	StopExperiment(context.Context, *fis.StopExperimentInput, ...func(*fis.Options)) (*fis.StopExperimentOutput, error)
	GetExperiment(context.Context, *fis.GetExperimentInput, ...func(*fis.Options)) (*fis.GetExperimentOutput, error)
	ListExperiments(context.Context, *fis.ListExperimentsInput, ...func(*fis.Options)) (*fis.ListExperimentsOutput, error)
	ListExperimentResolvedTargets(context.Context, *fis.ListExperimentResolvedTargetsInput, ...func(*fis.Options)) (*fis.ListExperimentResolvedTargetsOutput, error)
}

// NewFIS is a FIS client that retries nothing itself: a repeat is the
// reconciler's decision.
func NewFIS(cfg aws.Config) *fis.Client {
	return fis.NewFromConfig(cfg, func(o *fis.Options) { o.Retryer = aws.NopRetryer{} })
}

// Cloud lists the fleet's machines. Package provision implements it.
type Cloud interface {
	// Machines lists the fleet's instances as EC2 shows them.
	Machines(ctx context.Context) ([]fleet.Machine, error)
}

// Drills runs drills of one fleet. It holds nothing between calls and is safe
// for concurrent use.
type Drills struct {
	FIS   FISAPI
	Cloud Cloud // only Preview needs it
	Fleet string
	Role  string            // ARN of the role that FIS acts as
	Tags  map[string]string // of the operator's own, on all that a drill makes
}

// Tags that FIS picks victims by, as package provision sets them, and those on
// what a drill makes.
const (
	tagFleet = "runfleet:fleet"
	tagPool  = "runfleet:pool"
	tagDrill = "runfleet:drill"
)

// pageSize is the most that FIS lists at once.
const pageSize = 100

// check refuses what must not be sent.
func (s *Drills) check(d fleet.Drill) error {
	if err := d.Check(); err != nil {
		return err
	}
	// FIS takes 20 to 2048 characters, without space.
	if !strings.HasPrefix(s.Role, "arn:") || !strings.Contains(s.Role, ":role/") || len(s.Role) > 2048 || strings.ContainsAny(s.Role, " \t\r\n") {
		return fmt.Errorf("drill %s: %w: the role of FIS is %q, which is no role's ARN", d.ID, fleet.ErrConfig, s.Role)
	}
	return nil
}

// ours reports whether something belongs to a drill of this fleet, and to
// which.
func (s *Drills) ours(tags map[string]string) (drill string, ok bool) {
	drill = tags[tagDrill]
	return drill, drill != "" && tags[tagFleet] == s.Fleet
}
