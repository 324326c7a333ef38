package wire

import (
	"context"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/webhooks"
)

// hub is GitHub, by every App that the file has. Their keys are read from where
// it says.
func (m means) hub(ctx context.Context) (*github.Apps, error) {
	first, err := m.app(ctx, "github.private_key", m.file.GitHub.App)
	if err != nil {
		return nil, err
	}
	var others []*github.Client
	for i, a := range m.file.GitHub.Apps {
		c, err := m.app(ctx, fmt.Sprintf("github.apps[%d].private_key", i), a)
		if err != nil {
			return nil, err
		}
		others = append(others, c)
	}
	return github.NewApps(first, others...), nil
}

func (m means) app(ctx context.Context, key string, a config.App) (*github.Client, error) {
	keys, err := m.resolve(ctx, key, a.PrivateKeys)
	if err != nil {
		return nil, err
	}
	c, err := github.New(github.Config{
		AppID: a.AppID, PrivateKeys: keys, BaseURL: m.file.GitHub.APIURL, Now: time.Now, Log: m.log, Decode: webhooks.Decode,
	})
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

// handler takes the first App's webhooks in. Its secrets are read from where the
// file says.
func (m means) handler(ctx context.Context, to webhooks.Recorder, wake func()) (*webhooks.Handler, error) {
	h, err := m.hears(ctx, "github.webhook_secrets", m.file.GitHub.App)
	if err != nil {
		return nil, err
	}
	h.Ledger, h.Wake = to, wake
	return h, h.Check()
}

// others are the handlers of webhooks of more Apps, where those have a secret.
func (m means) others(ctx context.Context, to webhooks.Recorder, gh *github.Apps, wake func()) (all []*webhooks.Handler, err error) {
	for i, a := range m.file.GitHub.Apps {
		if len(a.WebhookSecrets) == 0 {
			continue
		}
		h, err := m.hears(ctx, fmt.Sprintf("github.apps[%d].webhook_secrets", i), a)
		if err != nil {
			return nil, err
		}
		h.Ledger, h.Wake = homed{to, gh}, wake
		all = append(all, h)
	}
	return all, nil
}

func (m means) hears(ctx context.Context, key string, a config.App) (*webhooks.Handler, error) {
	secrets, err := m.resolve(ctx, key, a.WebhookSecrets)
	if err != nil {
		return nil, err
	}
	return &webhooks.Handler{AppID: a.AppID, Secrets: secrets, Now: time.Now, Log: m.log}, nil
}

// homed records what another App tells of a job under the installation that its
// account is known by: a job that two Apps tell of is one job of one class.
type homed struct {
	webhooks.Recorder
	homes interface {
		Home(ctx context.Context, login string, told int64) (int64, error)
	}
}

// Record records events. One whose home is not known is refused, so that GitHub
// keeps it; the first App tells of its job, too.
func (h homed) Record(ctx context.Context, events ...fleet.Event) ([]bool, error) {
	own := make([]fleet.Event, len(events))
	for i, e := range events {
		if e.Job != nil {
			j := *e.Job
			id, err := h.homes.Home(ctx, j.Class.Scope.Owner, j.Class.Scope.Installation)
			if err != nil {
				return nil, fmt.Errorf("home of account %s: %w", j.Class.Scope.Owner, err)
			}
			j.Class.Scope.Installation = id
			e.Job = &j
		}
		own[i] = e
	}
	return h.Recorder.Record(ctx, own...)
}
