//go:build !lambda

package wire

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fleet/config"
)

const fleetFile = `fleet: acme
github:
  app_id: 12345
  private_key: env:TEST_KEY
  webhook_secrets: [env:TEST_SECRET]
aws: {region: us-east-1, subnets: [subnet-aaa], security_groups: [sg-aaa], instance_profile: runfleet-machine}
serve: {ledger: LEDGER}
pools:
  - {name: arm64, labels: [self-hosted, linux, arm64], arch: arm64, max: 5}
`

// opened makes a fleet's parts against an AWS that answers only whose the
// credentials are, or refuses that too.
func opened(t *testing.T, status int) (*Parts, *config.File, error) {
	t.Helper()
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprint(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
			`<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	t.Cleanup(aws.Close)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": aws.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "TEST_SECRET": "hush",
		"TEST_KEY": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	} {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "runfleet.yaml")
	text := strings.ReplaceAll(fleetFile, "LEDGER", filepath.Join(dir, "acme.db"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(t.Context(), f, Role{Manage: true}, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Cleanup(func() { _ = p.Store.Close() })
	}
	return p, f, err
}

func TestConfigsAreTaggedWithTheAccountOfTheCredentials(t *testing.T) {
	p, _, err := opened(t, http.StatusOK)
	if err != nil {
		t.Fatal(err)
	}
	if p.Tokens.Account != "123456789012" {
		t.Errorf("account %q: no machine's ARN would match its config's tag", p.Tokens.Account)
	}
}

func TestRefusedCredentialsAreToldAtTheStart(t *testing.T) {
	if _, _, err := opened(t, http.StatusForbidden); err == nil || !strings.Contains(err.Error(), "whose the credentials are") {
		t.Errorf("error %v", err)
	}
}

func TestAPoolThatIsReadLaterCanBeLaunched(t *testing.T) {
	p, f, err := opened(t, http.StatusOK)
	if err != nil {
		t.Fatal(err)
	}
	later := *f
	added := f.Pools[0]
	added.Name = "arm64-big"
	later.Pools = append(slices.Clone(f.Pools), added)
	if err := p.Reload(&later); err != nil {
		t.Fatal(err)
	}
	if n := len(p.Reconciler.Fleet().Pools); n != 2 {
		t.Errorf("the judgement knows %d pools", n)
	}
	var names []string
	for _, spec := range p.cloud.current.Load().Pools {
		names = append(names, spec.Name)
	}
	if got := strings.Join(names, " "); got != "arm64 arm64-big" {
		t.Errorf("launches know the pools %s", got)
	}
}
