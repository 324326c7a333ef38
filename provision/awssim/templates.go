package awssim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// EC2 has the SDK's methods that the fleet calls.
type EC2 struct{ a *Account }

type template struct {
	id, name string
	made     time.Time
	data     *types.RequestLaunchTemplateData
	tags     []types.Tag
}

func (t *template) shown() types.LaunchTemplate {
	return types.LaunchTemplate{
		LaunchTemplateId: aws.String(t.id), LaunchTemplateName: aws.String(t.name), CreateTime: aws.Time(t.made),
		DefaultVersionNumber: aws.Int64(1), LatestVersionNumber: aws.Int64(1), Tags: t.tags,
	}
}

// CreateLaunchTemplate makes a template; its name must be new.
func (e *EC2) CreateLaunchTemplate(_ context.Context, in *ec2.CreateLaunchTemplateInput, _ ...func(*ec2.Options)) (out *ec2.CreateLaunchTemplateOutput, err error) {
	e.a.do(func() {
		var lost bool
		if lost, err = e.a.call("ec2", "CreateLaunchTemplate", e.a.cfg.Limits.Mutate); err != nil {
			return
		}
		name := aws.ToString(in.LaunchTemplateName)
		if slices.ContainsFunc(e.a.templates, func(t *template) bool { return t.name == name }) {
			err = refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
			return
		}
		e.a.last++
		t := &template{id: fmt.Sprintf("lt-%017x", e.a.last), name: name, made: e.a.cfg.Now(), data: in.LaunchTemplateData}
		for _, spec := range in.TagSpecifications {
			t.tags = append(t.tags, spec.Tags...)
		}
		e.a.templates = append(e.a.templates, t)
		shown := t.shown()
		if out = (&ec2.CreateLaunchTemplateOutput{LaunchTemplate: &shown}); lost {
			out, err = nil, errLost
		}
	})
	return out, err
}

// DescribeLaunchTemplates lists templates by name, id or tag.
func (e *EC2) DescribeLaunchTemplates(_ context.Context, in *ec2.DescribeLaunchTemplatesInput, _ ...func(*ec2.Options)) (out *ec2.DescribeLaunchTemplatesOutput, err error) {
	e.a.do(func() {
		if _, err = e.a.call("ec2", "DescribeLaunchTemplates", e.a.cfg.Limits.Describe); err != nil {
			return
		}
		out = &ec2.DescribeLaunchTemplatesOutput{}
		for _, t := range e.a.templates {
			if (len(in.LaunchTemplateNames) == 0 || slices.Contains(in.LaunchTemplateNames, t.name)) &&
				(len(in.LaunchTemplateIds) == 0 || slices.Contains(in.LaunchTemplateIds, t.id)) && tagsMatch(in.Filters, t.tags) {
				out.LaunchTemplates = append(out.LaunchTemplates, t.shown())
			}
		}
		if len(out.LaunchTemplates) < len(in.LaunchTemplateNames) {
			err = refuse("InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist.")
		}
	})
	return out, err
}

// DeleteLaunchTemplate deletes a template by id.
func (e *EC2) DeleteLaunchTemplate(_ context.Context, in *ec2.DeleteLaunchTemplateInput, _ ...func(*ec2.Options)) (out *ec2.DeleteLaunchTemplateOutput, err error) {
	e.a.do(func() {
		if _, err = e.a.call("ec2", "DeleteLaunchTemplate", e.a.cfg.Limits.Mutate); err != nil {
			return
		}
		n := len(e.a.templates)
		e.a.templates = slices.DeleteFunc(e.a.templates, func(t *template) bool { return t.id == aws.ToString(in.LaunchTemplateId) })
		if out = (&ec2.DeleteLaunchTemplateOutput{}); len(e.a.templates) == n {
			err = refuse("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", aws.ToString(in.LaunchTemplateId))
		}
	})
	return out, err
}

// DescribeSubnets lists the account's subnets with their zones.
func (e *EC2) DescribeSubnets(_ context.Context, in *ec2.DescribeSubnetsInput, _ ...func(*ec2.Options)) (out *ec2.DescribeSubnetsOutput, err error) {
	e.a.do(func() {
		if _, err = e.a.call("ec2", "DescribeSubnets", e.a.cfg.Limits.Describe); err != nil {
			return
		}
		out = &ec2.DescribeSubnetsOutput{}
		for _, id := range in.SubnetIds {
			zone, ok := e.a.cfg.Subnets[id]
			if !ok {
				err = refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
				return
			}
			out.Subnets = append(out.Subnets, types.Subnet{
				SubnetId: aws.String(id), AvailabilityZone: aws.String(zone), AvailableIpAddressCount: aws.Int32(4000),
			})
		}
	})
	return out, err
}
