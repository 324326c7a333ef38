package stacks

import (
	"errors"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/runfleet/runfleet/deploy/policies"
)

// Bundle is the zip of the program, and the folder that stands in for it while
// it is not built. Paths are seen from the working directory.
type Bundle struct {
	Zip         string
	Placeholder string
}

// Add puts a deployment's stacks into an app: the network, and the manager too
// if there is a fleet file. manager is nil without one.
func Add(app awscdk.App, c Config, b Bundle) (network, manager awscdk.Stack, err error) {
	net, err := newNetwork(app, c)
	if err != nil {
		return nil, nil, fmt.Errorf("network: %w", err)
	}
	if c.FleetFile == "" {
		return net.stack, nil, nil
	}
	file, err := readFleetFile(c)
	if err != nil {
		return nil, nil, err
	}
	manager, err = newManager(app, c, parts{net: net, file: file, bundle: b})
	if err != nil {
		return nil, nil, fmt.Errorf("manager: %w", err)
	}
	return net.stack, manager, nil
}

// newStack makes a stack of the fleet. The account is whose credentials deploy
// it; the region is said, so that nothing lands in another one by mistake.
func newStack(app awscdk.App, c Config, name, description string) awscdk.Stack {
	return awscdk.NewStack(app, jsii.String("runfleet-"+c.Fleet+"-"+name), &awscdk.StackProps{
		Env:         &awscdk.Environment{Region: jsii.String(c.Region)},
		Description: jsii.String("runfleet " + c.Fleet + ": " + description),
	})
}

// namesOf is what the policies' placeholders stand for in a stack.
func namesOf(stack awscdk.Stack, c Config) policies.Names {
	return policies.Names{Partition: *stack.Partition(), Region: c.Region, Account: *stack.Account(), Fleet: c.Fleet, ReportsQueue: c.reportsQueue()}
}

// reportsQueue is the name of the queue for machines' reports: both stacks
// know it, so it is not made up.
func (c Config) reportsQueue() string { return "runfleet-" + c.Fleet + "-reports" }

// output shows a value once a stack is deployed.
func output(stack awscdk.Stack, name, description string, value *string) {
	awscdk.NewCfnOutput(stack, jsii.String(name), &awscdk.CfnOutputProps{Description: jsii.String(description), Value: value})
}

// ErrNotBuilt is what an app is told while the program is not built.
var ErrNotBuilt = errors.New("the program is not built, a placeholder that does nothing stands in for it: run make lambda")
