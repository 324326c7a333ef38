//go:build !lambda

package wire

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
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
	return openedAs(t, status, fleetFile, io.Discard)
}

// openedAs is opened with another fleet file, and a log.
func openedAs(t *testing.T, status int, file string, log io.Writer) (*Parts, *config.File, error) {
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
	text := strings.ReplaceAll(file, "LEDGER", filepath.Join(dir, "acme.db"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(t.Context(), f, Role{Manage: true}, slog.New(slog.NewTextHandler(log, nil)))
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

func TestAnAppWithoutItsSecretsIsLeftOutAndTheOthersServe(t *testing.T) {
	const secrets = "webhook_secrets: [env:TEST_SECRET]"
	const apps = "\n  apps:\n" +
		"    - {app_id: 7, private_key: 'env:NO_KEY', webhook_secrets: ['env:TEST_SECRET']}\n" +
		"    - {app_id: 8, private_key: 'env:TEST_KEY', webhook_secrets: ['env:NO_SECRET']}\n" +
		"    - {app_id: 9, private_key: 'env:TEST_KEY', webhook_secrets: ['env:TEST_SECRET']}"
	var log strings.Builder
	p, _, err := openedAs(t, http.StatusOK, strings.Replace(fleetFile, secrets, secrets+apps, 1), &log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`app=7 error="github.apps[0].private_key: `, `app=8 error="github.apps[1].webhook_secrets: `} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in %s", want, log.String())
		}
	}
	var unread []string
	for _, x := range p.means.unread(t.Context()) {
		unread = append(unread, x.Key)
	}
	if want := []string{"github.apps[0].private_key", "github.apps[1].webhook_secrets"}; !slices.Equal(unread, want) {
		t.Errorf("a check tells of %v", unread)
	}
	if got := p.hub.Senders(); !slices.Equal(got, []int64{12345, 8, 9}) {
		t.Errorf("deliveries of the Apps %v are read back", got)
	}
	var heard []int64
	for _, h := range p.Handler.Others {
		heard = append(heard, h.AppID)
	}
	if !slices.Equal(heard, []int64{7, 9}) {
		t.Errorf("beside the first the Apps %v are heard", heard)
	}
}

func TestTheFirstAppIsNeverLeftOut(t *testing.T) {
	_, _, err := openedAs(t, http.StatusOK, strings.Replace(fleetFile, "env:TEST_KEY", "env:NO_KEY", 1), io.Discard)
	if err == nil || !strings.HasPrefix(err.Error(), "github.private_key: ") {
		t.Errorf("error %v", err)
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
