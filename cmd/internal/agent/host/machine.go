package host

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/runfleet/runfleet/cmd/internal/agent"
	"github.com/runfleet/runfleet/provision/bootstrap"
	"github.com/runfleet/runfleet/provision/queue"
	"github.com/runfleet/runfleet/provision/tokens"
)

// identifyFor is how long the metadata service may take to come.
const identifyFor = time.Minute

// Live reads the settings at path and lives the machine's life by them, until
// it may power off. An error says why it had none.
func Live(ctx context.Context, path string, log *slog.Logger) (agent.PowerOff, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return agent.PowerOff{}, fmt.Errorf("read settings: %w", err)
	}
	settings, err := bootstrap.DecodeSettings(data)
	if err != nil {
		return agent.PowerOff{}, fmt.Errorf("%s: %w", path, err)
	}
	metadata := NewMetadata()
	id, err := identify(ctx, metadata)
	if err != nil {
		return agent.PowerOff{}, err
	}
	runner := &Listener{Dir: settings.Runner, User: settings.User}
	h := assemble(settings, id, metadata)
	h.Runner = runner
	h.Settings.Standing, h.Settings.Configured = id.Standing, id.Standing && runner.Configured()
	h.Log = log.With("machine", id.Machine, "pool", id.Pool)
	h.Log.Info("the machine is up", "standing", id.Standing, "configured", h.Settings.Configured)
	return h.Run(ctx), nil
}

// identify asks until there is an answer.
func identify(ctx context.Context, m *Metadata) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, identifyFor)
	defer cancel()
	for {
		id, err := m.Identity(ctx)
		if err == nil {
			return id, nil
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return Identity{}, err
		}
	}
}

func assemble(s bootstrap.Settings, id Identity, m *Metadata) *Host {
	cfg := aws.Config{
		Region:      id.Region,
		Credentials: aws.NewCredentialsCache(ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = m.client })),
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		cfg.BaseEndpoint = aws.String(endpoint)
	}
	h := &Host{
		Machine: id.Machine,
		Settings: agent.Settings{
			Poll: s.Poll, Wait: s.Wait, Idle: s.Idle, Job: s.Job, Margin: s.Margin, Grace: s.Grace,
		},
		Watch:   s.Watch,
		Configs: &tokens.Store{SSM: ssm.NewFromConfig(cfg), Fleet: id.Fleet},
		Notices: m,
	}
	if s.Reports != "" {
		h.Reports = &queue.Reports{SQS: sqs.NewFromConfig(cfg), URL: s.Reports}
	}
	return h
}
