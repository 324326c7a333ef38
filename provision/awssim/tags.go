package awssim

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// tagLimit is how many tags of one's own a resource may have.
const tagLimit = 50

// metadataKey is a tag key that instance metadata can show: no space, no slash.
var metadataKey = regexp.MustCompile(`^[a-zA-Z0-9+\-=.,_:@]{1,255}$`)

// tagsFor sorts the tags of a request by the kind of resource. Kinds that the
// call does not tag are refused.
func tagsFor(specs []types.TagSpecification, kinds ...types.ResourceType) (map[types.ResourceType][]types.Tag, error) {
	tags := map[types.ResourceType][]types.Tag{}
	for _, spec := range specs {
		if !slices.Contains(kinds, spec.ResourceType) {
			return nil, refuse("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		merged, err := merge(tags[spec.ResourceType], spec.Tags)
		if err != nil {
			return nil, err
		}
		tags[spec.ResourceType] = merged
	}
	return tags, nil
}

// merge is a new list with more tags; one with a known key replaces the old.
func merge(old, more []types.Tag) ([]types.Tag, error) {
	tags := slices.Clone(old)
	for _, t := range more {
		key := aws.ToString(t.Key)
		if key == "" || len(key) > 128 || len(aws.ToString(t.Value)) > 256 || strings.HasPrefix(key, "aws:") {
			return nil, refuse("InvalidParameterValue", "Tag key '%s' or its value is invalid.", key)
		}
		if at := slices.IndexFunc(tags, func(o types.Tag) bool { return aws.ToString(o.Key) == key }); at >= 0 {
			tags[at] = t
			continue
		}
		tags = append(tags, t)
	}
	own := 0
	for _, t := range tags {
		if !strings.HasPrefix(aws.ToString(t.Key), "aws:") {
			own++
		}
	}
	if own > tagLimit {
		return nil, refuse("TagLimitExceeded", "The maximum number of tags for a resource has been reached.")
	}
	return tags, nil
}

// CreateTags adds tags to instances, volumes, launch templates and fleets, to
// all of them or to none.
func (e *EC2) CreateTags(ctx context.Context, in *ec2.CreateTagsInput, _ ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "CreateTags"}, func() (*ec2.CreateTagsOutput, error) {
		changed := map[*[]types.Tag][]types.Tag{}
		for _, id := range in.Resources {
			tags, err := e.a.tagged(id)
			if err != nil {
				return nil, err
			}
			if changed[tags], err = merge(*tags, in.Tags); err != nil {
				return nil, err
			}
		}
		for tags, list := range changed {
			*tags = list
		}
		return &ec2.CreateTagsOutput{}, nil
	})
}

// tagged is where the tags of a resource are, or EC2's error. Lists of tags
// are replaced, never changed: answers and hooks hold old ones.
func (a *Account) tagged(id string) (*[]types.Tag, error) {
	if i := a.instances[id]; i != nil && a.knows(i) {
		return &i.tags, nil
	}
	if f := a.fleets[id]; f != nil {
		return &f.tags, nil
	}
	if t := a.template(id, ""); t != nil && id != "" {
		return &t.tags, nil
	}
	for _, v := range a.volumes {
		if v.id == id {
			return &v.tags, nil
		}
	}
	kind, _, _ := strings.Cut(id, "-")
	code := map[string]string{
		"i": "InvalidInstanceID.NotFound", "vol": "InvalidVolume.NotFound",
		"lt": "InvalidLaunchTemplateId.NotFound", "fleet": "InvalidFleetId.NotFound",
	}[kind]
	if code == "" {
		return nil, refuse("InvalidID", "The ID '%s' is not valid", id)
	}
	return nil, refuse(code, "The ID '%s' does not exist", id)
}
