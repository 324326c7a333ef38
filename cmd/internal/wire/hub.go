package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/webhooks"
)

// hub is GitHub, by every App that the file has. Their keys are read from where
// it says. One of github.apps that has none there is left out, see leftOut.
func (m means) hub(ctx context.Context) (*github.Apps, error) {
	first, err := m.app(ctx, "github.private_key", m.file.GitHub.App)
	if err != nil {
		return nil, err
	}
	var others []*github.Client
	for i, a := range m.file.GitHub.Apps {
		c, err := m.app(ctx, keyOf(i), a)
		if err != nil {
			if err := m.leftOut(ctx, a, err); err != nil {
				return nil, err
			}
		}
		others = append(others, c)
	}
	return github.NewApps(first, others...), nil
}

// keyOf and secretsOf are the keys of the fleet file of one of github.apps.
func keyOf(i int) string     { return fmt.Sprintf("github.apps[%d].private_key", i) }
func secretsOf(i int) string { return fmt.Sprintf("github.apps[%d].webhook_secrets", i) }

// leftOut goes on without one of github.apps whose key or secrets are not where
// the file says: it is extra allowance, and the first App serves without it. Where
// that was not answered, the error stays one.
func (m means) leftOut(ctx context.Context, a config.App, err error) error {
	if unheard(err) {
		return err
	}
	m.log.ErrorContext(ctx, "one of github.apps is left out until the next start", "app", a.AppID, "error", err)
	return nil
}

// unheard reports whether an error says nothing of what was asked for.
func unheard(err error) bool {
	return errors.Is(err, fleet.ErrUnknownOutcome) || errors.Is(err, fleet.ErrThrottled)
}

func (m means) app(ctx context.Context, key string, a config.App) (*github.Client, error) {
	keys, err := m.resolve(ctx, key, a.PrivateKeys)
	if err != nil {
		return nil, err
	}
	cfg := github.Config{AppID: a.AppID, PrivateKeys: keys, BaseURL: m.file.GitHub.APIURL, Now: time.Now, Log: m.log}
	if len(a.WebhookSecrets) > 0 {
		cfg.Decode = webhooks.Decode // what an App that has no webhook here could send is not missed
	}
	c, err := github.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return c, nil
}

func (m means) resolve(ctx context.Context, key string, refs []config.Secret) (all [][]byte, err error) {
	for i, ref := range refs {
		secret, err := m.secrets.Resolve(ctx, string(ref))
		if err != nil {
			if len(refs) > 1 {
				key = fmt.Sprintf("%s[%d]", key, i)
			}
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		all = append(all, secret)
	}
	return all, nil
}

// handler takes the webhooks of every App in that has a secret for them. The
// secrets are read from where the file says.
func (m means) handler(ctx context.Context, to webhooks.Recorder, wake func()) (*webhooks.Handler, error) {
	h, err := m.hears(ctx, "github.webhook_secrets", m.file.GitHub.App)
	if err != nil {
		return nil, err
	}
	h.Ledger, h.Wake = to, wake
	if h.Others, err = m.others(ctx, to, wake); err != nil {
		return nil, err
	}
	return h, h.Check()
}

func (m means) hears(ctx context.Context, key string, a config.App) (*webhooks.Handler, error) {
	secrets, err := m.resolve(ctx, key, a.WebhookSecrets)
	if err != nil {
		return nil, err
	}
	return &webhooks.Handler{AppID: a.AppID, Secrets: secrets, Now: time.Now, Log: m.log}, nil
}

// others are the handlers of webhooks of more Apps, where those have a secret; one
// whose secret is not where the file says is left out, see leftOut. A job that two
// Apps tell of is one job: whoever looks gives it the home that its account has.
func (m means) others(ctx context.Context, to webhooks.Recorder, wake func()) (all []*webhooks.Handler, err error) {
	for i, a := range m.file.GitHub.Apps {
		if len(a.WebhookSecrets) == 0 {
			continue
		}
		h, err := m.hears(ctx, secretsOf(i), a)
		if err == nil {
			h.Ledger, h.Wake = to, wake
			all = append(all, h)
		} else if err := m.leftOut(ctx, a, err); err != nil {
			return nil, err
		}
	}
	return all, nil
}
