// Command deploy is the CDK app of a fleet. The cdk program runs it, with the
// configuration in its context; package stacks says what it makes. Run by
// itself it writes the templates to cdk.out and asks AWS nothing.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/runfleet/runfleet/deploy/stacks"
)

func main() {
	err := synth()
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synth() error {
	props := &awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)}
	if os.Getenv("CDK_OUTDIR") == "" { // the cdk program says where
		props.Outdir = jsii.String("cdk.out")
	}
	app := awscdk.NewApp(props)
	c, err := stacks.Read(func(key string) any { return app.Node().TryGetContext(jsii.String(key)) })
	if err != nil {
		return fmt.Errorf("configuration:\n%w", err)
	}
	bundle := stacks.Bundle{Zip: "dist/bootstrap.zip", Placeholder: "placeholder"}
	_, manager, err := stacks.Add(app, c, bundle)
	if err != nil {
		return err
	}
	switch _, missing := os.Stat(bundle.Zip); {
	case manager == nil:
		fmt.Fprintln(os.Stderr, "no fleet_file was said: only the network is made")
	case missing != nil:
		fmt.Fprintln(os.Stderr, "WARNING:", stacks.ErrNotBuilt)
	}
	app.Synth(nil)
	return nil
}
