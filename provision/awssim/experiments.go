package awssim

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
)

// experiment is a run of a template.
type experiment struct {
	id          string
	template    *experimentTemplate
	tags        map[string]string
	preview     bool      // all actions are skipped
	made, shown time.Time // shown: not listed before
	ended       time.Time
	state       types.ExperimentStatus
	reason      string
	failure     *types.ExperimentError
	picked      map[string][]*instance // by target, for good
	actions     map[string]types.ExperimentActionStatus
}

func (e *experiment) targetNames() []string { return slices.Sorted(maps.Keys(e.template.targets)) }

func (e *experiment) actionNames() []string { return slices.Sorted(maps.Keys(e.template.actions)) }

func (e *experiment) over() bool { return !e.ended.IsZero() }

func (a *Account) namedExperiment(id *string) (*experiment, error) {
	for _, e := range a.fis.experiments {
		if e.id == aws.ToString(id) {
			return e, nil
		}
	}
	return nil, absentFrom("Experiment", aws.ToString(id))
}

func (e *experiment) shownState() *types.ExperimentState {
	return &types.ExperimentState{Status: e.state, Reason: aws.String(e.reason), Error: e.failure}
}

func (a *Account) shownExperiment(e *experiment) *types.Experiment {
	shown := &types.Experiment{
		Id: aws.String(e.id), Arn: aws.String(a.arn("fis", "experiment/"+e.id)), ExperimentTemplateId: aws.String(e.template.id),
		State: e.shownState(), CreationTime: aws.Time(e.made), StartTime: aws.Time(e.made), Tags: e.tags,
		Actions: map[string]types.ExperimentAction{},
	}
	if e.over() {
		shown.EndTime = aws.Time(e.ended)
	}
	for name, status := range e.actions {
		shown.Actions[name] = types.ExperimentAction{ActionId: aws.String(spotAction), State: &types.ExperimentActionState{Status: status}}
	}
	return shown
}

func (a *Account) startExperiment(in *fis.StartExperimentInput) (*experiment, error) {
	id, err := a.fis.once("start", in.ClientToken, in, func() (string, error) {
		if err := checkExperimentTags(in.Tags); err != nil {
			return "", err
		}
		e := &experiment{
			template: a.experimentTemplate(aws.ToString(in.ExperimentTemplateId)), tags: maps.Clone(in.Tags), made: a.cfg.Now(),
			state: types.ExperimentStatusInitiating, reason: "Experiment is initiating.",
			preview: in.ExperimentOptions != nil && in.ExperimentOptions.ActionsMode == types.ActionsModeSkipAll,
			picked:  map[string][]*instance{}, actions: map[string]types.ExperimentActionStatus{},
		}
		if err := a.mayStart(e, aws.ToString(in.ExperimentTemplateId)); err != nil {
			return "", err
		}
		e.id = a.fisID("EXP", *in.ClientToken)
		e.shown = e.made.Add(a.between(a.cfg.Faults.LagMin, a.cfg.Faults.LagMax, "lag", e.id))
		for _, name := range e.actionNames() {
			e.actions[name] = types.ExperimentActionStatusPending
		}
		a.fis.experiments = append(a.fis.experiments, e)
		if a.fis.lever {
			a.finish(e, types.ExperimentStatusCancelled, "Experiment cancelled by the safety lever.")
		} else {
			a.after(a.between(time.Second, 4*time.Second, "initiating", e.id), func() { a.begin(e) })
		}
		return e.id, nil
	})
	if err != nil {
		return nil, err
	}
	return a.namedExperiment(&id)
}

func (a *Account) mayStart(e *experiment, template string) error {
	if e.template == nil {
		return absentFrom("Experiment template", template)
	}
	active := 0
	for _, o := range a.fis.experiments {
		if !o.over() {
			active++
		}
	}
	if active >= activeQuota {
		return &types.ServiceQuotaExceededException{Message: aws.String("The account has its most active experiments.")}
	}
	return nil
}

// finish ends an experiment, and those of its actions that did not begin.
func (a *Account) finish(e *experiment, state types.ExperimentStatus, reason string) {
	e.state, e.reason, e.ended = state, reason, a.cfg.Now()
	for name, status := range e.actions {
		if status == types.ExperimentActionStatusPending {
			e.actions[name] = types.ExperimentActionStatusCancelled
		}
	}
}

func (a *Account) failExperiment(e *experiment, code, location, reason string) {
	e.failure = &types.ExperimentError{AccountId: aws.String(a.cfg.Account), Code: aws.String(code), Location: aws.String(location)}
	a.finish(e, types.ExperimentStatusFailed, reason)
}

// begin picks all targets, which are the experiment's for good, and begins all
// actions at once.
func (a *Account) begin(e *experiment) {
	if e.state != types.ExperimentStatusInitiating {
		return
	}
	if a.cfg.Faults.RoleRefused {
		a.failExperiment(e, "AuthorizationFailure", "role", "The role cannot be assumed, or lacks permissions.")
		return
	}
	total := 0
	for _, name := range e.targetNames() {
		picked := a.pick(e, name)
		if byARN := len(e.template.targets[name].arns) > 0; len(picked) == 0 && (byARN || !e.template.skipEmpty) {
			a.failExperiment(e, "InvalidTarget", name, "Target resolution returned empty set")
			return
		} else if !byARN {
			total += len(picked)
		}
		e.picked[name] = picked
	}
	if total > spotTargetQuota {
		a.failExperiment(e, "QuotaExceededFailure", spotTargets, "The targets are more than the account's quota.")
		return
	}
	e.state, e.reason = types.ExperimentStatusRunning, "Experiment is running."
	for _, name := range e.actionNames() {
		a.interrupt(e, name)
	}
	a.settle(e)
}

// interrupt recommends to leave an action's targets, and announces their end
// two minutes before it.
func (a *Account) interrupt(e *experiment, name string) {
	action := e.template.actions[name]
	targets := e.picked[action.target]
	if e.preview || len(targets) == 0 {
		e.actions[name] = types.ExperimentActionStatusSkipped
		return
	}
	e.actions[name] = types.ExperimentActionStatusRunning
	for _, i := range targets {
		a.recommend(i)
	}
	a.after(action.after-noticeTime, func() {
		if e.actions[name] != types.ExperimentActionStatusRunning {
			return // stopped
		}
		for _, i := range targets {
			a.notice(i)
		}
		e.actions[name] = types.ExperimentActionStatusCompleted
		a.settle(e)
	})
}

// settle completes an experiment whose actions are all over.
func (a *Account) settle(e *experiment) {
	for _, status := range e.actions {
		if status == types.ExperimentActionStatusRunning {
			return
		}
	}
	a.finish(e, types.ExperimentStatusCompleted, "Experiment completed.")
}

// stopExperiment stops what is under way. Notices that went out stand.
func (a *Account) stopExperiment(e *experiment, reason string) {
	if e.over() || e.state == types.ExperimentStatusStopping {
		return
	}
	e.state, e.reason = types.ExperimentStatusStopping, "Stopping Experiment."
	for name, status := range e.actions {
		if status == types.ExperimentActionStatusRunning {
			e.actions[name] = types.ExperimentActionStatusStopped
		}
	}
	a.after(a.between(time.Second, 4*time.Second, "stopping", e.id), func() {
		a.finish(e, types.ExperimentStatusStopped, reason)
	})
}
