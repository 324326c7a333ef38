package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"

	"github.com/runfleet/runfleet/fleet"
)

// FIS's names for what a Spot interruption needs, and ours for its parts.
const (
	spotAction   = "aws:ec2:send-spot-instance-interruptions"
	spotInstance = "aws:ec2:spot-instance"
	targetKey    = "SpotInstances" // FIS's name for what the action is done to
	victimsName  = "victims"
	actionName   = "interrupt"
)

// request is a drill's template. The same drill makes the same request, so
// that to send it again makes nothing twice.
func (s *Drills) request(d fleet.Drill) *fis.CreateExperimentTemplateInput {
	return &fis.CreateExperimentTemplateInput{
		ClientToken: aws.String(s.token(d.ID)),
		Description: aws.String(fmt.Sprintf("runfleet %s, drill %s: Spot takes back %d of pool %s", s.Fleet, d.ID, d.Count, d.Pool)),
		Targets: map[string]types.CreateExperimentTemplateTargetInput{victimsName: {
			ResourceType: aws.String(spotInstance),
			ResourceTags: map[string]string{tagFleet: s.Fleet, tagPool: d.Pool},
			// Without it FIS also picks what ended less than an hour ago.
			Filters:       []types.ExperimentTemplateTargetInputFilter{{Path: aws.String("State.Name"), Values: []string{"running"}}},
			SelectionMode: aws.String(fmt.Sprintf("COUNT(%d)", d.Count)),
		}},
		Actions: map[string]types.CreateExperimentTemplateActionInput{actionName: {
			ActionId:    aws.String(spotAction),
			Description: aws.String(fmt.Sprintf("take %d machines back %s after the recommendation", d.Count, d.Notice)),
			Parameters:  map[string]string{"durationBeforeInterruption": iso8601(d.Notice)},
			Targets:     map[string]string{targetKey: victimsName},
		}},
		// FIS demands one. An alarm could stop a drill only before the notices.
		StopConditions: []types.CreateExperimentTemplateStopConditionInput{{Source: aws.String("none")}},
		RoleArn:        aws.String(s.Role),
		ExperimentOptions: &types.CreateExperimentTemplateExperimentOptionsInput{
			AccountTargeting:          types.AccountTargetingSingleAccount,
			EmptyTargetResolutionMode: types.EmptyTargetResolutionModeFail,
		},
		Tags: s.tags(d),
	}
}

// token is the client token of a drill's template and experiment. The account
// may have more fleets, with drills of the same id.
func (s *Drills) token(drill string) string { return "runfleet-" + s.Fleet + "-" + drill }

// tags are those of a drill's template and experiment: FIS does not hand them
// down from one to the other.
func (s *Drills) tags(d fleet.Drill) map[string]string {
	tags := map[string]string{}
	maps.Copy(tags, s.Tags)
	tags["Name"] = "runfleet " + s.Fleet + " drill " + d.ID
	tags[tagFleet], tags[tagPool], tags[tagDrill] = s.Fleet, d.Pool, d.ID
	return tags
}

// iso8601 is a duration of whole seconds as FIS takes it: PT4M, PT150S.
func iso8601(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("PT%dM", d/time.Minute)
	}
	return fmt.Sprintf("PT%dS", d/time.Second)
}

// template is the id of a drill's template, which is made unless FIS lists it.
func (s *Drills) template(ctx context.Context, d fleet.Drill) (string, error) {
	var found types.ExperimentTemplateSummary
	err := s.templates(ctx, func(of string, t types.ExperimentTemplateSummary) {
		// The oldest, if an earlier call made two: any other answer could
		// change from call to call.
		if of == d.ID && (found.Id == nil || aws.ToTime(t.CreationTime).Before(aws.ToTime(found.CreationTime))) {
			found = t
		}
	})
	if err != nil {
		return "", err
	}
	if found.Id != nil {
		return *found.Id, nil
	}
	out, err := s.FIS.CreateExperimentTemplate(ctx, s.request(d))
	if err != nil {
		return "", translate(err)
	}
	if out.ExperimentTemplate == nil || aws.ToString(out.ExperimentTemplate.Id) == "" {
		return "", fmt.Errorf("%w: answer without a template", fleet.ErrUnknownOutcome)
	}
	return *out.ExperimentTemplate.Id, nil
}

// templates tells of every template of the fleet's drills.
func (s *Drills) templates(ctx context.Context, tell func(drill string, t types.ExperimentTemplateSummary)) error {
	request := &fis.ListExperimentTemplatesInput{MaxResults: aws.Int32(pageSize)}
	for {
		out, err := s.FIS.ListExperimentTemplates(ctx, request)
		if err != nil {
			return translate(err)
		}
		for _, t := range out.ExperimentTemplates {
			if drill, ok := s.ours(t.Tags); ok && t.Id != nil {
				tell(drill, t)
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return nil
		}
		request.NextToken = out.NextToken
	}
}

// Left lists the drills whose templates are still there, those under way too,
// with the time the oldest template was made.
func (s *Drills) Left(ctx context.Context) (map[string]time.Time, error) {
	left := map[string]time.Time{}
	err := s.templates(ctx, func(drill string, t types.ExperimentTemplateSummary) {
		if made, ok := left[drill]; !ok || aws.ToTime(t.CreationTime).Before(made) {
			left[drill] = aws.ToTime(t.CreationTime)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list templates of drills: %w", err)
	}
	return left, nil
}

// Clean deletes a drill's templates. An experiment that runs goes on without
// its template. What is gone already is no error.
func (s *Drills) Clean(ctx context.Context, drill string) error {
	var ids []string
	err := s.templates(ctx, func(of string, t types.ExperimentTemplateSummary) {
		if of == drill {
			ids = append(ids, *t.Id)
		}
	})
	errs := []error{err}
	for _, id := range ids {
		_, err := s.FIS.DeleteExperimentTemplate(ctx, &fis.DeleteExperimentTemplateInput{Id: aws.String(id)})
		if err = translate(err); err != nil && !errors.Is(err, fleet.ErrAbsent) {
			errs = append(errs, fmt.Errorf("delete template %s: %w", id, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("clean up drill %s: %w", drill, err)
	}
	return nil
}
