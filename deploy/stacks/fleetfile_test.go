package stacks

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAFleetFileIsReadByItsOwnRulesAndThoseOfFunctions(t *testing.T) {
	good, err := os.ReadFile(acme.FleetFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		old, new string // what is changed in the good file
		config   func(*Config)
		want     []string
	}{
		{"another fleet's file", "fleet: acme", "fleet: other", nil, []string{"it is the file of fleet other, and fleet says acme"}},
		{"another region's", "us-east-1", "eu-west-1", nil, []string{"its region is eu-west-1, and region says us-east-1"}},
		{"a private key in a file", "ssm:/runfleet/acme/settings/github-private-key", "file:key.pem", nil, []string{"secret 1 of github must begin with ssm:"}},
		{"a webhook secret in a variable", "ssm:/runfleet/acme/settings/webhook-secret", "env:SECRET", nil, []string{"secret 2 of github must begin with ssm:"}},
		{"another App's key in a file", "  webhook_secrets", "  apps: [{app_id: 9, private_key: file:b.pem}]\n  webhook_secrets", nil, []string{"private_key of github.apps[0] must begin with ssm:"}},
		{"another App's webhook secret in a variable", "  webhook_secrets", "  apps: [{app_id: 9, private_key: ssm:/b, webhook_secrets: [\"env:C\"]}]\n  webhook_secrets", nil, []string{"webhook_secrets of github.apps[0] must begin with ssm:"}},
		{"a key that the roles are not told of", "aws:\n", "aws:\n  kms_key: 01234567-89ab-cdef-0123-456789abcdef\n", nil, []string{"say its ARN as kms_key too"}},
		{"a key that the file does not name", "", "", func(c *Config) { c.KMSKey = "arn:aws:kms:us-east-1:111122223333:key/0a" }, []string{"it names no key under aws.kms_key"}},
		{"a file that is wrong by its own rules", "max: 100", "max: 0", nil, []string{"acme.yaml:", "max"}},
		{"two mistakes", "fleet: acme", "fleet: acme\nflet: acme\nserv: {}", nil, []string{"flet", "serv"}},
		{"no file", "", "", func(c *Config) { c.FleetFile = "testdata/absent.yaml" }, []string{"fleet_file: open testdata/absent.yaml"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := acme
			c.FleetFile = write(t, "acme.yaml", strings.Replace(string(good), tt.old, tt.new, 1))
			if tt.config != nil {
				tt.config(&c)
			}
			_, err := readFleetFile(c)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestTheSecretsOfAFleetFileAreParameters(t *testing.T) {
	good, err := os.ReadFile(acme.FleetFile)
	if err != nil {
		t.Fatal(err)
	}
	c := acme
	text := strings.Replace(string(good), "settings/webhook-secret]", "settings/webhook-secret, ssm:/elsewhere/next]", 1)
	c.FleetFile = write(t, "acme.yaml", strings.Replace(text, "  webhook_secrets", "  apps: [{app_id: 9, private_key: ssm:/b, webhook_secrets: [ssm:/c]}]\n  webhook_secrets", 1))
	got, err := readFleetFile(c)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.privateKeys, []string{"/runfleet/acme/settings/github-private-key", "/b"}) {
		t.Errorf("private keys at %q", got.privateKeys)
	}
	if diff := cmp.Diff([]string{"/runfleet/acme/settings/webhook-secret", "/elsewhere/next", "/c"}, got.webhookSecrets); diff != "" {
		t.Errorf("webhook secrets (-want +got):\n%s", diff)
	}
}
