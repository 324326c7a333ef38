package awssim

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// Limits of Parameter Store.
const (
	standardLimit = 4096 // bytes of a value
	advancedLimit = 8192
	batchLimit    = 10 // names a call, parameters a page
	levelLimit    = 15 // parts of a name
)

type parameter struct {
	value   string
	kind    types.ParameterType
	tier    types.ParameterTier
	version int64
	at      time.Time
	tags    map[string]string
}

// PutParameter stores a value, as its tier allows.
func (s *SSM) PutParameter(ctx context.Context, in *ssm.PutParameterInput, _ ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	return answer(ctx, s.a, request{service: "ssm", op: "PutParameter"}, func() (*ssm.PutParameterOutput, error) {
		return s.a.put(in)
	})
}

func (a *Account) put(in *ssm.PutParameterInput) (*ssm.PutParameterOutput, error) {
	name, old := aws.ToString(in.Name), a.parameters[aws.ToString(in.Name)]
	if err := checkName(name); err != nil {
		return nil, err
	}
	tier, err := tierOf(in, old)
	if err != nil {
		return nil, err
	}
	switch {
	case aws.ToBool(in.Overwrite) && len(in.Tags) > 0:
		return nil, invalid("Invalid request: tags and overwrite can't be used together.")
	case old != nil && !aws.ToBool(in.Overwrite):
		return nil, &types.ParameterAlreadyExists{Message: aws.String("The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")}
	case old == nil && in.Type == "":
		return nil, invalid("A parameter type is required when you create a parameter.")
	case old != nil && in.Type != "" && in.Type != old.kind:
		return nil, &types.HierarchyTypeMismatchException{Message: aws.String("The parameter has another type.")}
	}
	p := &parameter{kind: in.Type, tags: map[string]string{}}
	if old != nil {
		p = old
	}
	p.value, p.tier, p.at = aws.ToString(in.Value), tier, a.cfg.Now()
	p.version++
	p.tag(in.Tags)
	a.parameters[name] = p
	return &ssm.PutParameterOutput{Tier: tier, Version: p.version}, nil
}

// tierOf is the tier that a value gets. An advanced parameter never becomes a
// standard one again.
func tierOf(in *ssm.PutParameterInput, old *parameter) (types.ParameterTier, error) {
	size, tier := len(aws.ToString(in.Value)), in.Tier
	switch {
	case tier == types.ParameterTierAdvanced, tier == types.ParameterTierIntelligentTiering && size > standardLimit,
		old != nil && old.tier == types.ParameterTierAdvanced && tier != types.ParameterTierStandard:
		tier = types.ParameterTierAdvanced
	default:
		tier = types.ParameterTierStandard
	}
	limit := standardLimit
	if tier == types.ParameterTierAdvanced {
		limit = advancedLimit
	}
	switch {
	case size == 0:
		return "", invalid("Value must not be empty.")
	case size > limit:
		return "", invalid("%s tier parameters support a maximum parameter value of %d characters.", tier, limit)
	case old != nil && old.tier == types.ParameterTierAdvanced && tier == types.ParameterTierStandard:
		return "", invalid("An advanced parameter can't be reverted to a standard one.")
	}
	return tier, nil
}

// nameLimit is how many letters a name may have, parameterName which.
const nameLimit = 1011

var parameterName = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

func checkName(name string) error {
	low := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case !parameterName.MatchString(name), len(name) > nameLimit, strings.Contains(name, "//"), strings.HasSuffix(name, "/"):
		return invalid("Parameter name must be letters, digits and the signs _ . - /")
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return invalid("Parameter name must be a fully qualified name.")
	case strings.HasPrefix(low, "aws") && strings.Count(name, "/") > 1:
		return refuse("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.HasPrefix(low, "aws"), strings.HasPrefix(low, "ssm"):
		return invalid("Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).")
	case strings.Count(name, "/") > levelLimit:
		return &types.HierarchyLevelLimitExceededException{Message: aws.String("A hierarchy can have at most 15 levels.")}
	}
	return nil
}

func invalid(format string, args ...any) error { return refuse("ValidationException", format, args...) }

func (p *parameter) tag(tags []types.Tag) {
	for _, t := range tags {
		p.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
}

// AddTagsToResource tags a parameter.
func (s *SSM) AddTagsToResource(ctx context.Context, in *ssm.AddTagsToResourceInput, _ ...func(*ssm.Options)) (*ssm.AddTagsToResourceOutput, error) {
	return answer(ctx, s.a, request{service: "ssm", op: "AddTagsToResource"}, func() (*ssm.AddTagsToResourceOutput, error) {
		p := s.a.parameters[aws.ToString(in.ResourceId)]
		switch {
		case in.ResourceType != types.ResourceTypeForTaggingParameter:
			return nil, &types.InvalidResourceType{Message: aws.String("awssim tags parameters only")}
		case p == nil:
			return nil, &types.InvalidResourceId{Message: aws.String("The resource ID is not valid.")}
		}
		p.tag(in.Tags)
		return &ssm.AddTagsToResourceOutput{}, nil
	})
}

// ListTagsForResource shows a parameter's tags, sorted by key.
func (s *SSM) ListTagsForResource(ctx context.Context, in *ssm.ListTagsForResourceInput, _ ...func(*ssm.Options)) (*ssm.ListTagsForResourceOutput, error) {
	return answer(ctx, s.a, request{service: "ssm", op: "ListTagsForResource"}, func() (*ssm.ListTagsForResourceOutput, error) {
		p := s.a.parameters[aws.ToString(in.ResourceId)]
		switch {
		case in.ResourceType != types.ResourceTypeForTaggingParameter:
			return nil, &types.InvalidResourceType{Message: aws.String("awssim tags parameters only")}
		case p == nil:
			return nil, &types.InvalidResourceId{Message: aws.String("The resource ID is not valid.")}
		}
		out := &ssm.ListTagsForResourceOutput{}
		for _, key := range slices.Sorted(maps.Keys(p.tags)) {
			out.TagList = append(out.TagList, types.Tag{Key: aws.String(key), Value: aws.String(p.tags[key])})
		}
		return out, nil
	})
}

// DeleteParameter deletes one value; ParameterNotFound if it is not there.
func (s *SSM) DeleteParameter(ctx context.Context, in *ssm.DeleteParameterInput, _ ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error) {
	return answer(ctx, s.a, request{service: "ssm", op: "DeleteParameter"}, func() (*ssm.DeleteParameterOutput, error) {
		if s.a.parameters[aws.ToString(in.Name)] == nil {
			return nil, absent(in.Name)
		}
		delete(s.a.parameters, aws.ToString(in.Name))
		return &ssm.DeleteParameterOutput{}, nil
	})
}

// DeleteParameters deletes up to ten values. Those that are not there are
// named in the answer.
func (s *SSM) DeleteParameters(ctx context.Context, in *ssm.DeleteParametersInput, _ ...func(*ssm.Options)) (*ssm.DeleteParametersOutput, error) {
	return answer(ctx, s.a, request{service: "ssm", op: "DeleteParameters"}, func() (*ssm.DeleteParametersOutput, error) {
		if err := checkBatch(in.Names); err != nil {
			return nil, err
		}
		out := &ssm.DeleteParametersOutput{}
		for _, name := range in.Names {
			if s.a.parameters[name] == nil {
				out.InvalidParameters = append(out.InvalidParameters, name)
				continue
			}
			delete(s.a.parameters, name)
			out.DeletedParameters = append(out.DeletedParameters, name)
		}
		return out, nil
	})
}

func checkBatch(names []string) error {
	if len(names) < 1 || len(names) > batchLimit {
		return invalid("Member must have length between 1 and %d; there are %d names", batchLimit, len(names))
	}
	return nil
}

func absent(name *string) error {
	return &types.ParameterNotFound{Message: aws.String("Parameter " + aws.ToString(name) + " not found.")}
}
