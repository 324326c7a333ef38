package github

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Senders are the Apps whose deliveries can be read back, by number: those that
// have something that decodes them. The first App comes first.
func (a *Apps) Senders() (apps []int64) {
	for _, s := range a.all {
		if s.decode != nil {
			apps = append(apps, s.app)
		}
	}
	return apps
}

// Lost is Client.Lost of one of the Apps. GitHub keeps each App's deliveries
// apart, each under a GUID of its own though two tell of one event.
func (a *Apps) Lost(ctx context.Context, app int64, since time.Time) ([]fleet.Event, time.Time, error) {
	i := slices.IndexFunc(a.all, func(s *installed) bool { return s.app == app })
	if i < 0 {
		return nil, since, fmt.Errorf("read back deliveries of App %d: %w: there is no such App", app, fleet.ErrConfig)
	}
	return a.all[i].Lost(ctx, since)
}
