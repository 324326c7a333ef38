package awssim

import (
	"context"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// SSM has the SDK's methods that the fleet and its agents call.
type SSM struct{ a *Account }

type parameter struct {
	value string
	kind  types.ParameterType
	at    time.Time
}

// PutParameter stores a value, as the tier allows.
func (s *SSM) PutParameter(_ context.Context, in *ssm.PutParameterInput, _ ...func(*ssm.Options)) (out *ssm.PutParameterOutput, err error) {
	s.a.do(func() {
		var lost bool
		if lost, err = s.a.call("ssm", "PutParameter", s.a.cfg.Limits.Parameters); err != nil {
			return
		}
		name, value := aws.ToString(in.Name), aws.ToString(in.Value)
		limit := 4096
		if in.Tier == types.ParameterTierAdvanced {
			limit = 8192
		}
		_, known := s.a.parameters[name]
		switch {
		case aws.ToBool(in.Overwrite) && len(in.Tags) > 0:
			err = refuse("ValidationException", "tags and overwrite can't be used together")
		case len(value) > limit || value == "":
			err = refuse("ValidationException", "value has %d characters, the tier takes %d", len(value), limit)
		case known && !aws.ToBool(in.Overwrite):
			err = &types.ParameterAlreadyExists{Message: aws.String("The parameter already exists.")}
		default:
			s.a.parameters[name] = &parameter{value, in.Type, s.a.cfg.Now()}
			if out = (&ssm.PutParameterOutput{Version: 1}); lost {
				out, err = nil, errLost
			}
		}
	})
	return out, err
}

// GetParameter reads one value.
func (s *SSM) GetParameter(_ context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (out *ssm.GetParameterOutput, err error) {
	s.a.do(func() {
		if _, err = s.a.call("ssm", "GetParameter", s.a.cfg.Limits.Parameters); err != nil {
			return
		}
		p, ok := s.a.parameters[aws.ToString(in.Name)]
		if !ok {
			err = &types.ParameterNotFound{Message: aws.String("not found")}
			return
		}
		out = &ssm.GetParameterOutput{Parameter: p.shown(aws.ToString(in.Name), aws.ToBool(in.WithDecryption))}
	})
	return out, err
}

func (p *parameter) shown(name string, decrypted bool) *types.Parameter {
	value := p.value
	if p.kind == types.ParameterTypeSecureString && !decrypted {
		value = "encrypted"
	}
	return &types.Parameter{Name: aws.String(name), Value: aws.String(value), Type: p.kind, LastModifiedDate: aws.Time(p.at), Version: 1}
}

// GetParametersByPath lists a path, ten at most a page.
func (s *SSM) GetParametersByPath(_ context.Context, in *ssm.GetParametersByPathInput, _ ...func(*ssm.Options)) (out *ssm.GetParametersByPathOutput, err error) {
	s.a.do(func() {
		if _, err = s.a.call("ssm", "GetParametersByPath", s.a.cfg.Limits.Parameters); err != nil {
			return
		}
		names := s.a.names(strings.TrimSuffix(aws.ToString(in.Path), "/") + "/")
		from, _ := strconv.Atoi(aws.ToString(in.NextToken))
		to := min(from+10, len(names))
		out = &ssm.GetParametersByPathOutput{}
		for _, name := range names[min(from, to):to] {
			out.Parameters = append(out.Parameters, *s.a.parameters[name].shown(name, aws.ToBool(in.WithDecryption)))
		}
		if to < len(names) {
			out.NextToken = aws.String(strconv.Itoa(to))
		}
	})
	return out, err
}

func (a *Account) names(prefix string) []string {
	var names []string
	for name := range a.parameters {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// DeleteParameter deletes one value; ParameterNotFound if it is not there.
func (s *SSM) DeleteParameter(_ context.Context, in *ssm.DeleteParameterInput, _ ...func(*ssm.Options)) (out *ssm.DeleteParameterOutput, err error) {
	s.a.do(func() {
		var lost bool
		if lost, err = s.a.call("ssm", "DeleteParameter", s.a.cfg.Limits.Parameters); err != nil {
			return
		}
		if _, ok := s.a.parameters[aws.ToString(in.Name)]; !ok {
			err = &types.ParameterNotFound{Message: aws.String("not found")}
			return
		}
		delete(s.a.parameters, aws.ToString(in.Name))
		if out = (&ssm.DeleteParameterOutput{}); lost {
			out, err = nil, errLost
		}
	})
	return out, err
}

// Left is what is still there, for tests and the demo's summary.
type Left struct {
	Instances, Parameters, Templates, Fleets []string
}

// Left lists instances that are not ended, parameters under a prefix, launch
// templates, and fleets that were not deleted.
func (a *Account) Left(prefix string) Left {
	var l Left
	a.do(func() {
		for _, id := range a.order {
			if a.instances[id].alive() {
				l.Instances = append(l.Instances, id)
			}
		}
		l.Parameters = a.names(prefix)
		for _, t := range a.templates {
			l.Templates = append(l.Templates, t.name)
		}
		for id := range a.fleets {
			l.Fleets = append(l.Fleets, id)
		}
		slices.Sort(l.Fleets)
	})
	return l
}

// Launched is how many instances were ever launched.
func (a *Account) Launched() (n int) {
	a.do(func() { n = len(a.order) })
	return n
}

// Cost is what the instances cost so far in USD: whole seconds from launch to
// shutdown, at least a minute each, without disks and traffic.
func (a *Account) Cost() (usd float64) {
	a.do(func() {
		for _, id := range a.order {
			i := a.instances[id]
			until := i.ended
			if until.IsZero() {
				until = a.cfg.Now()
			}
			usd += max(time.Minute, until.Sub(i.launched)).Hours() * a.cfg.Price(i.kind, i.spot)
		}
	})
	return usd
}

// Alive lists the tags of every instance that is pending or running.
func (a *Account) Alive() []map[string]string {
	var all []map[string]string
	a.do(func() {
		for _, id := range a.order {
			if i := a.instances[id]; i.alive() {
				all = append(all, i.told().Tags)
			}
		}
	})
	return all
}
