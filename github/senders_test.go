package github_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/webhooks"
)

func TestDeliveriesAreReadBackOfTheAppsThatSendThem(t *testing.T) {
	made := func(app int64, sends bool) *github.Client {
		cfg := github.Config{AppID: app, PrivateKeys: [][]byte{privateKey(t)}}
		if sends {
			cfg.Decode = webhooks.Decode
		}
		return client(t, cfg)
	}
	apps := github.NewApps(made(1, true), made(2, false), made(3, true))
	if diff := cmp.Diff([]int64{1, 3}, apps.Senders()); diff != "" {
		t.Errorf("senders (-want +got):\n%s", diff)
	}
	if _, since, err := apps.Lost(t.Context(), 9, noon); !errors.Is(err, fleet.ErrConfig) || !since.Equal(noon) {
		t.Errorf("of an App that is none of ours: %s, %v", since.Format(time.TimeOnly), err)
	}
}
