package tokens

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
)

// noon is when everything is stored.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// memory is a Parameter Store with what these tests need.
type memory struct {
	mu     sync.Mutex
	params map[string]*ssm.PutParameterInput
	fail   error  // the next call's, which then has no effect
	onGet  func() // runs after a get, before its caller goes on
}

func newMemory() *memory { return &memory{params: map[string]*ssm.PutParameterInput{}} }

// begin takes the lock, and the error that the test planned.
func (m *memory) begin() error {
	m.mu.Lock()
	err := m.fail
	m.fail = nil
	return err
}

func apiError(code string) error {
	return &smithy.OperationError{ServiceID: "SSM", OperationName: "Any", Err: &smithy.GenericAPIError{Code: code, Message: "sentence"}}
}

func (m *memory) PutParameter(_ context.Context, in *ssm.PutParameterInput, _ ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	err := m.begin()
	defer m.mu.Unlock()
	name := aws.ToString(in.Name)
	switch _, exists := m.params[name]; {
	case err != nil:
		return nil, err
	case exists && !aws.ToBool(in.Overwrite):
		return nil, apiError("ParameterAlreadyExists")
	case in.Tier == types.ParameterTierStandard && len(*in.Value) > 4096, aws.ToBool(in.Overwrite) && len(in.Tags) > 0:
		return nil, apiError("ValidationException")
	}
	m.params[name] = in
	return &ssm.PutParameterOutput{}, nil
}

func (m *memory) GetParameter(_ context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	err := m.begin()
	p, ok := m.params[aws.ToString(in.Name)]
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, apiError("ParameterNotFound")
	}
	if m.onGet != nil {
		m.onGet()
	}
	return &ssm.GetParameterOutput{Parameter: m.show(p, in.WithDecryption)}, nil
}

func (m *memory) DeleteParameter(_ context.Context, in *ssm.DeleteParameterInput, _ ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error) {
	err := m.begin()
	defer m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if _, ok := m.params[aws.ToString(in.Name)]; !ok {
		return nil, apiError("ParameterNotFound")
	}
	delete(m.params, aws.ToString(in.Name))
	return &ssm.DeleteParameterOutput{}, nil
}

// GetParametersByPath pages by name: the token is the last name of the page.
func (m *memory) GetParametersByPath(_ context.Context, in *ssm.GetParametersByPathInput, _ ...func(*ssm.Options)) (*ssm.GetParametersByPathOutput, error) {
	err := m.begin()
	defer m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	out := &ssm.GetParametersByPathOutput{}
	for _, name := range slices.Sorted(maps.Keys(m.params)) {
		rest, ok := strings.CutPrefix(name, *in.Path+"/")
		if !ok || strings.Contains(rest, "/") || name <= aws.ToString(in.NextToken) {
			continue
		}
		if len(out.Parameters) == int(*in.MaxResults) {
			out.NextToken = out.Parameters[len(out.Parameters)-1].Name
			break
		}
		out.Parameters = append(out.Parameters, *m.show(m.params[name], in.WithDecryption))
	}
	return out, nil
}

func (m *memory) show(p *ssm.PutParameterInput, decrypt *bool) *types.Parameter {
	value := p.Value
	if p.Type == types.ParameterTypeSecureString && !aws.ToBool(decrypt) {
		value = aws.String("ciphertext")
	}
	return &types.Parameter{Name: p.Name, Value: value, Type: p.Type, LastModifiedDate: aws.Time(noon)}
}
