package stacks

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"
)

// alarm is a metric over five minutes that is too high, or once too low.
type alarm struct {
	name   string
	says   string
	metric awscloudwatch.Metric
	most   float64 // more than this is an alarm
	silent bool    // the alarm is that there is nothing
}

// maxAge is the oldest message that a queue may hold, in seconds: what a
// message waits that was tried, failed and is hidden, and some more.
const maxAge = 600

// alarms watches the manager. They are told by mail if there is an address.
func (m *manager) alarms(functions map[string]awslambda.Function) {
	all := []alarm{{
		name: "NoLook", says: "no look began for five minutes: no job gets a machine",
		metric: functions[lookFunction].MetricInvocations(over(awscloudwatch.Stats_SUM())), silent: true,
	}, {
		name: "WebhookFails", says: "GitHub was answered with a server's error: deliveries are lost until they are read back",
		metric: functions[webhookFunction].Metric(jsii.String("Url5xxCount"), over(awscloudwatch.Stats_SUM())),
	}}
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		f := functions[name]
		all = append(all,
			alarm{name: name + "Errors", says: "function " + name + " failed or was killed", metric: f.MetricErrors(over(awscloudwatch.Stats_SUM()))},
			alarm{name: name + "Throttles", says: "the account has no more concurrency for function " + name, metric: f.MetricThrottles(over(awscloudwatch.Stats_SUM()))})
	}
	list := m.queues.list()
	for _, name := range slices.Sorted(maps.Keys(list)) {
		q := list[name]
		all = append(all,
			alarm{name: name + "Old", says: "messages wait in " + name, most: maxAge, metric: q.live.MetricApproximateAgeOfOldestMessage(over(awscloudwatch.Stats_MAXIMUM()))},
			alarm{name: name + "GivenUp", says: "messages of " + name + " were given up", metric: q.dead.MetricApproximateNumberOfMessagesVisible(over(awscloudwatch.Stats_MAXIMUM()))})
	}
	topic := m.topic()
	for _, a := range all {
		m.alarm(a, topic)
	}
}

// over is a statistic over five minutes.
func over(statistic *string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(5)), Statistic: statistic}
}

// topic is where alarms are told, nil without an address.
//
// It keeps SNS's own policy: one of ours would replace it, and with it the
// permission of this account's alarms. Nor has it a key: alarms can't use SNS's.
func (m *manager) topic() awssns.Topic {
	if m.config.AlarmAddress == "" {
		return nil
	}
	t := awssns.NewTopic(m.stack, jsii.String("Alarms"), nil)
	t.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(m.config.AlarmAddress), nil))
	return t
}

func (m *manager) alarm(a alarm, topic awssns.Topic) {
	props := &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String("runfleet " + m.config.Fleet + ": " + a.says),
		Metric:             a.metric,
		EvaluationPeriods:  jsii.Number(1),
		Threshold:          jsii.Number(a.most),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	}
	if a.silent {
		props.ComparisonOperator = awscloudwatch.ComparisonOperator_LESS_THAN_OR_EQUAL_TO_THRESHOLD
		props.TreatMissingData = awscloudwatch.TreatMissingData_BREACHING
	}
	made := awscloudwatch.NewAlarm(m.stack, jsii.String(a.name), props)
	if topic != nil {
		made.AddAlarmAction(awscloudwatchactions.NewSnsAction(topic))
	}
}
