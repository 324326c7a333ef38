package awssim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
	"github.com/google/go-cmp/cmp"
)

// drill asks to interrupt instances of fleet acme that run.
func drill(token, selection, after string) *fis.CreateExperimentTemplateInput {
	return &fis.CreateExperimentTemplateInput{
		ClientToken: aws.String(token), Description: aws.String("a drill"), RoleArn: aws.String("arn:aws:iam::123456789012:role/drills"),
		StopConditions: []types.CreateExperimentTemplateStopConditionInput{{Source: aws.String("none")}},
		Tags:           map[string]string{"drill": token},
		Targets: map[string]types.CreateExperimentTemplateTargetInput{"victims": {
			ResourceType: aws.String("aws:ec2:spot-instance"), ResourceTags: map[string]string{"fleet": "acme"},
			Filters:       []types.ExperimentTemplateTargetInputFilter{{Path: aws.String("State.Name"), Values: []string{"running"}}},
			SelectionMode: aws.String(selection),
		}},
		Actions: map[string]types.CreateExperimentTemplateActionInput{"interrupt": {
			ActionId:   aws.String("aws:ec2:send-spot-instance-interruptions"),
			Parameters: map[string]string{"durationBeforeInterruption": after},
			Targets:    map[string]string{"SpotInstances": "victims"},
		}},
	}
}

// drilled starts an experiment from a template and gives its id.
func (r *region) drilled(in *fis.CreateExperimentTemplateInput) string {
	r.t.Helper()
	made, err := r.FIS().CreateExperimentTemplate(r.t.Context(), in)
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := r.FIS().StartExperiment(r.t.Context(), &fis.StartExperimentInput{
		ClientToken: in.ClientToken, ExperimentTemplateId: made.ExperimentTemplate.Id, Tags: in.Tags,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return *out.Experiment.Id
}

func (r *region) experiment(id string) *types.Experiment {
	r.t.Helper()
	out, err := r.FIS().GetExperiment(r.t.Context(), &fis.GetExperimentInput{Id: &id})
	if err != nil {
		r.t.Fatal(err)
	}
	return out.Experiment
}

// state is an experiment's state, its error's code, and its action's state.
func (r *region) state(id string) string {
	r.t.Helper()
	e := r.experiment(id)
	text := string(e.State.Status)
	if e.State.Error != nil {
		text += " " + *e.State.Error.Code
	}
	return text + ", " + string(e.Actions["interrupt"].State.Status)
}

// picked are the ids of the instances that an experiment resolved, sorted.
func (r *region) picked(id string) []string {
	r.t.Helper()
	out, err := r.FIS().ListExperimentResolvedTargets(r.t.Context(), &fis.ListExperimentResolvedTargetsInput{ExperimentId: &id})
	if err != nil {
		r.t.Fatal(err)
	}
	var ids []string
	for _, t := range out.ResolvedTargets {
		_, i, _ := strings.Cut(t.TargetInformation["arn"], "123456789012:instance/")
		ids = append(ids, i)
	}
	slices.Sort(ids)
	return ids
}

func TestAnExperimentFromItsStartToTheEndOfItsVictims(t *testing.T) {
	var lines []string
	var r *region
	say := func(what, id string) {
		lines = append(lines, fmt.Sprintf("%s %s %s", r.now.Sub(r.made).Truncate(10*time.Second), what, id))
	}
	r = open(t, func(c *Config) {
		c.OnRebalance = func(i Instance) { say("recommended", i.ID) }
		c.OnNotice = func(i Instance) {
			if got := i.ReclaimAt.Sub(r.now); got != 2*time.Minute {
				t.Errorf("%s goes in %s", i.ID, got)
			}
			say("announced", i.ID)
		}
		c.OnEnd = func(i Instance) { say("ends: "+i.Reason, i.ID) }
	})
	id := r.launched("intent-1", 1, true)[0]
	demand := r.launched("intent-2", 3, false)
	r.pass(time.Minute)
	e := r.drilled(drill("d", "COUNT(1)", "PT4M"))
	if got := r.state(e); got != "initiating, pending" || len(r.picked(e)) != 0 {
		t.Errorf("at once: %s, picked %v", got, r.picked(e))
	}
	r.pass(5 * time.Second)
	if got := r.state(e); got != "running, running" {
		t.Errorf("soon: %s", got)
	}
	late := r.launched("intent-3", 5, true)
	r.pass(2 * time.Minute)
	if got := r.state(e); got != "completed, completed" {
		t.Errorf("after two minutes: %s", got)
	}
	if got := r.seen(&ec2.DescribeInstancesInput{}); got[id] != "running" {
		t.Errorf("when the experiment completes its victim is %s", got[id])
	}
	r.pass(5 * time.Minute)
	if diff := cmp.Diff([]string{
		"1m0s recommended " + id, "3m0s announced " + id, "5m0s ends: Server.SpotInstanceTermination " + id,
	}, lines); diff != "" {
		t.Errorf("happened (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{id}, r.picked(e)); diff != "" {
		t.Errorf("picked (-want +got):\n%s", diff)
	}
	if got := r.Left("/"); len(got.Instances) != len(demand)+len(late) || len(got.Experiments) != 1 {
		t.Errorf("left %+v", got)
	}
}

func TestHowAnExperimentEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults Faults
		change func(*fis.CreateExperimentTemplateInput)
		with   func(r *region, spot []string)
		during func(r *region, e string)
		want   string
		gone   int // of five on spot
	}{
		{name: "all", change: selecting("ALL"), want: "completed, completed", gone: 5},
		{name: "some", want: "completed, completed", gone: 2},
		{name: "half of five is two", change: selecting("PERCENT(50)"), want: "completed, completed", gone: 2},
		{name: "a tenth of five is nobody, which fails", change: selecting("PERCENT(10)"), want: "failed InvalidTarget, cancelled"},
		{name: "more than there are takes what there is", change: selecting("COUNT(9)"), want: "completed, completed", gone: 5},
		{name: "the shortest notice", change: lasting("PT120S"), want: "completed, completed", gone: 2},
		{name: "one that already ended is not picked", with: func(r *region, spot []string) { r.Reclaim(spot[0]); r.pass(time.Minute) },
			change: selecting("ALL"), want: "completed, completed", gone: 5},
		{name: "nobody has the tag", change: func(in *fis.CreateExperimentTemplateInput) {
			in.Targets["victims"].ResourceTags["fleet"] = "other"
		}, want: "failed InvalidTarget, cancelled"},
		{name: "nobody, and that is to be skipped", change: func(in *fis.CreateExperimentTemplateInput) {
			in.Targets["victims"].ResourceTags["fleet"] = "other"
			in.ExperimentOptions = &types.CreateExperimentTemplateExperimentOptionsInput{EmptyTargetResolutionMode: types.EmptyTargetResolutionModeSkip}
		}, want: "completed, skipped"},
		{name: "the role is refused", faults: Faults{RoleRefused: true}, want: "failed AuthorizationFailure, cancelled"},
		{name: "stopped before anybody is picked", during: func(r *region, e string) { r.stopDrill(e) }, want: "stopped, cancelled"},
		{name: "stopped before the notice", during: func(r *region, e string) { r.pass(time.Minute); r.stopDrill(e); r.stopDrill(e) }, want: "stopped, stopped"},
		{name: "stopped after the notice, which stands", during: func(r *region, e string) { r.pass(3 * time.Minute); r.stopDrill(e) }, want: "completed, completed", gone: 2},
		{name: "the safety lever stops it", during: func(r *region, e string) { r.pass(time.Minute); r.SetSafetyLever(true) }, want: "stopped, stopped"},
		{name: "the safety lever was engaged before", with: func(r *region, _ []string) { r.SetSafetyLever(true) }, want: "cancelled, cancelled"},
		{name: "and released", with: func(r *region, _ []string) { r.SetSafetyLever(true); r.SetSafetyLever(false) }, want: "completed, completed", gone: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, func(c *Config) { c.Faults = tt.faults })
			spot, demand := r.launched("intent-1", 5, true), r.launched("intent-2", 2, false)
			r.pass(time.Minute)
			if tt.with != nil {
				tt.with(r, spot)
			}
			in := drill("d", "COUNT(2)", "PT4M")
			if tt.change != nil {
				tt.change(in)
			}
			e := r.drilled(in)
			if tt.during != nil {
				tt.during(r, e)
			}
			r.pass(10 * time.Minute)
			if got := r.state(e); got != tt.want {
				t.Errorf("state %s, not %s", got, tt.want)
			}
			alive := r.Left("/").Instances
			if got := len(spot) + len(demand) - len(alive); got != tt.gone || !slices.Contains(alive, demand[0]) || !slices.Contains(alive, demand[1]) {
				t.Errorf("%d are gone, not %d; left are %v", got, tt.gone, alive)
			}
		})
	}
}

func selecting(mode string) func(*fis.CreateExperimentTemplateInput) {
	return func(in *fis.CreateExperimentTemplateInput) {
		v := in.Targets["victims"]
		v.SelectionMode = &mode
		in.Targets["victims"] = v
	}
}

func lasting(after string) func(*fis.CreateExperimentTemplateInput) {
	return func(in *fis.CreateExperimentTemplateInput) {
		in.Actions["interrupt"].Parameters["durationBeforeInterruption"] = after
	}
}

func (r *region) stopDrill(id string) {
	r.t.Helper()
	if _, err := r.FIS().StopExperiment(r.t.Context(), &fis.StopExperimentInput{Id: &id}); err != nil {
		r.t.Error(err)
	}
}

func TestWithoutTheFilterWhatEndedIsPickedToo(t *testing.T) {
	r := open(t, nil)
	spot := r.launched("intent-1", 2, true)
	r.pass(time.Minute)
	r.Reclaim(spot[0])
	r.pass(time.Minute)
	in := drill("d", "ALL", "PT2M")
	v := in.Targets["victims"]
	v.Filters = nil
	in.Targets["victims"] = v
	e := r.drilled(in)
	r.pass(10 * time.Minute)
	slices.Sort(spot)
	if diff := cmp.Diff(spot, r.picked(e)); diff != "" {
		t.Errorf("picked (-want +got):\n%s", diff)
	}
}

func TestAPreviewPicksAndDoesNothing(t *testing.T) {
	r := open(t, nil)
	spot := r.launched("intent-1", 3, true)
	r.pass(time.Minute)
	in := drill("d", "COUNT(2)", "PT4M")
	made, err := r.FIS().CreateExperimentTemplate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.FIS().StartExperiment(t.Context(), &fis.StartExperimentInput{
		ClientToken: in.ClientToken, ExperimentTemplateId: made.ExperimentTemplate.Id,
		ExperimentOptions: &types.StartExperimentExperimentOptionsInput{ActionsMode: types.ActionsModeSkipAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.pass(10 * time.Minute)
	if got := r.state(*out.Experiment.Id); got != "completed, skipped" || len(r.picked(*out.Experiment.Id)) != 2 || len(r.Left("/").Instances) != len(spot) {
		t.Errorf("%s, picked %v, left %v", got, r.picked(*out.Experiment.Id), r.Left("/").Instances)
	}
}
