package awssim

import (
	"cmp"
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// GetParameter reads one value; ParameterNotFound if it is not there.
func (s *SSM) GetParameter(ctx context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	return answer(ctx, s.a, request{service: "ssm", op: "GetParameter"}, func() (*ssm.GetParameterOutput, error) {
		name := aws.ToString(in.Name)
		p := s.a.parameters[name]
		if p == nil {
			return nil, absent(in.Name)
		}
		shown := p.shown(name, aws.ToBool(in.WithDecryption))
		return &ssm.GetParameterOutput{Parameter: &shown}, nil
	})
}

// GetParameters reads up to ten values. Those that are not there are named in
// the answer.
func (s *SSM) GetParameters(ctx context.Context, in *ssm.GetParametersInput, _ ...func(*ssm.Options)) (*ssm.GetParametersOutput, error) {
	return answer(ctx, s.a, request{service: "ssm", op: "GetParameters"}, func() (*ssm.GetParametersOutput, error) {
		if err := checkBatch(in.Names); err != nil {
			return nil, err
		}
		out := &ssm.GetParametersOutput{}
		for _, name := range in.Names {
			if p := s.a.parameters[name]; p != nil {
				out.Parameters = append(out.Parameters, p.shown(name, aws.ToBool(in.WithDecryption)))
				continue
			}
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
		return out, nil
	})
}

// GetParametersByPath lists what is directly below a path, or anywhere below
// it if recursive, by name and ten at most a page.
func (s *SSM) GetParametersByPath(ctx context.Context, in *ssm.GetParametersByPathInput, _ ...func(*ssm.Options)) (*ssm.GetParametersByPathOutput, error) {
	return answer(ctx, s.a, request{service: "ssm", op: "GetParametersByPath"}, func() (*ssm.GetParametersByPathOutput, error) {
		return s.a.byPath(in)
	})
}

func (a *Account) byPath(in *ssm.GetParametersByPathInput) (*ssm.GetParametersByPathOutput, error) {
	path, most := strings.TrimSuffix(aws.ToString(in.Path), "/")+"/", int(cmp.Or(aws.ToInt32(in.MaxResults), batchLimit))
	switch {
	case !strings.HasPrefix(path, "/"):
		return nil, invalid("The path must begin with a slash.")
	case most < 1 || most > batchLimit:
		return nil, invalid("Member must have value between 1 and %d; it is %d", batchLimit, most)
	case len(in.ParameterFilters) > 0:
		return nil, invalid("awssim knows no parameter filters")
	}
	// The token is the last name, so that what is deleted between two pages
	// hides nothing else.
	last, err := base64.StdEncoding.DecodeString(aws.ToString(in.NextToken))
	if err != nil {
		return nil, &types.InvalidNextToken{Message: aws.String("The specified token is not valid.")}
	}
	out := &ssm.GetParametersByPathOutput{}
	for _, name := range a.names(path) {
		if name <= string(last) || !aws.ToBool(in.Recursive) && strings.Contains(name[len(path):], "/") {
			continue
		}
		if len(out.Parameters) == most {
			at := aws.ToString(out.Parameters[most-1].Name)
			out.NextToken = aws.String(base64.StdEncoding.EncodeToString([]byte(at)))
			break
		}
		out.Parameters = append(out.Parameters, a.parameters[name].shown(name, aws.ToBool(in.WithDecryption)))
	}
	return out, nil
}

// shown is a parameter as an answer has it. A secret that nobody asked to
// decrypt is no longer readable.
func (p *parameter) shown(name string, decrypted bool) types.Parameter {
	value := p.value
	if p.kind == types.ParameterTypeSecureString && !decrypted {
		value = "encrypted"
	}
	return types.Parameter{
		Name: aws.String(name), Value: aws.String(value), Type: p.kind, DataType: aws.String("text"),
		LastModifiedDate: aws.Time(p.at), Version: p.version,
	}
}

// names are those with a prefix, sorted.
func (a *Account) names(prefix string) []string {
	var names []string
	for name := range a.parameters {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ParameterTags are the tags of a parameter, nil if it is not there: what a
// policy that goes by tags would see.
func (a *Account) ParameterTags(name string) (tags map[string]string) {
	a.do(func() {
		if p := a.parameters[name]; p != nil {
			tags = maps.Clone(p.tags)
		}
	})
	return tags
}
