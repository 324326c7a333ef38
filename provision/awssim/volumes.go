package awssim

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// volume is an instance's root disk.
type volume struct {
	id, device, zone string
	gib              int32
	made             time.Time
	tags             []types.Tag
	instance         string // empty: of nobody any more
	stays            bool   // when its instance is terminated
}

// newVolume makes the disk that the launch template describes: 8 GiB that go
// with the machine if it says nothing.
func (a *Account) newVolume(i *instance, tags []types.Tag) *volume {
	v := &volume{
		id: a.id("vol", i.id), device: "/dev/xvda", zone: i.offer.zone, gib: 8,
		made: i.launched, tags: tags, instance: i.id,
	}
	for _, m := range i.template.data.BlockDeviceMappings[:min(1, len(i.template.data.BlockDeviceMappings))] {
		v.device = cmp.Or(aws.ToString(m.DeviceName), v.device)
		if m.Ebs != nil {
			v.gib = cmp.Or(aws.ToInt32(m.Ebs.VolumeSize), v.gib)
			v.stays = m.Ebs.DeleteOnTermination != nil && !*m.Ebs.DeleteOnTermination
		}
	}
	a.volumes = append(a.volumes, v)
	return v
}

// release frees the disk of a terminated instance.
func (a *Account) release(v *volume) {
	v.instance = ""
	if !v.stays {
		a.volumes = slices.DeleteFunc(a.volumes, func(o *volume) bool { return o == v })
	}
}

func (v *volume) state() types.VolumeState {
	if v.instance == "" {
		return types.VolumeStateAvailable
	}
	return types.VolumeStateInUse
}

// DescribeVolumes lists volumes by id or filter, in order of launch.
func (e *EC2) DescribeVolumes(ctx context.Context, in *ec2.DescribeVolumesInput, _ ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error) {
	r := request{service: "ec2", op: "DescribeVolumes", unfiltered: len(in.Filters) == 0 && in.MaxResults == nil}
	return answer(ctx, e.a, r, func() (*ec2.DescribeVolumesOutput, error) {
		var list []types.Volume
		found := 0
		for _, v := range e.a.volumes {
			if len(in.VolumeIds) > 0 && !slices.Contains(in.VolumeIds, v.id) {
				continue
			}
			found++
			fits, err := matches(in.Filters, v.facts)
			if err != nil {
				return nil, err
			}
			if fits {
				list = append(list, v.shown())
			}
		}
		if found < len(in.VolumeIds) {
			return nil, refuse("InvalidVolume.NotFound", "One of the volumes %v does not exist.", in.VolumeIds)
		}
		list, next, err := page(list, in.NextToken, in.MaxResults, 1000)
		return &ec2.DescribeVolumesOutput{Volumes: list, NextToken: next}, err
	})
}

// facts are what filters ask of a volume.
func (v *volume) facts(name string) ([]string, bool) {
	switch name {
	case "volume-id":
		return []string{v.id}, true
	case "status":
		return []string{string(v.state())}, true
	case "attachment.instance-id":
		return []string{v.instance}, true
	}
	return tagFacts(v.tags, name)
}

func (v *volume) shown() types.Volume {
	shown := types.Volume{
		VolumeId: aws.String(v.id), AvailabilityZone: aws.String(v.zone), Size: aws.Int32(v.gib),
		CreateTime: aws.Time(v.made), State: v.state(), Tags: v.tags, VolumeType: types.VolumeTypeGp3,
	}
	if v.instance != "" {
		shown.Attachments = []types.VolumeAttachment{{
			InstanceId: aws.String(v.instance), VolumeId: aws.String(v.id), Device: aws.String(v.device),
			DeleteOnTermination: aws.Bool(!v.stays), State: types.VolumeAttachmentStateAttached,
		}}
	}
	return shown
}
