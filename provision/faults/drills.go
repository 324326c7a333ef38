package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/answers"
)

// Preview lists the machines that a drill could hit now, by id. It changes
// nothing. fleet.ErrConfig says what is wrong with the drill, fleet.ErrAbsent
// why there are too few machines; the other errors are those of the list.
func (s *Drills) Preview(ctx context.Context, d fleet.Drill) ([]fleet.Machine, error) {
	if err := s.check(d); err != nil {
		return nil, err
	}
	machines, err := s.Cloud.Machines(ctx)
	if err != nil {
		return nil, fmt.Errorf("preview of drill %s: %w", d.ID, err)
	}
	return d.Candidates(machines)
}

// Start makes a drill's template and starts its experiment. A drill has one
// experiment for good: whatever came of an earlier call, and however long ago,
// the same drill gives the same experiment.
//
// Errors are fleet.ErrConfig (before any call, or by FIS), fleet.ErrThrottled,
// fleet.ErrUnknownOutcome, and fleet.ErrQuota while five experiments run or
// the account is full of templates: after each of them, call again.
func (s *Drills) Start(ctx context.Context, d fleet.Drill) (fleet.Experiment, error) {
	if err := s.check(d); err != nil {
		return fleet.Experiment{}, err
	}
	e, err := s.start(ctx, d)
	if err != nil {
		return fleet.Experiment{}, fmt.Errorf("start drill %s: %w", d.ID, err)
	}
	return e, nil
}

func (s *Drills) start(ctx context.Context, d fleet.Drill) (fleet.Experiment, error) {
	id, err := s.experiment(ctx, d.ID)
	if err != nil {
		return fleet.Experiment{}, err
	}
	if id != "" {
		return s.shown(ctx, id)
	}
	template, err := s.template(ctx, d)
	if err != nil {
		return fleet.Experiment{}, err
	}
	out, err := s.FIS.StartExperiment(ctx, &fis.StartExperimentInput{
		ClientToken: aws.String(s.token(d.ID)), ExperimentTemplateId: aws.String(template), Tags: s.tags(d),
	})
	if err != nil {
		return fleet.Experiment{}, translate(err)
	}
	if out.Experiment == nil || aws.ToString(out.Experiment.Id) == "" {
		return fleet.Experiment{}, fmt.Errorf("%w: answer without an experiment", fleet.ErrUnknownOutcome)
	}
	return experimentFrom(*out.Experiment), nil
}

// experiment is the id of a drill's experiment, empty if FIS lists none.
func (s *Drills) experiment(ctx context.Context, drill string) (string, error) {
	request := &fis.ListExperimentsInput{MaxResults: aws.Int32(pageSize)}
	for {
		out, err := s.FIS.ListExperiments(ctx, request)
		if err != nil {
			return "", translate(err)
		}
		for _, e := range out.Experiments {
			if of, ok := s.ours(e.Tags); ok && of == drill {
				return aws.ToString(e.Id), nil
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return "", nil
		}
		request.NextToken = out.NextToken
	}
}

// Follow shows an experiment as it is: its state, the reason, and the victims
// that FIS really picked. Completed means that the notices are out; the
// machines go two minutes later. fleet.ErrAbsent if FIS does not know it, as
// after 120 days.
func (s *Drills) Follow(ctx context.Context, experiment string) (fleet.Experiment, error) {
	e, err := s.shown(ctx, experiment)
	if err != nil {
		return fleet.Experiment{}, fmt.Errorf("follow experiment %s: %w", experiment, err)
	}
	return e, nil
}

func (s *Drills) shown(ctx context.Context, id string) (fleet.Experiment, error) {
	out, err := s.FIS.GetExperiment(ctx, &fis.GetExperimentInput{Id: aws.String(id)})
	if err != nil {
		return fleet.Experiment{}, translate(err)
	}
	if out.Experiment == nil {
		return fleet.Experiment{}, fmt.Errorf("%w: answer without an experiment", fleet.ErrUnknownOutcome)
	}
	e := experimentFrom(*out.Experiment)
	if e.State == fleet.ExperimentPending || e.State == fleet.ExperimentInitiating {
		return e, nil // FIS has picked nobody yet
	}
	e.Victims, err = s.victims(ctx, id)
	return e, err
}

// victims are the instances that an experiment resolved its targets to.
func (s *Drills) victims(ctx context.Context, experiment string) ([]fleet.MachineID, error) {
	var ids []fleet.MachineID
	request := &fis.ListExperimentResolvedTargetsInput{ExperimentId: aws.String(experiment), MaxResults: aws.Int32(pageSize)}
	for {
		out, err := s.FIS.ListExperimentResolvedTargets(ctx, request)
		if err != nil {
			return nil, translate(err)
		}
		for _, t := range out.ResolvedTargets {
			if _, id, ok := strings.Cut(t.TargetInformation["arn"], ":instance/"); ok {
				ids = append(ids, fleet.MachineID(id))
			}
		}
		if aws.ToString(out.NextToken) == "" {
			slices.Sort(ids)
			return slices.Compact(ids), nil
		}
		request.NextToken = out.NextToken
	}
}

// Stop stops an experiment. Machines that have no notice yet are spared, those
// that have one go. To stop what is over is no error.
func (s *Drills) Stop(ctx context.Context, experiment string) (fleet.Experiment, error) {
	_, err := s.FIS.StopExperiment(ctx, &fis.StopExperimentInput{Id: aws.String(experiment)})
	stopped := translate(err)
	if stopped != nil && !errors.Is(stopped, fleet.ErrConfig) {
		return fleet.Experiment{}, fmt.Errorf("stop experiment %s: %w", experiment, stopped)
	}
	e, err := s.shown(ctx, experiment)
	if err == nil && stopped != nil && !e.State.Over() {
		err = stopped // refused, and not because it is over
	}
	if err != nil {
		return fleet.Experiment{}, fmt.Errorf("stop experiment %s: %w", experiment, err)
	}
	return e, nil
}

// experimentFrom is an experiment in the fleet's words, without its victims.
func experimentFrom(e types.Experiment) fleet.Experiment {
	shown := fleet.Experiment{ID: aws.ToString(e.Id), StartedAt: aws.ToTime(e.StartTime), EndedAt: aws.ToTime(e.EndTime)}
	if e.State == nil {
		return shown
	}
	shown.State, shown.Reason = fleet.ExperimentState(e.State.Status), aws.ToString(e.State.Reason)
	if failure := e.State.Error; failure != nil {
		parts := []string{aws.ToString(failure.Code), aws.ToString(failure.Location), shown.Reason}
		shown.Reason = answers.Cut(strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ": "))
	}
	return shown
}
