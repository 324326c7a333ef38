package awssim

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
)

// Quotas of FIS per account and region, as its user guide gives them.
const (
	templateQuota   = 500
	activeQuota     = 5   // experiments under way
	spotTargetQuota = 100 // instances that an experiment picks by tags
)

// injection is what FIS holds.
type injection struct {
	templates   []*experimentTemplate // by creation
	experiments []*experiment         // likewise
	spent       map[string]spent      // client tokens, by operation and token
	lever       bool                  // the safety lever is engaged
}

// spent is what a client token was used for.
type spent struct{ request, id string }

func newInjection() injection { return injection{spent: map[string]spent{}} }

// once makes something for a client token, or gives what the token made
// before. A request that is not the same as then is a conflict. What could not
// be made leaves the token unused.
func (n *injection) once(operation string, token *string, in any, make func() (id string, err error)) (id string, err error) {
	if !word(token, 1, 1024) {
		return "", invalidExperiment("clientToken has 1 to 1024 characters and no space")
	}
	body, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	key := operation + " " + *token
	if known, ok := n.spent[key]; ok && known.request != string(body) {
		return "", &types.ConflictException{Message: aws.String("The client token was used with another request.")}
	} else if ok {
		return known.id, nil
	}
	if id, err = make(); err == nil {
		n.spent[key] = spent{string(body), id}
	}
	return id, err
}

// fisID is a new id in FIS's form.
func (a *Account) fisID(prefix, entity string) string {
	return prefix + strings.ToUpper(strconv.FormatUint(a.bits("id of "+prefix, entity), 36))
}

func invalidExperiment(format string, args ...any) error {
	return &types.ValidationException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func absentFrom(what, id string) error {
	return &types.ResourceNotFoundException{Message: aws.String(fmt.Sprintf("%s %s does not exist", what, id))}
}

// fisPage is the part of a list that a call asks for.
func fisPage[T any](all []T, token *string, most *int32) ([]T, *string, error) {
	if most != nil && (*most < 1 || *most > 100) {
		return nil, nil, invalidExperiment("maxResults must be between 1 and 100, it is %d", *most)
	}
	if _, err := place(token); err != nil {
		return nil, nil, invalidExperiment("the token '%s' is invalid", aws.ToString(token))
	}
	return page(all, token, most, 100)
}

// SetSafetyLever engages the account's safety lever, which stops experiments
// and cancels new ones, or releases it.
func (a *Account) SetSafetyLever(engaged bool) {
	a.do(func() {
		a.fis.lever = engaged
		for _, e := range a.fis.experiments {
			if engaged {
				a.stopExperiment(e, "Experiment stopped by the safety lever.")
			}
		}
	})
}

// CreateExperimentTemplate makes a template, once for a client token.
func (f *FIS) CreateExperimentTemplate(ctx context.Context, in *fis.CreateExperimentTemplateInput, _ ...func(*fis.Options)) (*fis.CreateExperimentTemplateOutput, error) {
	return answer(ctx, f.a, request{service: "fis", op: "CreateExperimentTemplate"}, func() (*fis.CreateExperimentTemplateOutput, error) {
		t, err := f.a.makeExperimentTemplate(in)
		if err != nil {
			return nil, err
		}
		return &fis.CreateExperimentTemplateOutput{ExperimentTemplate: &types.ExperimentTemplate{
			Id: aws.String(t.id), Arn: aws.String(f.a.arn("fis", "experiment-template/"+t.id)), Description: in.Description,
			RoleArn: in.RoleArn, Tags: t.tags, CreationTime: aws.Time(t.made), LastUpdateTime: aws.Time(t.made),
		}}, nil
	})
}

// ListExperimentTemplates lists templates in the order in which they were made.
func (f *FIS) ListExperimentTemplates(ctx context.Context, in *fis.ListExperimentTemplatesInput, _ ...func(*fis.Options)) (*fis.ListExperimentTemplatesOutput, error) {
	return answer(ctx, f.a, request{service: "fis", op: "ListExperimentTemplates"}, func() (*fis.ListExperimentTemplatesOutput, error) {
		var list []types.ExperimentTemplateSummary
		for _, t := range f.a.fis.templates {
			if !f.a.cfg.Now().Before(t.shown) {
				list = append(list, types.ExperimentTemplateSummary{
					Id: aws.String(t.id), Arn: aws.String(f.a.arn("fis", "experiment-template/"+t.id)), Description: aws.String(t.description),
					Tags: t.tags, CreationTime: aws.Time(t.made), LastUpdateTime: aws.Time(t.made),
				})
			}
		}
		list, next, err := fisPage(list, in.NextToken, in.MaxResults)
		return &fis.ListExperimentTemplatesOutput{ExperimentTemplates: list, NextToken: next}, err
	})
}

// DeleteExperimentTemplate deletes a template. Its experiments go on.
func (f *FIS) DeleteExperimentTemplate(ctx context.Context, in *fis.DeleteExperimentTemplateInput, _ ...func(*fis.Options)) (*fis.DeleteExperimentTemplateOutput, error) {
	return answer(ctx, f.a, request{service: "fis", op: "DeleteExperimentTemplate"}, func() (*fis.DeleteExperimentTemplateOutput, error) {
		t := f.a.experimentTemplate(aws.ToString(in.Id))
		if t == nil {
			return nil, absentFrom("Experiment template", aws.ToString(in.Id))
		}
		f.a.dropExperimentTemplate(t)
		return &fis.DeleteExperimentTemplateOutput{ExperimentTemplate: &types.ExperimentTemplate{Id: aws.String(t.id), Tags: t.tags}}, nil
	})
}

// StartExperiment starts an experiment from a template, once for a client
// token.
func (f *FIS) StartExperiment(ctx context.Context, in *fis.StartExperimentInput, _ ...func(*fis.Options)) (*fis.StartExperimentOutput, error) {
	return answer(ctx, f.a, request{service: "fis", op: "StartExperiment"}, func() (*fis.StartExperimentOutput, error) {
		e, err := f.a.startExperiment(in)
		if err != nil {
			return nil, err
		}
		return &fis.StartExperimentOutput{Experiment: f.a.shownExperiment(e)}, nil
	})
}

// GetExperiment shows an experiment.
func (f *FIS) GetExperiment(ctx context.Context, in *fis.GetExperimentInput, _ ...func(*fis.Options)) (*fis.GetExperimentOutput, error) {
	return answer(ctx, f.a, request{service: "fis", op: "GetExperiment"}, func() (*fis.GetExperimentOutput, error) {
		e, err := f.a.namedExperiment(in.Id)
		if err != nil {
			return nil, err
		}
		return &fis.GetExperimentOutput{Experiment: f.a.shownExperiment(e)}, nil
	})
}

// StopExperiment stops an experiment; one that is over stays as it is.
func (f *FIS) StopExperiment(ctx context.Context, in *fis.StopExperimentInput, _ ...func(*fis.Options)) (*fis.StopExperimentOutput, error) {
	return answer(ctx, f.a, request{service: "fis", op: "StopExperiment"}, func() (*fis.StopExperimentOutput, error) {
		e, err := f.a.namedExperiment(in.Id)
		if err != nil {
			return nil, err
		}
		f.a.stopExperiment(e, "Experiment stopped.")
		return &fis.StopExperimentOutput{Experiment: f.a.shownExperiment(e)}, nil
	})
}

// ListExperiments lists experiments in the order in which they were started.
func (f *FIS) ListExperiments(ctx context.Context, in *fis.ListExperimentsInput, _ ...func(*fis.Options)) (*fis.ListExperimentsOutput, error) {
	return answer(ctx, f.a, request{service: "fis", op: "ListExperiments"}, func() (*fis.ListExperimentsOutput, error) {
		var list []types.ExperimentSummary
		for _, e := range f.a.fis.experiments {
			of := aws.ToString(in.ExperimentTemplateId)
			if f.a.cfg.Now().Before(e.shown) || of != "" && of != e.template.id {
				continue
			}
			list = append(list, types.ExperimentSummary{
				Id: aws.String(e.id), Arn: aws.String(f.a.arn("fis", "experiment/"+e.id)), ExperimentTemplateId: aws.String(e.template.id),
				State: e.shownState(), CreationTime: aws.Time(e.made), Tags: e.tags,
			})
		}
		list, next, err := fisPage(list, in.NextToken, in.MaxResults)
		return &fis.ListExperimentsOutput{Experiments: list, NextToken: next}, err
	})
}

// ListExperimentResolvedTargets lists what an experiment picked; nothing until
// it has.
func (f *FIS) ListExperimentResolvedTargets(ctx context.Context, in *fis.ListExperimentResolvedTargetsInput, _ ...func(*fis.Options)) (*fis.ListExperimentResolvedTargetsOutput, error) {
	return answer(ctx, f.a, request{service: "fis", op: "ListExperimentResolvedTargets"}, func() (*fis.ListExperimentResolvedTargetsOutput, error) {
		e, err := f.a.namedExperiment(in.ExperimentId)
		if err != nil {
			return nil, err
		}
		list, next, err := fisPage(f.a.resolvedTargets(e, aws.ToString(in.TargetName)), in.NextToken, in.MaxResults)
		return &fis.ListExperimentResolvedTargetsOutput{ResolvedTargets: list, NextToken: next}, err
	})
}
