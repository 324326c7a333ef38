package integration_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const fleetFile = `fleet: %[1]s
github:
  app_id: %[2]d
  private_key: ssm:/runfleet/%[1]s/settings/github-private-key
  webhook_secrets: [ssm:/runfleet/%[1]s/settings/webhook-secret]
  allow: [{login: acme, id: 1001}]
  api_url: %[3]s
aws:
  region: us-east-1
  subnets: [%[4]s]
  security_groups: [%[5]s]
  instance_profile: runfleet-machine
  tags: {team: ci}
serve: {listen: "127.0.0.1:0", ledger: %[6]s}
pools:
%[7]s`

// site is a fleet with an AWS account and a GitHub of its own.
type site struct {
	t     *testing.T
	fleet string
	dir   string
	env   []string
	aws   *account
	hub   *hub
}

// newSite makes the accounts, the fleet's secrets, and starts GitHub. The
// fleet's name begins as said.
func newSite(t *testing.T, fleet string) *site {
	t.Helper()
	address := moto(t)
	// A server that runs for longer sees each fleet's name once.
	fleet += "-" + strings.ToLower(rand.Text()[:8])
	s := &site{t: t, fleet: fleet, dir: t.TempDir(), aws: newAccount(t, address)}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	keyFile := s.file("key.pem", string(text))
	s.aws.put("/runfleet/"+fleet+"/settings/github-private-key", string(text))
	s.aws.put("/runfleet/"+fleet+"/settings/webhook-secret", secret)
	// Nothing else of the environment: no profile of a real account, no proxy.
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "AWS_ENDPOINT_URL=" + address, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=moto", "AWS_SECRET_ACCESS_KEY=moto", "RUNFLEET_WEBHOOK_SECRET=" + secret,
	}
	sim := start(t, s.env, "sim", "github", "--listen", "127.0.0.1:0", "--private-key", keyFile, "--app", fmt.Sprint(appID))
	url, _, _ := strings.Cut(sim.says("a simulated GitHub at "), ",")
	s.hub = &hub{t: t, url: url, key: key}
	return s
}

func (s *site) file(name, text string) (path string) {
	s.t.Helper()
	path = filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// write writes the fleet file of a ledger. IMAGE-arm64 and IMAGE-x86_64 in the
// pools are filled in.
func (s *site) write(ledger, pools string) (path string) {
	s.t.Helper()
	for arch, image := range s.aws.images {
		pools = strings.ReplaceAll(pools, "IMAGE-"+arch, image)
	}
	return s.file(ledger+".yaml", fmt.Sprintf(fleetFile, s.fleet, appID, s.hub.url,
		strings.Join(s.aws.subnets, ", "), s.aws.group, filepath.Join(s.dir, ledger+".db"), pools))
}

// serve starts a manager, and sends it GitHub's webhooks.
func (s *site) serve(file string, flags ...string) *process {
	s.t.Helper()
	p := start(s.t, s.env, append([]string{"serve", "--config", file}, flags...)...)
	at, _, _ := strings.Cut(p.says("webhooks at "), ",")
	p.url = strings.TrimSuffix(at, "/webhook")
	s.hub.point(at)
	return p
}

// verb runs a verb to its end.
func (s *site) verb(file string, args ...string) (code int, out string) {
	s.t.Helper()
	c := exec.CommandContext(s.t.Context(), program, append(args, "--config", file)...)
	var text bytes.Buffer
	c.Env, c.Stdout, c.Stderr = s.env, &text, &text
	var failed *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &failed) {
		s.t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), text.String()
}

// tells checks that a verb succeeds and says each of some texts.
func (s *site) tells(file, verb string, wants ...string) {
	s.t.Helper()
	code, out := s.verb(file, strings.Fields(verb)...)
	for _, want := range wants {
		if code != 0 || !strings.Contains(out, want) {
			s.t.Errorf("%s: exit %d, and not %q:\n%s", verb, code, want, out)
		}
	}
}

// status waits until the first line of status is as said, after the fleet's name.
func (s *site) status(file, want string) {
	s.t.Helper()
	until(s.t, slow, "status "+want, func() string {
		_, out := s.verb(file, "status")
		if strings.HasPrefix(out, "fleet "+s.fleet+": "+want) {
			return ""
		}
		return out
	})
}
