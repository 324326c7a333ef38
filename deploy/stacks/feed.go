package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

const (
	// batchSize is how many messages an invocation takes. Ten need no window,
	// so a job waits for no batch to fill.
	batchSize = 10
	// The ledger's partition takes some five hundred events a second. Below two
	// it is no limit that Lambda knows, below six it throttles its own first tries.
	eventsConcurrency  = 10
	reportsConcurrency = 6
)

// feed lets Lambda take messages from the queues to the functions.
func (m *manager) feed(functions map[string]awslambda.Function) {
	standard := func(name string, q queue, concurrency int) {
		functions[eventsFunction].AddEventSourceMapping(jsii.String(name), &awslambda.EventSourceMappingOptions{
			EventSourceArn:          q.live.QueueArn(),
			BatchSize:               jsii.Number(batchSize),
			MaxConcurrency:          jsii.Number(concurrency),
			ReportBatchItemFailures: jsii.Bool(true),
		})
	}
	standard("Events", m.queues.events, eventsConcurrency)
	standard("Reports", m.queues.reports, reportsConcurrency)
	// No concurrency is said: the queue has one message group, of which Lambda
	// hands out one batch at a time. Reserving one for the function would say the
	// same twice, and each try that it throttles counts towards the dead letters.
	// No partial answers either: a look is done or is not, for all its wakes.
	functions[lookFunction].AddEventSourceMapping(jsii.String("Looks"), &awslambda.EventSourceMappingOptions{
		EventSourceArn: m.queues.looks.live.QueueArn(),
		BatchSize:      jsii.Number(batchSize),
	})
}

// rules brings EC2's notices to the events, and the minute to tick.
func (m *manager) rules(functions map[string]awslambda.Function) {
	awsevents.NewRule(m.stack, jsii.String("Notices"), &awsevents.RuleProps{
		Description: jsii.String("runfleet " + m.config.Fleet + ": EC2 takes a Spot machine back, or may soon"),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings("aws.ec2"),
			DetailType: jsii.Strings("EC2 Instance Rebalance Recommendation", "EC2 Spot Instance Interruption Warning"),
		},
		Targets: &[]awsevents.IRuleTarget{awseventstargets.NewSqsQueue(m.queues.events.live, nil)},
	})
	// A minute that was missed is not made up for: the next one says the same.
	minute := awscdk.Duration_Minutes(jsii.Number(1))
	functions[tickFunction].ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{MaxEventAge: minute, RetryAttempts: jsii.Number(0)})
	awsevents.NewRule(m.stack, jsii.String("Minute"), &awsevents.RuleProps{
		Description: jsii.String("runfleet " + m.config.Fleet + ": a full look each minute"),
		Schedule:    awsevents.Schedule_Rate(minute),
		Targets: &[]awsevents.IRuleTarget{awseventstargets.NewLambdaFunction(functions[tickFunction], &awseventstargets.LambdaFunctionProps{
			MaxEventAge: minute, RetryAttempts: jsii.Number(0),
		})},
	})
}

// url lets everybody post to a function. The function judges signatures
// itself, before it reads anything else.
func (m *manager) url(f awslambda.Function) *string {
	url := f.AddFunctionUrl(&awslambda.FunctionUrlOptions{AuthType: awslambda.FunctionUrlAuthType_NONE})
	// Since October 2025 a new URL answers 403 without this one beside the
	// permission to call the URL, which the line above gave.
	awslambda.NewCfnPermission(m.stack, jsii.String("WebhookViaURL"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: f.FunctionArn(), Principal: jsii.String("*"),
		InvokedViaFunctionUrl: jsii.Bool(true),
	})
	return url.Url()
}
