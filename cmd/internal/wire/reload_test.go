//go:build !lambda

package wire

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fleet/config"
)

func TestAFileThatNeedsARestartIsRefusedWhole(t *testing.T) {
	p, f, err := opened(t, http.StatusOK)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, key string
		change    func(*config.File)
	}{
		{"another fleet", "fleet", func(f *config.File) { f.Name = "other" }},
		{"another App", "github.app_id", func(f *config.File) { f.GitHub.AppID++ }},
		{"another key", "github.private_key", func(f *config.File) { f.GitHub.PrivateKeys = []config.Secret{"env:OTHER"} }},
		{"a second webhook secret", "github.webhook_secrets", func(f *config.File) {
			f.GitHub.WebhookSecrets = append(slices.Clone(f.GitHub.WebhookSecrets), "env:OTHER")
		}},
		{"a second App", "github.apps", func(f *config.File) { f.GitHub.Apps = []config.App{{AppID: 99}} }},
		{"another GitHub", "github.api_url", func(f *config.File) { f.GitHub.APIURL = "https://github.example" }},
		{"another region", "aws.region", func(f *config.File) { f.AWS.Region = "eu-west-1" }},
		{"another share", "aws.share", func(f *config.File) { f.AWS.Share = 0.5 }},
		{"another key for configs", "aws.kms_key", func(f *config.File) { f.AWS.KMSKey = "alias/other" }},
		{"another queue", "aws.queues", func(f *config.File) { f.AWS.Queues.Events = "https://sqs.example/1/events" }},
		{"another address", "serve.listen", func(f *config.File) { f.Serve.Listen = ":81" }},
		{"another ledger", "serve.ledger", func(f *config.File) { f.Serve.Ledger = "other.db" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := *f
			changed.Pools = slices.Clone(f.Pools)
			changed.Pools[0].Max = 77
			tt.change(&changed)
			if err := p.Reload(&changed); err == nil || !strings.Contains(err.Error(), tt.key) {
				t.Errorf("error %v", err)
			}
			if now := p.Reconciler.Fleet(); now.Name != "acme" || now.Pools[0].Max != 5 || p.cloud.current.Load().Fleet != "acme" {
				t.Errorf("part of it was taken over: %+v", now)
			}
		})
	}
}
