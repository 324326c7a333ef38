package wire

import (
	"context"

	"github.com/runfleet/runfleet/webhooks"
)

// others are the handlers of webhooks of more Apps, where those have a secret; one
// whose secret is not where the file says is left out, see leftOut. A
// job that two Apps tell of is one job: whoever looks gives it the home that its
// account has.
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
