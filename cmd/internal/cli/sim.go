package cli

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/github/githubsim"
)

// sim is the hidden verb's flags.
type sim struct {
	listen, key, webhook, secretEnv, account, repository string
	app                                                  int64
	enterprise                                           string
}

func simCommand() *cobra.Command {
	c := &cobra.Command{Use: "sim", Short: "Serve a simulation as its own process", Hidden: true}
	var s sim
	g := &cobra.Command{
		Use:   "github",
		Short: "Serve a simulated GitHub on loopback; queue jobs by POST /_sim/jobs",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return s.run(c.Context(), c.ErrOrStderr()) },
	}
	f := g.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8090", "loopback address; port 0 takes a free one")
	f.StringVar(&s.key, "private-key", "", "file with the App's private key; tokens are checked against it")
	f.StringVar(&s.webhook, "webhook", "http://127.0.0.1:8080/webhook", "where deliveries go")
	f.StringVar(&s.secretEnv, "webhook-secret-env", "RUNFLEET_WEBHOOK_SECRET", "variable that holds the webhook's secret")
	f.StringVar(&s.account, "account", "acme", "organisation that installed the App")
	f.StringVar(&s.repository, "repository", "widgets", "its private repository")
	f.Int64Var(&s.app, "app", 12345, "the App's id")
	f.StringVar(&s.enterprise, "enterprise", "", "version of a GitHub Enterprise Server to be, such as 3.17.2: its API is below /api/v3")
	c.AddCommand(g)
	return c
}

func (s sim) run(ctx context.Context, out io.Writer) error {
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("%w: --listen must be a loopback address with a port, such as 127.0.0.1:8090", errUsage)
	}
	public, err := publicKey(s.key)
	if err != nil {
		return usage(err)
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	at := listener.Addr().String() // with the port that was free, if --listen left it open
	base := "http://" + at
	if s.enterprise != "" {
		base += "/api/v3"
	}
	gh := githubsim.New(githubsim.Config{
		Seed: 1, Now: time.Now, After: func(d time.Duration, f func()) { time.AfterFunc(d, f) }, AppID: s.app, PublicKey: public,
		BaseURL: base, Enterprise: s.enterprise, WebhookURL: s.webhook, WebhookSecret: os.Getenv(s.secretEnv), Admin: true,
		Deliver: githubsim.HTTPDeliver(&http.Client{Timeout: 10 * time.Second}),
	})
	gh.AddInstallation(githubsim.Installation{ID: 1, Account: s.account})
	if err := gh.AddRepository(githubsim.Repository{Owner: s.account, Name: s.repository, Private: true}); err != nil {
		return err
	}
	fmt.Fprintf(out, "a simulated GitHub at %s, webhooks to %s\n", base, s.webhook)
	h := &http.Server{Handler: gh, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = h.Close() })
	defer stop()
	if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// publicKey reads the public half of a private key file; nil without a file.
func publicKey(path string) (*rsa.PublicKey, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block", path)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return &key.PublicKey, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s holds no RSA private key", path)
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds no RSA private key", path)
	}
	return &rsaKey.PublicKey, nil
}
