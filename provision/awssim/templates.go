package awssim

import (
	"context"
	"encoding/base64"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// userDataLimit is EC2's, in bytes before base64.
const userDataLimit = 16 << 10

type template struct {
	id, name string
	made     time.Time
	data     types.RequestLaunchTemplateData
	userData []byte // decoded
	tags     []types.Tag
}

func (t *template) shown() types.LaunchTemplate {
	return types.LaunchTemplate{
		LaunchTemplateId: aws.String(t.id), LaunchTemplateName: aws.String(t.name), CreateTime: aws.Time(t.made),
		DefaultVersionNumber: aws.Int64(1), LatestVersionNumber: aws.Int64(1), Tags: t.tags,
	}
}

// metadataTags reports whether machines see their tags, which limits the keys.
func (t *template) metadataTags() bool {
	m := t.data.MetadataOptions
	return m != nil && m.InstanceMetadataTags == types.LaunchTemplateInstanceMetadataTagsStateEnabled
}

// templateName is what EC2 takes as a launch template's name.
var templateName = regexp.MustCompile(`^[a-zA-Z0-9().\-/_]{3,128}$`)

// CreateLaunchTemplate makes a template with one version; its name must be new.
func (e *EC2) CreateLaunchTemplate(ctx context.Context, in *ec2.CreateLaunchTemplateInput, _ ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "CreateLaunchTemplate"}, func() (*ec2.CreateLaunchTemplateOutput, error) {
		t, err := e.a.makeTemplate(in)
		if err != nil {
			return nil, err
		}
		shown := t.shown()
		return &ec2.CreateLaunchTemplateOutput{LaunchTemplate: &shown}, nil
	})
}

func (a *Account) makeTemplate(in *ec2.CreateLaunchTemplateInput) (*template, error) {
	name := aws.ToString(in.LaunchTemplateName)
	switch {
	case !templateName.MatchString(name):
		return nil, refuse("InvalidLaunchTemplateName.MalformedException", "The launch template name '%s' is invalid.", name)
	case a.template("", name) != nil:
		return nil, refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	case in.LaunchTemplateData == nil:
		return nil, refuse("MissingParameter", "The request must contain the parameter LaunchTemplateData")
	}
	userData, err := base64.StdEncoding.DecodeString(aws.ToString(in.LaunchTemplateData.UserData))
	if err != nil {
		return nil, refuse("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(userData) > userDataLimit {
		return nil, refuse("InvalidUserData.Malformed", "User data is limited to %d bytes", userDataLimit)
	}
	tags, err := tagsFor(in.TagSpecifications, types.ResourceTypeLaunchTemplate)
	if err != nil {
		return nil, err
	}
	t := &template{
		id: a.id("lt", name), name: name, made: a.cfg.Now(),
		data: *in.LaunchTemplateData, userData: userData, tags: tags[types.ResourceTypeLaunchTemplate],
	}
	a.templates = append(a.templates, t)
	return t, nil
}

// template is the one with an id or, without id, a name; nil if there is none.
func (a *Account) template(id, name string) *template {
	for _, t := range a.templates {
		if id != "" && t.id == id || id == "" && t.name == name {
			return t
		}
	}
	return nil
}

// namedTemplate is template, or EC2's error.
func (a *Account) namedTemplate(id, name *string) (*template, error) {
	if t := a.template(aws.ToString(id), aws.ToString(name)); t != nil {
		return t, nil
	}
	if aws.ToString(id) != "" {
		return nil, refuse("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", *id)
	}
	return nil, refuse("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", aws.ToString(name))
}

// DescribeLaunchTemplates lists templates by name, id or filter, in the order
// in which they were made.
func (e *EC2) DescribeLaunchTemplates(ctx context.Context, in *ec2.DescribeLaunchTemplatesInput, _ ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "DescribeLaunchTemplates"}, func() (*ec2.DescribeLaunchTemplatesOutput, error) {
		return e.a.describeTemplates(in)
	})
}

func (a *Account) describeTemplates(in *ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
	for _, id := range in.LaunchTemplateIds {
		if _, err := a.namedTemplate(&id, nil); err != nil {
			return nil, err
		}
	}
	for _, name := range in.LaunchTemplateNames {
		if _, err := a.namedTemplate(nil, &name); err != nil {
			return nil, err
		}
	}
	var list []types.LaunchTemplate
	for _, t := range a.templates {
		named := len(in.LaunchTemplateIds)+len(in.LaunchTemplateNames) == 0 ||
			slices.Contains(in.LaunchTemplateIds, t.id) || slices.Contains(in.LaunchTemplateNames, t.name)
		fits, err := matches(in.Filters, t.facts)
		if err != nil {
			return nil, err
		}
		if named && fits {
			list = append(list, t.shown())
		}
	}
	list, next, err := page(list, in.NextToken, in.MaxResults, 200)
	return &ec2.DescribeLaunchTemplatesOutput{LaunchTemplates: list, NextToken: next}, err
}

// facts are what filters ask of a template.
func (t *template) facts(name string) ([]string, bool) {
	if name == "launch-template-name" {
		return []string{t.name}, true
	}
	return tagFacts(t.tags, name)
}

// DeleteLaunchTemplate deletes a template by id or name.
func (e *EC2) DeleteLaunchTemplate(ctx context.Context, in *ec2.DeleteLaunchTemplateInput, _ ...func(*ec2.Options)) (*ec2.DeleteLaunchTemplateOutput, error) {
	return answer(ctx, e.a, request{service: "ec2", op: "DeleteLaunchTemplate"}, func() (*ec2.DeleteLaunchTemplateOutput, error) {
		t, err := e.a.namedTemplate(in.LaunchTemplateId, in.LaunchTemplateName)
		if err != nil {
			return nil, err
		}
		e.a.templates = slices.DeleteFunc(e.a.templates, func(o *template) bool { return o == t })
		shown := t.shown()
		return &ec2.DeleteLaunchTemplateOutput{LaunchTemplate: &shown}, nil
	})
}
