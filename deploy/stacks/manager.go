package stacks

import (
	"errors"
	"io/fs"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/jsii-runtime-go"
)

// parts is what a manager is made of besides its configuration.
type parts struct {
	net    network
	file   fleetFile
	bundle Bundle
}

// manager is the stack of the fleet's manager.
type manager struct {
	parts
	stack  awscdk.Stack
	config Config
	table  awsdynamodb.Table
	queues queues
	asset  awss3assets.Asset // the fleet file
	code   awslambda.Code
}

func newManager(app awscdk.App, c Config, p parts) (awscdk.Stack, error) {
	stack := newStack(app, c, "manager", "its manager, as functions")
	m := &manager{parts: p, stack: stack, config: c, table: newTable(stack), queues: newQueues(stack, c)}
	m.asset = awss3assets.NewAsset(stack, jsii.String("FleetFile"), &awss3assets.AssetProps{Path: jsii.String(p.file.path)})
	var err error
	if m.code, err = m.program(); err != nil {
		return nil, err
	}
	functions, err := m.functions()
	if err != nil {
		return nil, err
	}
	m.feed(functions)
	m.rules(functions)
	m.alarms(functions)
	output(stack, "Table", "RUNFLEET_TABLE of who runs the verbs", m.table.TableName())
	output(stack, "WebhookURL", "Webhook URL of the GitHub App", m.url(functions[webhookFunction]))
	return stack, nil
}

// program is the zip that make lambda builds. While it is not there the CDK
// may synthesize, and is told an error, so that it deploys nothing.
func (m *manager) program() (awslambda.Code, error) {
	_, err := os.Stat(m.bundle.Zip)
	if errors.Is(err, fs.ErrNotExist) {
		awscdk.Annotations_Of(m.stack).AddError(jsii.String(ErrNotBuilt.Error()))
		return awslambda.Code_FromAsset(jsii.String(m.bundle.Placeholder), nil), nil
	}
	if err != nil {
		return nil, err
	}
	return awslambda.Code_FromAsset(jsii.String(m.bundle.Zip), nil), nil
}

// newTable is the ledger's table, as package dynamodb makes it for itself. It
// stays when the stack goes: it is the fleet's memory.
func newTable(stack awscdk.Stack) awsdynamodb.Table {
	text := func(name string) *awsdynamodb.Attribute {
		return &awsdynamodb.Attribute{Name: jsii.String(name), Type: awsdynamodb.AttributeType_STRING}
	}
	return awsdynamodb.NewTable(stack, jsii.String("Ledger"), &awsdynamodb.TableProps{
		PartitionKey:        text("pk"),
		SortKey:             text("sk"),
		TimeToLiveAttribute: jsii.String("ttl"),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		DeletionProtection:  jsii.Bool(true),
		RemovalPolicy:       awscdk.RemovalPolicy_RETAIN,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
	})
}
