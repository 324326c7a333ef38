package stacks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// handed is a document of deploy/policies as the guide for hands fills it.
func handed(t *testing.T, name string) []statement {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "policies", name))
	if err != nil {
		t.Fatal(err)
	}
	n, _ := deployed(t)
	machine, _ := n.one(t, "AWS::IAM::Role", "Machine")
	drill, _ := n.one(t, "AWS::IAM::Role", "Drills")
	filled := strings.NewReplacer(
		"EVENTS_QUEUE", "runfleet-acme-events", "REPORTS_QUEUE", "runfleet-acme-reports", "MACHINE_ROLE", machine, "DRILL_ROLE", drill, "REGION", "us-east-1", "ACCOUNT", account, "FLEET", "acme",
	).Replace(string(text))
	var document any
	if err := json.Unmarshal([]byte(filled), &document); err != nil {
		t.Fatal(err)
	}
	return statements(t, document)
}

func TestTheStacksDeployTheDocumentsAndNothingBeside(t *testing.T) {
	all := roles(t)
	for _, tt := range []struct {
		name, role, file string
		besides          []string // other policies of the role
	}{
		{"a machine reads its config and reports", "machine", "machine.json", nil},
		{"a drill interrupts", "drill", "drill.json", nil},
		{"a look may what the manager may, and what functions need", lookFunction, "manager.json", []string{"parts"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(handed(t, tt.file), all[tt.role]["fleet"]); diff != "" {
				t.Errorf("%s (-file +template):\n%s", tt.file, diff)
			}
			if diff := cmp.Diff(append([]string{"fleet"}, tt.besides...), sorted(all[tt.role])); diff != "" {
				t.Errorf("policies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMachineMayTakeItsOwnConfigAndReportAndNothingElse(t *testing.T) {
	want := map[string][]statement{"fleet": {{
		Sid: "ItsOwnConfigOnly", Effect: "Allow", Action: list{"ssm:DeleteParameter", "ssm:GetParameter"},
		Resource:  list{"arn:aws:ssm:us-east-1:" + account + ":parameter/runfleet/acme/machines/*"},
		Condition: map[string]any{"StringEquals": map[string]any{"ssm:resourceTag/machine": "${ec2:SourceInstanceARN}"}},
	}, {
		Sid: "ReportsOnly", Effect: "Allow", Action: list{"sqs:SendMessage"},
		Resource: list{"arn:aws:sqs:us-east-1:" + account + ":runfleet-acme-reports"},
	}}}
	if diff := cmp.Diff(want, roles(t)["machine"]); diff != "" {
		t.Errorf("a machine may (-want +got):\n%s", diff)
	}
}

func TestEveryFunctionMayOnlyWhatItDoes(t *testing.T) {
	ledger := []string{
		"dynamodb:BatchGetItem table/LEDGER", "dynamodb:BatchWriteItem table/LEDGER", "dynamodb:ConditionCheckItem table/LEDGER",
		"dynamodb:DeleteItem table/LEDGER", "dynamodb:PutItem table/LEDGER", "dynamodb:Query table/LEDGER", "dynamodb:UpdateItem table/LEDGER",
	}
	receive := func(queue string) []string {
		return []string{"sqs:DeleteMessage " + queue, "sqs:GetQueueAttributes " + queue, "sqs:ReceiveMessage " + queue}
	}
	logs := func(name string) []string {
		group := " log-group:/runfleet/acme/" + name + ":*"
		return []string{"logs:CreateLogStream" + group, "logs:PutLogEvents" + group}
	}
	for name, want := range map[string][]string{
		webhookFunction: slices.Concat(logs(webhookFunction), []string{
			"s3:GetObject FLEETFILE", "sqs:SendMessage EVENTS", "ssm:GetParameter parameter/runfleet/acme/settings/webhook-secret",
		}),
		eventsFunction: slices.Concat(ledger, logs(eventsFunction), []string{"s3:GetObject FLEETFILE", "sqs:SendMessage LOOKS"},
			receive("EVENTS"), receive("runfleet-acme-reports")),
		lookFunction: slices.Concat(ledger, logs(lookFunction), []string{
			"s3:GetObject FLEETFILE", "sqs:SendMessage EVENTS", "ssm:GetParameter parameter/runfleet/acme/settings/github-private-key",
		}, receive("LOOKS")),
		tickFunction: slices.Concat(logs(tickFunction), []string{"sqs:SendMessage LOOKS"}),
	} {
		t.Run(name, func(t *testing.T) {
			slices.Sort(want)
			if diff := cmp.Diff(want, pairs(t, roles(t)[name]["parts"])); diff != "" {
				t.Errorf("%s may (-want +got):\n%s", name, diff)
			}
		})
	}
}

// pairs are the actions of statements with what they are allowed on, the names
// that the stack makes up replaced.
func pairs(t *testing.T, all []statement) (out []string) {
	t.Helper()
	_, m := deployed(t)
	table, _ := m.one(t, "AWS::DynamoDB::Table", "")
	events, _ := m.one(t, "AWS::SQS::Queue", "Events")
	looks, _ := m.one(t, "AWS::SQS::Queue", "Looks")
	names := strings.NewReplacer(table, "LEDGER", events, "EVENTS", looks, "LOOKS")
	object := regexp.MustCompile(`^arn:aws:s3:::cdk-[a-z0-9]+-assets-[0-9]+-us-east-1/[0-9a-f]{64}\.yaml$`)
	where := regexp.MustCompile(`^arn:aws:[a-z0-9]+:us-east-1:` + account + `:`)
	for _, s := range all {
		if s.Effect != "Allow" {
			t.Errorf("%s: %s", s.Sid, s.Effect)
		}
		for _, a := range s.Action {
			for _, r := range s.Resource {
				r = object.ReplaceAllString(r, "FLEETFILE")
				out = append(out, a+" "+names.Replace(where.ReplaceAllString(r, "")))
			}
		}
	}
	slices.Sort(out)
	return out
}

// everything is what may be allowed on every resource, and why it can't be
// allowed on less.
var everything = map[string]string{
	"ec2:DescribeFleets":                "a describe call knows no resources",
	"ec2:DescribeImages":                "a describe call knows no resources",
	"ec2:DescribeInstanceTypeOfferings": "a describe call knows no resources",
	"ec2:DescribeSecurityGroups":        "a describe call knows no resources",
	"ec2:DescribeInstances":             "a describe call knows no resources",
	"ec2:DescribeLaunchTemplates":       "a describe call knows no resources",
	"ec2:DescribeSubnets":               "a describe call knows no resources",
	"fis:ListExperimentTemplates":       "a list call knows no resources",
	"fis:ListExperiments":               "a list call knows no resources",
}

// kinds are the resources that can't be named before they are there: what
// launches, machines and drills make, and streams in a log.
var kinds = regexp.MustCompile(`^arn:aws:(` +
	`ec2:us-east-1:` + account + `:(\*|instance/\*)|ec2:us-east-1::(image|snapshot)/\*|` +
	`ssm:us-east-1:` + account + `:parameter/runfleet/acme/(machines/)?\*|ssm:us-east-1::parameter/aws/service/\*|` +
	`fis:us-east-1:` + account + `:(experiment|experiment-template)/\*|` +
	`logs:us-east-1:` + account + `:log-group:/runfleet/acme/[a-z]+:\*)$`)

func TestWhatCanBeNamedIsNamed(t *testing.T) {
	for role, policies := range roles(t) {
		for _, all := range policies {
			for _, s := range all {
				for _, a := range s.Action {
					if strings.Contains(a, "*") {
						t.Errorf("%s: %s allows %s", role, s.Sid, a)
					}
					for _, r := range s.Resource {
						switch {
						case r == "*" && everything[a] == "", r != "*" && strings.Contains(r, "*") && !kinds.MatchString(r):
							t.Errorf("%s: %s allows %s on %s", role, s.Sid, a, r)
						}
					}
				}
			}
		}
	}
}

// EC2's actions are allowed on kinds of resources, so a tag decides which.
func TestOnlyTaggedMachinesAreEnded(t *testing.T) {
	for role, policies := range roles(t) {
		for _, s := range slices.Concat(policies["fleet"], policies["parts"]) {
			if !slices.ContainsFunc(s.Action, func(a string) bool {
				return strings.HasPrefix(a, "ec2:Terminate") || strings.HasPrefix(a, "ec2:Delete") || strings.HasPrefix(a, "ec2:Stop") || strings.HasPrefix(a, "ec2:Start") || strings.HasPrefix(a, "ec2:Send")
			}) {
				continue
			}
			if tag := dig(s.Condition, "StringEquals", "aws:ResourceTag/runfleet:fleet"); tag != "acme" {
				t.Errorf("%s: %s has the condition %v", role, s.Sid, s.Condition)
			}
		}
	}
}

// A role's inline policies have 10,240 characters together, without spaces.
func TestPoliciesFitTheirRoles(t *testing.T) {
	for role, policies := range roles(t) {
		text, err := json.Marshal(policies)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 9000 {
			t.Errorf("%s: %d characters", role, len(text))
		}
	}
}

func TestOnlyTheRightServiceTakesARole(t *testing.T) {
	n, m := deployed(t)
	for _, tt := range []struct {
		stack   template
		role    string
		service string
	}{
		{n, "Machine", "ec2"}, {n, "Drills", "fis"},
		{m, "eventsRole", "lambda"}, {m, "lookRole", "lambda"}, {m, "tickRole", "lambda"}, {m, "webhookRole", "lambda"},
	} {
		_, role := tt.stack.one(t, "AWS::IAM::Role", tt.role)
		trusted := dig(role.Properties, "AssumeRolePolicyDocument", "Statement").([]any)
		if len(trusted) != 1 || dig(trusted, 0, "Principal", "Service") != tt.service+".amazonaws.com" {
			t.Errorf("%s is taken by %v", tt.role, trusted)
		}
	}
	// FIS serves everybody: only this account's experiments may take the role.
	_, drill := n.one(t, "AWS::IAM::Role", "Drills")
	got := world{t: t, here: n}.resolve(dig(drill.Properties, "AssumeRolePolicyDocument", "Statement", 0, "Condition"))
	want := map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": account},
		"ArnLike":      map[string]any{"aws:SourceArn": "arn:aws:fis:us-east-1:" + account + ":experiment/*"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("condition (-want +got):\n%s", diff)
	}
}

func TestAKeyOfTheFleetFileIsAllowedToWhoUsesIt(t *testing.T) {
	locked := acme
	locked.KMSKey = "arn:aws:kms:us-east-1:" + account + ":key/01234567-89ab-cdef-0123-456789abcdef"
	file, err := os.ReadFile(acme.FleetFile)
	if err != nil {
		t.Fatal(err)
	}
	locked.FleetFile = write(t, "acme.yaml", strings.Replace(string(file), "aws:\n", "aws:\n  kms_key: 01234567-89ab-cdef-0123-456789abcdef\n", 1))
	ns, ms := add(t, locked, unbuilt)
	n, m := templateOf(t, ns), templateOf(t, ms)
	_, machine := n.one(t, "AWS::IAM::Role", "Machine")
	_, look := m.function(t, lookFunction)
	_, events := m.function(t, eventsFunction)
	for _, tt := range []struct {
		name string
		role resource
		want list
	}{
		{"a machine decrypts", machine, list{"kms:Decrypt"}},
		{"a look encrypts too", look, list{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}},
		{"events does neither", events, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got list
			for _, s := range policiesOf(t, world{t: t, here: m, others: []template{n}}, tt.role)["parts"] {
				if s.Sid == "Key" {
					got = s.Action
					if via := dig(s.Condition, "StringEquals", "kms:ViaService"); via != "ssm.us-east-1.amazonaws.com" || s.Resource[0] != locked.KMSKey {
						t.Errorf("on %v, by %v", s.Resource, via)
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
		})
	}
}
