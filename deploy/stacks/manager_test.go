package stacks

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheTableIsTheLedgersAndOutlivesTheStack(t *testing.T) {
	_, m := deployed(t)
	_, table := m.one(t, "AWS::DynamoDB::Table", "")
	// Package dynamodb's own test holds its MakeTable to the same file.
	text, err := os.ReadFile("../testdata/ledger.json")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"DeletionProtectionEnabled":        true,
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, table.Properties); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if table.DeletionPolicy != "Retain" {
		t.Errorf("the table goes with the stack: %q", table.DeletionPolicy)
	}
}

func TestEveryAlarmIsToldToTheAddress(t *testing.T) {
	_, m := deployed(t)
	topic, _ := m.one(t, "AWS::SNS::Topic", "")
	_, mail := m.one(t, "AWS::SNS::Subscription", "")
	if mail.Properties["Protocol"] != "email" || mail.Properties["Endpoint"] != "ops@example.com" {
		t.Errorf("subscription %v", mail.Properties)
	}
	// A policy of ours would replace the topic's own, which lets alarms publish.
	if got := m.of("AWS::SNS::TopicPolicy"); len(got) != 0 {
		t.Errorf("topic policies %q", sorted(got))
	}
	alarms := m.of("AWS::CloudWatch::Alarm")
	if len(alarms) != 16 {
		t.Errorf("%d alarms: %q", len(alarms), sorted(alarms))
	}
	for id, a := range alarms {
		if diff := cmp.Diff([]any{map[string]any{"Ref": topic}}, a.Properties["AlarmActions"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

func TestWithoutAnAddressAlarmsTellNobody(t *testing.T) {
	quiet := acme
	quiet.AlarmAddress = ""
	_, stack := add(t, quiet, unbuilt)
	m := templateOf(t, stack)
	if len(m.of("AWS::SNS::Topic")) != 0 || len(m.of("AWS::CloudWatch::Alarm")) != 16 {
		t.Errorf("topics %q, %d alarms", sorted(m.of("AWS::SNS::Topic")), len(m.of("AWS::CloudWatch::Alarm")))
	}
	for id, a := range m.of("AWS::CloudWatch::Alarm") {
		if a.Properties["AlarmActions"] != nil {
			t.Errorf("%s tells %v", id, a.Properties["AlarmActions"])
		}
	}
}

func TestWhatRaisesAnAlarm(t *testing.T) {
	_, m := deployed(t)
	for _, tt := range []struct {
		name, alarm, metric string
		missing             string
		threshold           float64
	}{
		{"no look begins", "NoLook", "Invocations", "breaching", 0},
		{"a delivery is refused", "WebhookFails", "Url5xxCount", "notBreaching", 0},
		{"a function fails", "lookErrors", "Errors", "notBreaching", 0},
		{"the account's concurrency is used up", "webhookThrottles", "Throttles", "notBreaching", 0},
		{"wakes pile up", "LooksOld", "ApproximateAgeOfOldestMessage", "notBreaching", 600},
		{"an event is given up", "EventsGivenUp", "ApproximateNumberOfMessagesVisible", "notBreaching", 0},
		{"a report is given up", "ReportsGivenUp", "ApproximateNumberOfMessagesVisible", "notBreaching", 0},
		{"a wake is given up", "LooksGivenUp", "ApproximateNumberOfMessagesVisible", "notBreaching", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, a := m.one(t, "AWS::CloudWatch::Alarm", tt.alarm)
			got := []any{a.Properties["MetricName"], a.Properties["TreatMissingData"], a.Properties["Threshold"]}
			if diff := cmp.Diff([]any{tt.metric, tt.missing, tt.threshold}, got); diff != "" {
				t.Errorf("alarm (-want +got):\n%s", diff)
			}
			queue, _ := dig(a.Properties, "Dimensions", 0, "Value", "Fn::GetAtt", 0).(string)
			if dead := strings.Contains(queue, "Dead"); dead != strings.HasSuffix(tt.alarm, "GivenUp") {
				t.Errorf("it watches %s", queue)
			}
		})
	}
}

func TestTheOutputsAreWhatTheGuideReads(t *testing.T) {
	n, m := deployed(t)
	for _, tt := range []struct {
		stack template
		names []string
	}{
		{n, []string{"DrillRole", "InstanceProfile", "PublicIP", "SecurityGroups", "Subnets"}},
		{m, []string{"Table", "WebhookURL"}},
	} {
		for _, name := range tt.names {
			if tt.stack.Outputs[name].Value == nil {
				t.Errorf("no output %s", name)
			}
		}
	}
}
