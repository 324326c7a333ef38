package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/runfleet/runfleet/deploy/policies"
)

// The functions: what RUNFLEET_FUNCTION says to the one program.
const (
	webhookFunction = "webhook"
	eventsFunction  = "events"
	lookFunction    = "look"
	tickFunction    = "tick"
)

// sizes are the functions' memory in MiB and timeout in seconds.
//
// GitHub gives an answer ten seconds. events takes a sixth of the three minutes
// after which a lost event is read back from GitHub. In look, acting takes up to
// twenty seconds and the full look of a large fleet as long; a look that is
// killed blocks the others while its wake is hidden, six times its timeout.
var sizes = map[string]struct{ memory, timeout int }{
	webhookFunction: {256, 10},
	eventsFunction:  {512, 30},
	lookFunction:    {512, 60},
	tickFunction:    {128, 10},
}

// logDays is how long logs are kept.
const logDays = awslogs.RetentionDays_ONE_MONTH

// task is what a function is told and may do.
type task struct {
	name        string
	does        string
	environment map[string]*string
	policy      map[string]any // a document besides the statements
	may         []awsiam.PolicyStatement
	loops       bool // it is part of the loop in which wakes go round
}

// functions makes all functions, by name.
func (m *manager) functions() (map[string]awslambda.Function, error) {
	look, err := m.look()
	if err != nil {
		return nil, err
	}
	all := map[string]awslambda.Function{}
	for _, t := range []task{m.webhook(), m.events(), look, m.tick()} {
		all[t.name] = m.function(t)
	}
	return all, nil
}

func (m *manager) webhook() task {
	secrets := m.parameters(m.file.webhookSecrets...)
	return task{
		name: webhookFunction, does: "takes GitHub's webhooks",
		environment: map[string]*string{
			"RUNFLEET_CONFIG": m.asset.S3ObjectUrl(), "RUNFLEET_EVENTS_URL": m.queues.events.live.QueueUrl(),
		},
		may: []awsiam.PolicyStatement{
			m.readFleetFile(),
			allow("Secrets", []string{"ssm:GetParameter"}, secrets...),
			allow("Send", []string{"sqs:SendMessage"}, m.queues.events.live.QueueArn()),
		},
	}
}

func (m *manager) events() task {
	return task{
		name: eventsFunction, does: "records events, notices and reports", loops: true,
		environment: map[string]*string{
			"RUNFLEET_CONFIG": m.asset.S3ObjectUrl(), "RUNFLEET_TABLE": m.table.TableName(),
			"RUNFLEET_EVENTS_URL": m.queues.events.live.QueueUrl(), "RUNFLEET_REPORTS_URL": m.queues.reports.live.QueueUrl(),
			"RUNFLEET_LOOKS_URL": m.queues.looks.live.QueueUrl(),
		},
		may: []awsiam.PolicyStatement{
			m.readFleetFile(),
			allow("Ledger", ledgerActions, m.table.TableArn()),
			allow("Receive", consumeActions, m.queues.events.live.QueueArn(), m.queues.reports.live.QueueArn()),
			allow("Send", []string{"sqs:SendMessage"}, m.queues.looks.live.QueueArn()),
		},
	}
}

func (m *manager) look() (task, error) {
	names := namesOf(m.stack, m.config)
	names.MachineRole, names.DrillRole = *m.net.machineRole.RoleName(), *m.net.drillRole.RoleName()
	policy, err := policies.Manager(names)
	if err != nil {
		return task{}, err
	}
	return task{
		name: lookFunction, does: "looks, decides, reserves and acts", loops: true, policy: policy,
		environment: map[string]*string{
			"RUNFLEET_CONFIG": m.asset.S3ObjectUrl(), "RUNFLEET_TABLE": m.table.TableName(),
			"RUNFLEET_EVENTS_URL": m.queues.events.live.QueueUrl(), "RUNFLEET_REPORTS_URL": m.queues.reports.live.QueueUrl(),
		},
		may: append([]awsiam.PolicyStatement{
			m.readFleetFile(),
			allow("PrivateKey", []string{"ssm:GetParameter"}, m.parameters(m.file.privateKeys...)...),
			allow("Ledger", ledgerActions, m.table.TableArn()),
			allow("Receive", consumeActions, m.queues.looks.live.QueueArn()),
			allow("SendTimedWakes", []string{"sqs:SendMessage"}, m.queues.events.live.QueueArn()),
		}, m.config.keyStatements("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")...),
	}, nil
}

func (m *manager) tick() task {
	return task{
		name: tickFunction, does: "wakes the fleet each minute",
		environment: map[string]*string{"RUNFLEET_LOOKS_URL": m.queues.looks.live.QueueUrl()},
		may:         []awsiam.PolicyStatement{allow("Send", []string{"sqs:SendMessage"}, m.queues.looks.live.QueueArn())},
	}
}

// function makes a function of a task, with a role and logs of its own.
func (m *manager) function(t task) awslambda.Function {
	logs := awslogs.NewLogGroup(m.stack, jsii.String(t.name+"Logs"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String("/runfleet/" + m.config.Fleet + "/" + t.name),
		Retention:     logDays,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	may := append(t.may, allow("Log", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, logs.LogGroupArn()))
	role := awsiam.NewRole(m.stack, jsii.String(t.name+"Role"), &awsiam.RoleProps{
		Description:    jsii.String("runfleet " + m.config.Fleet + ": function " + t.name),
		AssumedBy:      awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: inline(t.policy, may...),
	})
	t.environment["RUNFLEET_FUNCTION"] = jsii.String(t.name)
	props := &awslambda.FunctionProps{
		Description:  jsii.String("runfleet " + m.config.Fleet + ": " + t.does),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("bootstrap"),
		Code:         m.code,
		MemorySize:   jsii.Number(sizes[t.name].memory),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(sizes[t.name].timeout)),
		Environment:  &t.environment,
		LogGroup:     logs,
		Role:         role,
	}
	if t.loops {
		// A look sends a timed wake to events, which wakes a look: a loop that
		// Lambda takes for a mistake and cuts after some sixteen rounds.
		props.RecursiveLoop = awslambda.RecursiveLoop_ALLOW
	}
	return awslambda.NewFunction(m.stack, jsii.String(t.name), props)
}

// readFleetFile allows the one object that the fleet file is.
func (m *manager) readFleetFile() awsiam.PolicyStatement {
	return allow("FleetFile", []string{"s3:GetObject"}, m.asset.Bucket().ArnForObjects(m.asset.S3ObjectKey()))
}

// parameters are the ARNs of parameters of SSM, by their paths.
func (m *manager) parameters(paths ...string) (arns []*string) {
	for _, p := range paths {
		arns = append(arns, m.stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ssm"), Resource: jsii.String("parameter"), ResourceName: jsii.String(p[1:]),
		}))
	}
	return arns
}
