package provision

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/fleet"
)

// userDataLimit is EC2's, in bytes before base64.
const userDataLimit = 16 << 10

// templateRequest is the request that makes a pool's launch template, under
// the name that its content gives it.
func (c *Cloud) templateRequest(p PoolSpec) (*ec2.CreateLaunchTemplateInput, error) {
	if len(p.UserData) > userDataLimit {
		return nil, fmt.Errorf("%w: user data has %d bytes, EC2 takes %d", fleet.ErrConfig, len(p.UserData), userDataLimit)
	}
	data := c.templateData(p)
	sum, err := digest(data)
	if err != nil {
		return nil, fmt.Errorf("name launch template: %w", err)
	}
	return &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String(fmt.Sprintf("runfleet-%s-%s-%s", c.Fleet, p.Name, sum)),
		LaunchTemplateData: data,
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeLaunchTemplate,
			Tags:         sortedTags(c.poolTags(p.Name)),
		}},
	}, nil
}

func (c *Cloud) templateData(p PoolSpec) *types.RequestLaunchTemplateData {
	userData := p.UserData
	if len(userData) == 0 && !p.Prepared {
		userData = []byte(Placeholder)
	}
	shutdown := types.ShutdownBehaviorTerminate
	if p.Standing {
		shutdown = types.ShutdownBehaviorStop
	}
	return &types.RequestLaunchTemplateData{
		ImageId:                           aws.String(imageID(p.Image)),
		IamInstanceProfile:                profile(c.InstanceProfile),
		InstanceInitiatedShutdownBehavior: shutdown,
		// Every option is set, so that no default of the account counts.
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{
			HttpEndpoint:            types.LaunchTemplateInstanceMetadataEndpointStateEnabled,
			HttpProtocolIpv6:        types.LaunchTemplateInstanceMetadataProtocolIpv6Disabled,
			HttpPutResponseHopLimit: aws.Int32(1),
			HttpTokens:              types.LaunchTemplateHttpTokensStateRequired,
			InstanceMetadataTags:    types.LaunchTemplateInstanceMetadataTagsStateEnabled,
		},
		// Security groups stand here because EC2 takes them either here or
		// above, and the public address only here.
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			AssociatePublicIpAddress: aws.Bool(c.PublicIP),
			DeleteOnTermination:      aws.Bool(true),
			DeviceIndex:              aws.Int32(0),
			Groups:                   c.SecurityGroups,
		}},
		BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{
			DeviceName: aws.String(p.root()),
			Ebs: &types.LaunchTemplateEbsBlockDeviceRequest{
				DeleteOnTermination: aws.Bool(true),
				Encrypted:           aws.Bool(true),
				VolumeSize:          size(p.DiskGiB),
				VolumeType:          types.VolumeTypeGp3,
			},
		}},
		UserData: encoded(userData),
	}
}

func encoded(userData []byte) *string {
	if len(userData) == 0 {
		return nil
	}
	return aws.String(base64.StdEncoding.EncodeToString(userData))
}

// imageID is the image as a launch template names it: a parameter is resolved
// by EC2 at each launch, so a published image moves on without a new template.
func imageID(image string) string {
	if strings.HasPrefix(image, "ssm:") {
		return "resolve:" + image
	}
	return image
}

func profile(name string) *types.LaunchTemplateIamInstanceProfileSpecificationRequest {
	switch {
	case name == "":
		return nil
	case strings.HasPrefix(name, "arn:"):
		return &types.LaunchTemplateIamInstanceProfileSpecificationRequest{Arn: aws.String(name)}
	}
	return &types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: aws.String(name)}
}

func size(gib int) *int32 {
	if gib == 0 {
		return nil
	}
	return aws.Int32(int32(gib))
}

// digest is twelve hex digits of what a machine would be launched from. Tags
// of the template are no part of it.
func digest(data *types.RequestLaunchTemplateData) (string, error) {
	text, err := canonical(data)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6]), nil
}

// canonical is a request as JSON with sorted keys and without what is not set:
// a newer SDK with more fields must not rename every template.
func canonical(request any) ([]byte, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	return json.MarshalIndent(set(v), "", "  ")
}

// set is v without members that are null or empty.
func set(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			if member = set(member); member == nil || member == "" {
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			v[i] = set(v[i])
		}
	}
	return v
}

// templateVersion is the only one that our templates have.
const templateVersion = "1"

// parseTemplate takes a recipe's template, lt-0abc:1, apart.
func parseTemplate(template string) (id, version string) {
	id, version, _ = strings.Cut(template, ":")
	return id, cmp.Or(version, templateVersion)
}
