package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

func TestAStandingPoolHasTheOneAccountThatIsAllowed(t *testing.T) {
	f := parse(t, "f", []byte(head(t)+"  - {name: a, labels: [self-hosted], arch: arm64, max: 1, lifetime: standing}\n"))
	want := fleet.Pool{
		Name: "a", Labels: "self-hosted", Arch: fleet.ARM64, Max: 1, Lifetime: fleet.Standing, Account: "acme",
		Market: fleet.OnDemand, Registration: fleet.Token,
	}.WithDefaults()
	if diff := cmp.Diff(want, f.Pools[0].Pool); diff != "" {
		t.Errorf("pool (-want +got):\n%s", diff)
	}
	text := strings.Replace(head(t), "  allow: [{login: acme, id: 1}]\n", "", 1)
	_, err := Parse("f", []byte(text+"  - {name: a, labels: [self-hosted], arch: arm64, max: 1, lifetime: standing}\n"))
	if err == nil || !strings.Contains(err.Error(), "pools[0].lifetime: standing runners need an account; name it by account, and under github.allow") {
		t.Errorf("without any account: %v", err)
	}
}
