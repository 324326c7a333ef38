package stacks

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// simulateEnv names the folder where the packages of simulate/package.json are
// installed.
const simulateEnv = "RUNFLEET_SIMULATE"

// Who and what the requests are about.
const (
	me     = "arn:aws:ec2:us-east-1:" + account + ":instance/i-0aaaaaaaaaaaaaaaa"
	you    = "arn:aws:ec2:us-east-1:" + account + ":instance/i-0bbbbbbbbbbbbbbbb"
	ssmARN = "arn:aws:ssm:us-east-1:" + account + ":parameter/runfleet/acme/"
	sqsARN = "arn:aws:sqs:us-east-1:" + account + ":"
)

// request is what a role asks of AWS.
type request struct {
	name     string
	role     string
	action   string
	resource string
	context  map[string]string
	allowed  bool
}

// from is a request that a machine makes of a parameter with a tag.
func from(machine, tag string) map[string]string {
	return map[string]string{"ec2:SourceInstanceARN": machine, "ssm:resourceTag/machine": tag}
}

// ofFleet is a request about something that a fleet's tag is on.
func ofFleet(fleet string) map[string]string {
	return map[string]string{"aws:ResourceTag/runfleet:fleet": fleet}
}

func machineRequests() []request {
	own := ssmARN + "machines/i-0aaaaaaaaaaaaaaaa"
	return []request{
		{"a machine gets its own config", "machine", "ssm:GetParameter", own, from(me, me), true},
		{"and deletes it", "machine", "ssm:DeleteParameter", own, from(me, me), true},
		{"not another's", "machine", "ssm:GetParameter", ssmARN + "machines/i-0bbbbbbbbbbbbbbbb", from(me, you), false},
		{"nor may it delete that", "machine", "ssm:DeleteParameter", ssmARN + "machines/i-0bbbbbbbbbbbbbbbb", from(me, you), false},
		{"not one without a tag", "machine", "ssm:GetParameter", own, map[string]string{"ec2:SourceInstanceARN": me}, false},
		{"not from elsewhere, with the role's credentials", "machine", "ssm:GetParameter", own, map[string]string{"ssm:resourceTag/machine": me}, false},
		{"not a secret of the fleet", "machine", "ssm:GetParameter", ssmARN + "settings/github-private-key", from(me, me), false},
		{"nor may it write one", "machine", "ssm:PutParameter", own, nil, false},
		{"a machine reports", "machine", "sqs:SendMessage", sqsARN + "runfleet-acme-reports", nil, true},
		{"to no other queue", "machine", "sqs:SendMessage", sqsARN + "Events", nil, false},
		{"and reads no report", "machine", "sqs:ReceiveMessage", sqsARN + "runfleet-acme-reports", nil, false},
		{"a machine sees no machine", "machine", "ec2:DescribeInstances", "*", nil, false},
	}
}

// serveRequests are of who makes the roles by hand, and runs serve.
func serveRequests() []request {
	return []request{
		{"serve takes in notices", "serve", "sqs:ReceiveMessage", sqsARN + "runfleet-acme-events", nil, true},
		{"and deletes them", "serve", "sqs:DeleteMessage", sqsARN + "runfleet-acme-events", nil, true},
		{"serve takes in reports", "serve", "sqs:ReceiveMessage", sqsARN + "runfleet-acme-reports", nil, true},
		{"and deletes them", "serve", "sqs:DeleteMessage", sqsARN + "runfleet-acme-reports", nil, true},
		{"serve sends none", "serve", "sqs:SendMessage", sqsARN + "runfleet-acme-reports", nil, false},
		{"nor reads another queue", "serve", "sqs:ReceiveMessage", sqsARN + "Events", nil, false},
		{"serve ends its own machines", "serve", "ec2:TerminateInstances", me, ofFleet("acme"), true},
		{"the functions' look takes in no notices by itself", lookFunction, "sqs:ReceiveMessage", sqsARN + "runfleet-acme-reports", nil, false},
	}
}

func managerRequests(events, looks, table string) []request {
	role := "arn:aws:iam::" + account + ":role/"
	experiments := "arn:aws:fis:us-east-1:" + account + ":"
	return []request{
		{"the webhook reads its secret", webhookFunction, "ssm:GetParameter", ssmARN + "settings/webhook-secret", nil, true},
		{"and no other", webhookFunction, "ssm:GetParameter", ssmARN + "settings/github-private-key", nil, false},
		{"the webhook sends events", webhookFunction, "sqs:SendMessage", events, nil, true},
		{"and wakes nobody", webhookFunction, "sqs:SendMessage", looks, nil, false},
		{"the webhook has no ledger", webhookFunction, "dynamodb:PutItem", table, nil, false},
		{"events records", eventsFunction, "dynamodb:PutItem", table, nil, true},
		{"and wakes", eventsFunction, "sqs:SendMessage", looks, nil, true},
		{"events reads no secret", eventsFunction, "ssm:GetParameter", ssmARN + "settings/github-private-key", nil, false},
		{"and ends no machine", eventsFunction, "ec2:TerminateInstances", me, ofFleet("acme"), false},
		{"tick wakes", tickFunction, "sqs:SendMessage", looks, nil, true},
		{"and does nothing else", tickFunction, "sqs:SendMessage", events, nil, false},
		{"a look launches", lookFunction, "ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-0a1b2c3d", nil, true},
		{"in its region only", lookFunction, "ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/ami-0a1b2c3d", nil, false},
		{"a look ends its own", lookFunction, "ec2:TerminateInstances", me, ofFleet("acme"), true},
		{"and no other fleet's", lookFunction, "ec2:TerminateInstances", me, ofFleet("other"), false},
		{"a look gives machines their role", lookFunction, "iam:PassRole", role + "MACHINE", map[string]string{"iam:PassedToService": "ec2.amazonaws.com"}, true},
		{"not a function's", lookFunction, "iam:PassRole", role + "LOOK", map[string]string{"iam:PassedToService": "lambda.amazonaws.com"}, false},
		{"a look stores a config", lookFunction, "ssm:PutParameter", ssmARN + "machines/i-0aaaaaaaaaaaaaaaa", nil, true},
		{"not for another fleet", lookFunction, "ssm:PutParameter", "arn:aws:ssm:us-east-1:" + account + ":parameter/runfleet/other/machines/i-0aaaaaaaaaaaaaaaa", nil, false},
		{"a look starts its own drills", lookFunction, "fis:StartExperiment", experiments + "experiment-template/EXTa", ofFleet("acme"), true},
		{"and nobody else's", lookFunction, "fis:StartExperiment", experiments + "experiment-template/EXTa", nil, false},
		{"a drill interrupts the fleet's machines", "drill", "ec2:SendSpotInstanceInterruptions", me, ofFleet("acme"), true},
		{"and no others", "drill", "ec2:SendSpotInstanceInterruptions", me, ofFleet("other"), false},
		{"a drill ends nothing", "drill", "ec2:TerminateInstances", me, ofFleet("acme"), false},
	}
}

func TestWhoMayDoWhatAsIAMJudges(t *testing.T) {
	folder := os.Getenv(simulateEnv)
	if folder == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not set: .ci/deploy installs simulate/package.json and sets it", simulateEnv)
		}
		t.Skipf("%s is not set: bash .ci/deploy runs this", simulateEnv)
	}
	n, m := deployed(t)
	id := func(in template, kind, name string) string {
		id, _ := in.one(t, kind, name)
		return id
	}
	all := append(slices.Concat(machineRequests(), serveRequests()), managerRequests(
		sqsARN+id(m, "AWS::SQS::Queue", "Events"), sqsARN+id(m, "AWS::SQS::Queue", "Looks"),
		"arn:aws:dynamodb:us-east-1:"+account+":table/"+id(m, "AWS::DynamoDB::Table", "Ledger"))...)
	physical := map[string]string{
		"arn:aws:iam::" + account + ":role/MACHINE": "arn:aws:iam::" + account + ":role/" + id(n, "AWS::IAM::Role", "Machine"),
		"arn:aws:iam::" + account + ":role/LOOK":    "arn:aws:iam::" + account + ":role/" + id(m, "AWS::IAM::Role", "lookRole"),
	}
	results := simulate(t, folder, all, physical)
	for i, r := range all {
		if allowed := results[i] == "Allowed"; allowed != r.allowed {
			t.Errorf("%s: %s asks for %s of %s: %s", r.name, r.role, r.action, r.resource, results[i])
		}
	}
}

// simulate is what IAM says to each request. physical replaces resources.
func simulate(t *testing.T, folder string, all []request, physical map[string]string) (results []string) {
	t.Helper()
	documents := map[string]map[string]any{}
	for role, policies := range roles(t) {
		documents[role] = map[string]any{}
		for name, statements := range policies {
			documents[role][name] = map[string]any{"Version": "2012-10-17", "Statement": statements}
		}
	}
	documents["serve"] = map[string]any{}
	for _, file := range []string{"manager.json", "serve.json"} {
		documents["serve"][file] = map[string]any{"Version": "2012-10-17", "Statement": handed(t, file)}
	}
	var asked []map[string]any
	for _, r := range all {
		resource := r.resource
		if p, ok := physical[resource]; ok {
			resource = p
		}
		asked = append(asked, map[string]any{
			"principal": "arn:aws:sts::" + account + ":assumed-role/" + r.role + "/session",
			"action":    r.action, "resource": map[string]string{"resource": resource, "accountId": account},
			"context": r.context, "policies": documents[r.role],
		})
	}
	input, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	c := exec.CommandContext(t.Context(), "node", "../simulate/simulate.mjs", folder)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), &out, &log
	if err := c.Run(); err != nil {
		t.Fatalf("simulate: %v\n%s", err, log.String())
	}
	if err := json.Unmarshal(out.Bytes(), &results); err != nil || len(results) != len(all) {
		t.Fatalf("%d results for %d requests, error %v", len(results), len(all), err)
	}
	return results
}
