package world

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"

	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/webhooks"
)

// The other App, where there is one.
const (
	secondApp          = 54321
	secondInstallation = 78
	secondSecret       = "the other App's simulated webhook secret"
)

// hears takes the webhooks of one App in.
func (w *World) hears(app int64, secret string) *webhooks.Handler {
	return &webhooks.Handler{Secrets: [][]byte{[]byte(secret)}, AppID: app, Ledger: w.Store, Now: w.clock, Log: w.cfg.Log, Wake: w.wake}
}

// apps is GitHub by every App, which have one key: nothing is drawn from it.
func (w *World) apps(key *rsa.PrivateKey, base string, transport http.RoundTripper) (*github.Apps, error) {
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	var all []*github.Client
	for _, app := range []int64{appID, secondApp} {
		c, err := github.New(github.Config{
			AppID: app, PrivateKeys: [][]byte{pemKey}, BaseURL: base, Transport: transport, Now: w.clock, Log: w.cfg.Log, Decode: webhooks.Decode,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		if !w.cfg.Second {
			break
		}
	}
	return github.NewApps(all[0], all[1:]...), nil
}
