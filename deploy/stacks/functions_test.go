package stacks

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

func TestEveryFunctionIsTheOneProgramOnARM64(t *testing.T) {
	_, m := deployed(t)
	functions := m.of("AWS::Lambda::Function")
	if len(functions) != 4 {
		t.Errorf("functions: %q, want 4", sorted(functions))
	}
	code := map[any]bool{}
	for id, f := range functions {
		if diff := cmp.Diff([]any{"arm64"}, f.Properties["Architectures"]); diff != "" {
			t.Errorf("%s: architecture (-want +got):\n%s", id, diff)
		}
		if f.Properties["Runtime"] != "provided.al2023" || f.Properties["Handler"] != "bootstrap" {
			t.Errorf("%s: %v, %v", id, f.Properties["Runtime"], f.Properties["Handler"])
		}
		code[dig(f.Properties, "Code", "S3Key")] = true
	}
	if len(code) != 1 {
		t.Errorf("%d programs, want 1", len(code))
	}
}

func TestLogsAreKeptForAMonthInAGroupOfTheFunctionsOwn(t *testing.T) {
	_, m := deployed(t)
	groups := map[string]bool{}
	for id, f := range m.of("AWS::Lambda::Function") {
		group, _ := dig(f.Properties, "LoggingConfig", "LogGroup", "Ref").(string)
		if days := number(m.Resources[group].Properties["RetentionInDays"]); days != 30 {
			t.Errorf("%s: its logs are kept for %v days", id, days)
		}
		groups[group] = true
	}
	if len(groups) != 4 || len(m.of("AWS::Logs::LogGroup")) != 4 {
		t.Errorf("log groups %q of %q", sorted(groups), sorted(m.of("AWS::Logs::LogGroup")))
	}
}

// told is what the guide says that a function is told.
func told(t *testing.T) map[string][]string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/lambda.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(webhook|events|look|tick)` \\|.*$").FindAllStringSubmatch(string(guide), -1) {
		for _, name := range regexp.MustCompile("`(RUNFLEET_[A-Z_]+)`").FindAllStringSubmatch(row[0], -1) {
			found[row[1]] = append(found[row[1]], name[1])
		}
	}
	return found
}

func TestEveryFunctionIsToldWhatTheGuideSays(t *testing.T) {
	_, m := deployed(t)
	guide := told(t)
	for _, name := range []string{eventsFunction, lookFunction, tickFunction, webhookFunction} {
		f, _ := m.function(t, name)
		environment, _ := dig(f.Properties, "Environment", "Variables").(map[string]any)
		want := map[string]bool{"RUNFLEET_FUNCTION": true}
		for _, variable := range guide[name] {
			want[variable] = true
		}
		if diff := cmp.Diff(sorted(want), sorted(environment)); diff != "" {
			t.Errorf("%s is told (-guide +template):\n%s", name, diff)
		}
	}
}

func TestTheEnvironmentNamesTheRightThings(t *testing.T) {
	n, m := deployed(t)
	w := world{t: t, here: m, others: []template{n}}
	f, _ := m.function(t, eventsFunction)
	got, _ := w.resolve(dig(f.Properties, "Environment", "Variables")).(map[string]any)
	table, _ := m.one(t, "AWS::DynamoDB::Table", "")
	events, _ := m.one(t, "AWS::SQS::Queue", "Events")
	looks, _ := m.one(t, "AWS::SQS::Queue", "Looks")
	const queues = "https://sqs.us-east-1.amazonaws.com/" + account + "/"
	config, _ := got["RUNFLEET_CONFIG"].(string)
	if !regexp.MustCompile(`^s3://cdk-[a-z0-9]+-assets-` + account + `-us-east-1/[0-9a-f]{64}\.yaml$`).MatchString(config) {
		t.Errorf("the fleet file is %q", config)
	}
	delete(got, "RUNFLEET_CONFIG")
	want := map[string]any{
		"RUNFLEET_FUNCTION": "events", "RUNFLEET_TABLE": table,
		"RUNFLEET_EVENTS_URL": queues + events, "RUNFLEET_REPORTS_URL": queues + "runfleet-acme-reports", "RUNFLEET_LOOKS_URL": queues + looks,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events is told (-want +got):\n%s", diff)
	}
}

func TestGitHubReachesTheWebhookAndNothingElseIsOpen(t *testing.T) {
	_, m := deployed(t)
	_, url := m.one(t, "AWS::Lambda::Url", "")
	webhook := dig(url.Properties, "TargetFunctionArn", "Fn::GetAtt", 0).(string)
	if name := dig(m.Resources[webhook].Properties, "Environment", "Variables", "RUNFLEET_FUNCTION"); name != webhookFunction || url.Properties["AuthType"] != "NONE" {
		t.Errorf("the URL calls %v, for %v", name, url.Properties["AuthType"])
	}
	open := map[string]any{}
	for _, p := range m.of("AWS::Lambda::Permission") {
		if p.Properties["Principal"] != "*" {
			continue
		}
		if dig(p.Properties, "FunctionName", "Fn::GetAtt", 0) != webhook {
			t.Errorf("%v is open", p.Properties["FunctionName"])
		}
		open[p.Properties["Action"].(string)] = []any{p.Properties["FunctionUrlAuthType"], p.Properties["InvokedViaFunctionUrl"]}
	}
	want := map[string]any{"lambda:InvokeFunctionUrl": []any{"NONE", nil}, "lambda:InvokeFunction": []any{nil, true}}
	if diff := cmp.Diff(want, open); diff != "" {
		t.Errorf("everybody may (-want +got):\n%s", diff)
	}
}

// errorsOf are the errors that the cdk program would be told of a stack.
func errorsOf(stack awscdk.Stack) (texts []string) {
	found := assertions.Annotations_FromStack(stack).FindError(jsii.String("*"), assertions.Match_AnyValue())
	for _, m := range *found {
		texts = append(texts, strings.TrimSpace(m.Entry.Data.(string)))
	}
	return texts
}

func TestAProgramThatIsNotBuiltIsSynthesizedAndNotDeployed(t *testing.T) {
	built := Bundle{Zip: write(t, "bootstrap.zip", "a program"), Placeholder: unbuilt.Placeholder}
	for _, tt := range []struct {
		name   string
		bundle Bundle
		want   []string
	}{
		{"without a program the cdk program hears an error", unbuilt, []string{ErrNotBuilt.Error()}},
		{"with one it hears none", built, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, m := add(t, acme, tt.bundle)
			if diff := cmp.Diff(tt.want, errorsOf(m)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}
