package awssim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
)

func TestWhatFISRefusesOfATemplate(t *testing.T) {
	long := strings.Repeat("x", 600)
	victims := func(change func(*types.CreateExperimentTemplateTargetInput)) func(*fis.CreateExperimentTemplateInput) {
		return func(in *fis.CreateExperimentTemplateInput) {
			v := in.Targets["victims"]
			change(&v)
			in.Targets["victims"] = v
		}
	}
	action := func(change func(*types.CreateExperimentTemplateActionInput)) func(*fis.CreateExperimentTemplateInput) {
		return func(in *fis.CreateExperimentTemplateInput) {
			v := in.Actions["interrupt"]
			change(&v)
			in.Actions["interrupt"] = v
		}
	}
	arn := "arn:aws:ec2:us-east-1:123456789012:instance/i-1"
	for _, tt := range []struct {
		name   string
		change func(*fis.CreateExperimentTemplateInput)
		code   string
	}{
		{"nothing is wrong", func(*fis.CreateExperimentTemplateInput) {}, ""},
		{"minutes and seconds", lasting("PT2M30S"), ""},
		{"five ARNs", victims(func(v *types.CreateExperimentTemplateTargetInput) {
			v.ResourceArns, v.ResourceTags, v.Filters, v.SelectionMode = slices.Repeat([]string{arn}, 5), nil, nil, aws.String("ALL")
		}), ""},
		{"six ARNs", victims(func(v *types.CreateExperimentTemplateTargetInput) {
			v.ResourceArns, v.ResourceTags, v.Filters = slices.Repeat([]string{arn}, 6), nil, nil
		}), "ValidationException"},
		{"ARNs and tags", victims(func(v *types.CreateExperimentTemplateTargetInput) { v.ResourceArns = []string{arn} }), "ValidationException"},
		{"ARNs and filters", victims(func(v *types.CreateExperimentTemplateTargetInput) {
			v.ResourceArns, v.ResourceTags = []string{arn}, nil
		}), "ValidationException"},
		{"neither ARNs nor tags", victims(func(v *types.CreateExperimentTemplateTargetInput) { v.ResourceTags = nil }), "ValidationException"},
		{"a type that the action does not take", victims(func(v *types.CreateExperimentTemplateTargetInput) { v.ResourceType = aws.String("aws:ec2:instance") }), "ValidationException"},
		{"a filter in camel case", victims(func(v *types.CreateExperimentTemplateTargetInput) { v.Filters[0].Path = aws.String("state.name") }), "ValidationException"},
		{"a filter without values", victims(func(v *types.CreateExperimentTemplateTargetInput) { v.Filters[0].Values = nil }), "ValidationException"},
		{"no selection", selecting(""), "ValidationException"},
		{"a count of none", selecting("COUNT(0)"), "ValidationException"},
		{"a count without a number", selecting("COUNT"), "ValidationException"},
		{"all with a number", selecting("ALL(2)"), "ValidationException"},
		{"parameters of a target", victims(func(v *types.CreateExperimentTemplateTargetInput) { v.Parameters = map[string]string{"a": "b"} }), "ValidationException"},
		{"a notice that is too short", lasting("PT1M59S"), "ValidationException"},
		{"a notice that is too long", lasting("PT901S"), "ValidationException"},
		{"a notice in words", lasting("4m"), "ValidationException"},
		{"a notice of nothing", lasting("PT"), "ValidationException"},
		{"another action", action(func(v *types.CreateExperimentTemplateActionInput) { v.ActionId = aws.String("aws:ec2:stop-instances") }), "ValidationException"},
		{"targets under another name", action(func(v *types.CreateExperimentTemplateActionInput) {
			v.Targets = map[string]string{"Instances": "victims"}
		}), "ValidationException"},
		{"a target that is not there", action(func(v *types.CreateExperimentTemplateActionInput) { v.Targets["SpotInstances"] = "others" }), "ValidationException"},
		{"an order of actions", action(func(v *types.CreateExperimentTemplateActionInput) { v.StartAfter = []string{"other"} }), "ValidationException"},
		{"no action", func(in *fis.CreateExperimentTemplateInput) { in.Actions = nil }, "ValidationException"},
		{"no client token", func(in *fis.CreateExperimentTemplateInput) { in.ClientToken = nil }, "ValidationException"},
		{"a client token with a space", func(in *fis.CreateExperimentTemplateInput) { in.ClientToken = aws.String("drill arm64") }, "ValidationException"},
		{"no description", func(in *fis.CreateExperimentTemplateInput) { in.Description = nil }, "ValidationException"},
		{"a description that is too long", func(in *fis.CreateExperimentTemplateInput) { in.Description = &long }, "ValidationException"},
		{"no role", func(in *fis.CreateExperimentTemplateInput) { in.RoleArn = nil }, "ValidationException"},
		{"no stop condition", func(in *fis.CreateExperimentTemplateInput) { in.StopConditions = nil }, "ValidationException"},
		{"an alarm, which awssim does not know", func(in *fis.CreateExperimentTemplateInput) {
			in.StopConditions[0].Source = aws.String("aws:cloudwatch:alarm")
		}, "ValidationException"},
		{"logs, which awssim does not know", func(in *fis.CreateExperimentTemplateInput) {
			in.LogConfiguration = &types.CreateExperimentTemplateLogConfigurationInput{}
		}, "ValidationException"},
		{"other accounts", func(in *fis.CreateExperimentTemplateInput) {
			in.ExperimentOptions = &types.CreateExperimentTemplateExperimentOptionsInput{AccountTargeting: types.AccountTargetingMultiAccount}
		}, "ValidationException"},
		{"a tag of AWS's own", func(in *fis.CreateExperimentTemplateInput) { in.Tags["aws:x"] = "y" }, "ValidationException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, nil)
			in := drill("d", "COUNT(1)", "PT4M")
			tt.change(in)
			if _, err := r.FIS().CreateExperimentTemplate(t.Context(), in); code(err) != tt.code {
				t.Errorf("error %v, want %q", err, tt.code)
			}
		})
	}
}

func TestClientTokensOfFIS(t *testing.T) {
	r := open(t, func(c *Config) { c.Faults.LagMin = 5 * time.Second })
	f := r.FIS()
	create := func(in *fis.CreateExperimentTemplateInput) (string, error) {
		out, err := f.CreateExperimentTemplate(t.Context(), in)
		if err != nil {
			return "", err
		}
		return *out.ExperimentTemplate.Id, nil
	}
	start := func(template string) (string, error) {
		out, err := f.StartExperiment(t.Context(), &fis.StartExperimentInput{ClientToken: aws.String("d"), ExperimentTemplateId: &template})
		if err != nil {
			return "", err
		}
		return *out.Experiment.Id, nil
	}
	r.Next("CreateExperimentTemplate", "lose")
	if _, err := create(drill("d", "ALL", "PT4M")); code(err) != "lost" {
		t.Fatal(err)
	}
	if list, _ := f.ListExperimentTemplates(t.Context(), &fis.ListExperimentTemplatesInput{}); len(list.ExperimentTemplates) != 0 {
		t.Errorf("listed too early: %d", len(list.ExperimentTemplates))
	}
	one, err := create(drill("d", "ALL", "PT4M"))
	if again, _ := create(drill("d", "ALL", "PT4M")); err != nil || again != one || !strings.HasPrefix(one, "EXT") {
		t.Errorf("made %s, then %s, error %v", one, again, err)
	}
	if _, err := create(drill("d", "ALL", "PT5M")); code(err) != "ConflictException" {
		t.Errorf("another request under the token: %v", err)
	}
	e, err := start(one)
	if again, _ := start(one); err != nil || again != e || !strings.HasPrefix(e, "EXP") {
		t.Errorf("started %s, then %s, error %v", e, again, err)
	}
	r.pass(10 * time.Second)
	for range 2 {
		if _, err := f.DeleteExperimentTemplate(t.Context(), &fis.DeleteExperimentTemplateInput{Id: &one}); err != nil && code(err) != "ResourceNotFoundException" {
			t.Error(err)
		}
	}
	if again, err := start(one); again != e || err != nil {
		t.Errorf("after its template is gone: %s, error %v", again, err)
	}
	two, err := create(drill("d", "ALL", "PT5M"))
	if err != nil || two == one {
		t.Errorf("a token whose template is gone makes %s, error %v", two, err)
	}
	if _, err := start(two); code(err) != "ConflictException" {
		t.Errorf("another template under the token: %v", err)
	}
	if list, _ := f.ListExperiments(t.Context(), &fis.ListExperimentsInput{ExperimentTemplateId: &one}); len(list.Experiments) != 1 {
		t.Errorf("listed %d experiments", len(list.Experiments))
	}
}

func TestLimitsOfFIS(t *testing.T) {
	r := open(t, func(c *Config) { c.Limits = Limits{Unlimited: true} })
	r.launched("intent-1", 101, true)
	r.pass(time.Minute)
	var first string
	for n := range activeQuota {
		if id := r.drilled(drill(fmt.Sprint("d", n), "COUNT(1)", "PT15M")); n == 0 {
			first = id
		}
	}
	f := r.FIS()
	in := drill("more", "ALL", "PT2M")
	made, err := f.CreateExperimentTemplate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	start := &fis.StartExperimentInput{ClientToken: in.ClientToken, ExperimentTemplateId: made.ExperimentTemplate.Id}
	if _, err := f.StartExperiment(t.Context(), start); code(err) != "ServiceQuotaExceededException" {
		t.Errorf("the sixth experiment: %v", err)
	}
	r.stopDrill(first)
	r.pass(5 * time.Second)
	out, err := f.StartExperiment(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	r.pass(5 * time.Second)
	if got := r.state(*out.Experiment.Id); got != "failed QuotaExceededFailure, cancelled" {
		t.Errorf("101 victims: %s", got)
	}
	for n := len(r.Left("/").Experiments); n < templateQuota; n++ {
		if _, err := f.CreateExperimentTemplate(t.Context(), drill(fmt.Sprint("t", n), "ALL", "PT2M")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.CreateExperimentTemplate(t.Context(), drill("last", "ALL", "PT2M")); code(err) != "ServiceQuotaExceededException" {
		t.Errorf("the 501st template: %v", err)
	}
	r.pass(5 * time.Second)
	seen, token := 0, (*string)(nil)
	for pages := 1; ; pages++ {
		list, err := f.ListExperimentTemplates(t.Context(), &fis.ListExperimentTemplatesInput{NextToken: token, MaxResults: aws.Int32(100)})
		if err != nil {
			t.Fatal(err)
		}
		seen += len(list.ExperimentTemplates)
		if token = list.NextToken; token == nil {
			if seen != templateQuota || pages != 5 {
				t.Errorf("%d templates on %d pages", seen, pages)
			}
			break
		}
	}
	if _, err := f.ListExperimentTemplates(t.Context(), &fis.ListExperimentTemplatesInput{MaxResults: aws.Int32(101)}); code(err) != "ValidationException" {
		t.Errorf("a page of 101: %v", err)
	}
}

func TestFISHasItsOwnPace(t *testing.T) {
	r := open(t, nil)
	calls := 0
	for {
		if _, err := r.FIS().ListExperiments(t.Context(), &fis.ListExperimentsInput{}); err != nil {
			if code(err) != "ThrottlingException" {
				t.Error(err)
			}
			break
		}
		calls++
	}
	if calls != 10 {
		t.Errorf("%d calls at once", calls)
	}
	r.pass(time.Second)
	if _, err := r.FIS().ListExperiments(t.Context(), &fis.ListExperimentsInput{}); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if _, err := r.FIS().GetExperiment(t.Context(), &fis.GetExperimentInput{Id: aws.String("EXPX")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("what is not there: %v", err)
	}
}
