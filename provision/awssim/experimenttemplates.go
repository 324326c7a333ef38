package awssim

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
)

// The one action that this package plays, and what it is done to.
const (
	spotAction   = "aws:ec2:send-spot-instance-interruptions"
	spotTarget   = "aws:ec2:spot-instance"
	spotTargets  = "SpotInstances"
	spotDuration = "durationBeforeInterruption"
)

// experimentTemplate is a template of FIS, as far as experiments need it.
type experimentTemplate struct {
	id, token, description string
	made, shown            time.Time // shown: not listed before
	tags                   map[string]string
	targets                map[string]target
	actions                map[string]spotInterruption
	skipEmpty              bool // an action without targets is skipped, not a failure
}

// spotInterruption is an action.
type spotInterruption struct {
	target string
	after  time.Duration // from the recommendation to the end
}

func (a *Account) experimentTemplate(id string) *experimentTemplate {
	for _, t := range a.fis.templates {
		if t.id == id {
			return t
		}
	}
	return nil
}

// dropExperimentTemplate also forgets its client token: how long FIS keeps one
// is not documented, and this is the harder case.
func (a *Account) dropExperimentTemplate(t *experimentTemplate) {
	a.fis.templates = slices.DeleteFunc(a.fis.templates, func(o *experimentTemplate) bool { return o == t })
	delete(a.fis.spent, "create "+t.token)
}

func (a *Account) makeExperimentTemplate(in *fis.CreateExperimentTemplateInput) (*experimentTemplate, error) {
	id, err := a.fis.once("create", in.ClientToken, in, func() (string, error) {
		t, err := checkedTemplate(in)
		if err != nil {
			return "", err
		}
		if len(a.fis.templates) >= templateQuota {
			return "", &types.ServiceQuotaExceededException{Message: aws.String("The account has its most experiment templates.")}
		}
		t.id, t.made = a.fisID("EXT", *in.ClientToken), a.cfg.Now()
		t.shown = t.made.Add(a.between(a.cfg.Faults.LagMin, a.cfg.Faults.LagMax, "lag", t.id))
		a.fis.templates = append(a.fis.templates, t)
		return t.id, nil
	})
	return a.experimentTemplate(id), err
}

// word reports whether a text has so many characters, and no space among them.
func word(text *string, least, most int) bool {
	s := aws.ToString(text)
	return len(s) >= least && len(s) <= most && !strings.ContainsAny(s, " \t\r\n")
}

// checkedTemplate refuses what FIS refuses, and what this package does not
// play. The limits are those of FIS's API model.
func checkedTemplate(in *fis.CreateExperimentTemplateInput) (*experimentTemplate, error) {
	description := aws.ToString(in.Description)
	switch {
	case description == "" || len(description) > 512:
		return nil, invalidExperiment("description has 1 to 512 characters")
	case !word(in.RoleArn, 20, 2048):
		return nil, invalidExperiment("roleArn has 20 to 2048 characters and no space")
	case len(in.StopConditions) == 0 || len(in.StopConditions) > 5:
		return nil, invalidExperiment("there are 1 to 5 stop conditions")
	case in.LogConfiguration != nil || in.ExperimentReportConfiguration != nil:
		return nil, invalidExperiment("awssim knows no logs and reports of experiments")
	case len(in.Actions) == 0 || len(in.Actions) > 10:
		return nil, invalidExperiment("awssim takes 1 to 10 actions, which are as many as run in parallel")
	}
	for _, s := range in.StopConditions {
		if aws.ToString(s.Source) != "none" {
			return nil, invalidExperiment("awssim knows no stop condition '%s'", aws.ToString(s.Source))
		}
	}
	if err := checkExperimentTags(in.Tags); err != nil {
		return nil, err
	}
	t := &experimentTemplate{
		token: aws.ToString(in.ClientToken), description: description, tags: maps.Clone(in.Tags),
		targets: map[string]target{}, actions: map[string]spotInterruption{},
	}
	if o := in.ExperimentOptions; o != nil {
		if o.AccountTargeting == types.AccountTargetingMultiAccount {
			return nil, invalidExperiment("awssim knows one account")
		}
		t.skipEmpty = o.EmptyTargetResolutionMode == types.EmptyTargetResolutionModeSkip
	}
	for _, name := range slices.Sorted(maps.Keys(in.Targets)) {
		checked, err := checkedTarget(name, in.Targets[name])
		if err != nil {
			return nil, err
		}
		t.targets[name] = checked
	}
	return t, t.addActions(in.Actions)
}

func checkExperimentTags(tags map[string]string) error {
	if len(tags) > 50 {
		return invalidExperiment("there are at most 50 tags")
	}
	for key, value := range tags {
		if key == "" || len(key) > 128 || len(value) > 256 || strings.HasPrefix(key, "aws:") {
			return invalidExperiment("tag '%s' or its value is invalid", key)
		}
	}
	return nil
}

// addActions checks actions against what is known of them.
func (t *experimentTemplate) addActions(actions map[string]types.CreateExperimentTemplateActionInput) error {
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		in := actions[name]
		after, ok := parseDuration(in.Parameters[spotDuration])
		of, named := in.Targets[spotTargets]
		_, known := t.targets[of]
		switch {
		case !word(&name, 1, 64) || len(aws.ToString(in.Description)) > 512:
			return invalidExperiment("the name or the description of action '%s' is too long", name)
		case aws.ToString(in.ActionId) != spotAction:
			return invalidExperiment("awssim knows no action '%s'", aws.ToString(in.ActionId))
		case len(in.StartAfter) > 0:
			return invalidExperiment("awssim knows no order of actions")
		case !ok || after < 2*time.Minute || after > 15*time.Minute || len(in.Parameters) != 1:
			return invalidExperiment("action '%s' takes %s, from PT2M to PT15M", name, spotDuration)
		case !named || len(in.Targets) != 1:
			return invalidExperiment("action '%s' takes targets as %s", name, spotTargets)
		case !known:
			return invalidExperiment("action '%s' names target '%s', which is not there", name, of)
		}
		t.actions[name] = spotInterruption{of, after}
	}
	return nil
}

// durations is ISO 8601 as FIS takes it for this action.
var durations = regexp.MustCompile(`^PT([0-9]{1,4}M)?([0-9]{1,4}S)?$`)

func parseDuration(text string) (time.Duration, bool) {
	if !durations.MatchString(text) {
		return 0, false
	}
	d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(text, "PT")))
	return d, err == nil
}
