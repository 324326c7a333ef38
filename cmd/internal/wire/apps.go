//go:build !lambda

package wire

import (
	"context"
	"fmt"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/webhooks"
)

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
