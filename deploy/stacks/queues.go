package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"
)

// queue is a queue and where its messages go that nobody can do anything with.
type queue struct{ live, dead awssqs.Queue }

// queues are what the functions are fed from.
type queues struct{ events, reports, looks queue }

// list is all queues, by their names in the stack.
func (q queues) list() map[string]queue {
	return map[string]queue{"Events": q.events, "Reports": q.reports, "Looks": q.looks}
}

const (
	// visibilityFactor times its function's timeout is how long a message is
	// hidden: Lambda needs it to try a batch again while it is throttled.
	visibilityFactor = 6
	// maxReceives is how often a message is tried. Throttled tries count too.
	maxReceives = 5
)

func newQueues(stack awscdk.Stack, c Config) queues {
	return queues{
		events:  newQueue(stack, "Events", eventsFunction, awssqs.QueueProps{RetentionPeriod: awscdk.Duration_Days(jsii.Number(4))}),
		reports: newQueue(stack, "Reports", eventsFunction, awssqs.QueueProps{QueueName: jsii.String(c.reportsQueue()), RetentionPeriod: awscdk.Duration_Days(jsii.Number(1))}),
		looks: newQueue(stack, "Looks", lookFunction, awssqs.QueueProps{
			Fifo:                      jsii.Bool(true),
			ContentBasedDeduplication: jsii.Bool(true),
			// A wake says only "look now": after an hour without a look, the
			// tick's next wake says the same as all that were kept.
			RetentionPeriod: awscdk.Duration_Hours(jsii.Number(1)),
		}),
	}
}

// newQueue makes a queue, and another one for what its function gave up on.
func newQueue(stack awscdk.Stack, name, function string, props awssqs.QueueProps) queue {
	dead := awssqs.NewQueue(stack, jsii.String(name+"Dead"), &awssqs.QueueProps{
		Fifo:            props.Fifo,
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
	})
	props.VisibilityTimeout = awscdk.Duration_Seconds(jsii.Number(visibilityFactor * sizes[function].timeout))
	props.DeadLetterQueue = &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(maxReceives)}
	props.Encryption = awssqs.QueueEncryption_SQS_MANAGED
	props.EnforceSSL = jsii.Bool(true)
	return queue{live: awssqs.NewQueue(stack, jsii.String(name), &props), dead: dead}
}
