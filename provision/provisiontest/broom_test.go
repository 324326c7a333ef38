//go:build live

package provisiontest_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// broom removes what a test's fleet has on an account, with the SDK and its
// retries: what the suites test must not be what cleans up after it. Queues and
// the odd parameter are removed by the tests that made them.
type broom struct {
	t     *testing.T
	fleet string
	ec2   *ec2.Client
	ssm   *ssm.Client
	fis   *fis.Client
}

func newBroom(t *testing.T, cfg aws.Config, fleet string) *broom {
	return &broom{t: t, fleet: fleet, ec2: ec2.NewFromConfig(cfg), ssm: ssm.NewFromConfig(cfg), fis: fis.NewFromConfig(cfg)}
}

// sweepLimit bounds a sweep.
const sweepLimit = 5 * time.Minute

// sweep removes everything, and fails the test with what it cannot remove.
func (b *broom) sweep() {
	ctx, cancel := context.WithTimeout(context.Background(), sweepLimit)
	defer cancel()
	for what, remove := range map[string]func(context.Context) error{
		"drills": b.drills, "machines": b.machines, "launch templates": b.templates, "parameters": b.parameters,
	} {
		if err := remove(ctx); err != nil {
			b.t.Errorf("%s of fleet %s are left: %v", what, b.fleet, err)
		}
	}
}

func (b *broom) tagged() []types.Filter {
	return []types.Filter{{Name: aws.String("tag:runfleet:fleet"), Values: []string{b.fleet}}}
}

// machines terminates instances, protected ones too, and deletes their instant
// fleets. A launch is listed some seconds late, so it looks twice.
func (b *broom) machines(ctx context.Context) error {
	for range 2 {
		pages := ec2.NewDescribeInstancesPaginator(b.ec2, &ec2.DescribeInstancesInput{Filters: b.tagged()})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, r := range page.Reservations {
				if err := b.terminate(ctx, r.Instances); err != nil {
					return err
				}
			}
		}
		wait(10 * time.Second)
	}
	return nil
}

func (b *broom) terminate(ctx context.Context, instances []types.Instance) error {
	for _, i := range instances {
		if i.State.Name != types.InstanceStateNameTerminated && i.State.Name != types.InstanceStateNameShuttingDown {
			_, err := b.ec2.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{
				InstanceId: i.InstanceId, DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(false)},
			})
			if err != nil {
				b.t.Logf("machine %s stays protected: %v", *i.InstanceId, err) // Spot's are never
			}
			if _, err := b.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{*i.InstanceId}}); err != nil {
				return err
			}
		}
		for _, tag := range i.Tags {
			if aws.ToString(tag.Key) != "aws:ec2:fleet-id" {
				continue
			}
			_, err := b.ec2.DeleteFleets(ctx, &ec2.DeleteFleetsInput{FleetIds: []string{*tag.Value}, TerminateInstances: aws.Bool(true)})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *broom) templates(ctx context.Context) error {
	pages := ec2.NewDescribeLaunchTemplatesPaginator(b.ec2, &ec2.DescribeLaunchTemplatesInput{Filters: b.tagged()})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, l := range page.LaunchTemplates {
			if _, err := b.ec2.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: l.LaunchTemplateId}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *broom) parameters(ctx context.Context) error {
	for _, path := range []string{"/runfleet/" + b.fleet, "/ci/" + b.fleet} {
		var names []string
		pages := ssm.NewGetParametersByPathPaginator(b.ssm, &ssm.GetParametersByPathInput{Path: aws.String(path), Recursive: aws.Bool(true)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, p := range page.Parameters {
				names = append(names, aws.ToString(p.Name))
			}
		}
		for _, name := range names {
			if _, err := b.ssm.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(name)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// drills stops what runs still, and deletes the templates.
func (b *broom) drills(ctx context.Context) error {
	running := fis.NewListExperimentsPaginator(b.fis, &fis.ListExperimentsInput{})
	for running.HasMorePages() {
		page, err := running.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, x := range page.Experiments {
			if x.Tags["runfleet:fleet"] == b.fleet {
				_, _ = b.fis.StopExperiment(ctx, &fis.StopExperimentInput{Id: x.Id}) // it may be over
			}
		}
	}
	made := fis.NewListExperimentTemplatesPaginator(b.fis, &fis.ListExperimentTemplatesInput{})
	for made.HasMorePages() {
		page, err := made.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, x := range page.ExperimentTemplates {
			if x.Tags["runfleet:fleet"] != b.fleet {
				continue
			}
			if _, err := b.fis.DeleteExperimentTemplate(ctx, &fis.DeleteExperimentTemplateInput{Id: x.Id}); err != nil {
				return err
			}
		}
	}
	return nil
}
