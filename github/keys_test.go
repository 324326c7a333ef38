package github_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/github"
	"github.com/runfleet/runfleet/github/githubsim"
)

// rotating is a Client with two keys of the App, and the log of both.
type rotating struct {
	*simulated
	pems [2][]byte
	keys [2]*rsa.PublicKey
	log  bytes.Buffer
}

func rotate(t *testing.T, known int) *rotating {
	t.Helper()
	r := &rotating{}
	for i := range r.keys {
		key, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		r.keys[i], r.pems[i] = &key.PublicKey, pemOf(key)
	}
	r.simulated = simulate(t, func(c *githubsim.Config) { c.PublicKey = r.keys[known] })
	r.Client = client(t, github.Config{
		AppID: 1, PrivateKeys: r.pems[:], Transport: shape(t, githubsim.Transport{Server: r.sim}), Now: func() time.Time { return r.now },
		Log: slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	return r
}

// list is a call that needs a new token each time: an hour passes before it.
func (r *rotating) list() {
	r.t.Helper()
	r.run(time.Hour)
	_, err := r.Runners(r.t.Context(), acme, "")
	r.must(err)
}

func TestWhileAKeyIsRotatedTheOneThatGitHubKnowsIsUsed(t *testing.T) {
	const first, second = "unknown=1 used=2", "unknown=2 used=1"
	for name, tt := range map[string]struct {
		known []int // the key that GitHub knows, from call to call
		want  []string
		asked int // token requests
	}{
		"it knows the first":                         {[]int{0, 0, 0}, nil, 3},
		"it knows the second":                        {[]int{1, 1, 1}, []string{first}, 4},
		"the first is deleted while the fleet runs":  {[]int{0, 1, 1}, []string{first}, 4},
		"the second is deleted again: a second line": {[]int{1, 0, 0}, []string{first, second}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			r := rotate(t, tt.known[0])
			for _, k := range tt.known {
				r.sim.SetKey(r.keys[k])
				r.list()
			}
			var told []string
			for line := range strings.Lines(r.log.String()) {
				_, text, _ := strings.Cut(strings.TrimSpace(line), "app=1 ")
				told = append(told, text)
			}
			if diff := cmp.Diff(tt.want, told); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
			if n := r.sim.Calls()["access-token"]; n != tt.asked {
				t.Errorf("%d token requests, want %d", n, tt.asked)
			}
		})
	}
}

func TestManyCallsThatFindAKeyUnknownSayItOnce(t *testing.T) {
	r := rotate(t, 1)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := r.Installations(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(r.log.String(), "\n"); n != 1 {
		t.Errorf("%d lines: %s", n, &r.log)
	}
}

func TestWithoutAKeyThatGitHubKnowsItsRefusalIsTold(t *testing.T) {
	r := rotate(t, 0)
	other, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	r.sim.SetKey(&other.PublicKey)
	for range 3 {
		_, err = r.Runners(t.Context(), acme, "")
		const want = "list runners of acme: configuration refused: token for installation 7 with organization_self_hosted_runners=write: " +
			"401 A JSON web token could not be decoded"
		if fmt.Sprint(err) != want {
			t.Errorf("error %v", err)
		}
	}
	// Each call asks with both keys, and none is said to be the right one.
	if n := r.sim.Calls()["access-token"]; n != 6 || r.log.Len() != 0 {
		t.Errorf("%d token requests, log %s", n, &r.log)
	}
}

func TestNoKeyIsEverTold(t *testing.T) {
	r := rotate(t, 1)
	r.list()
	_, err := r.Run(t.Context(), fleet.Repository{Scope: acme, Name: "acme/nothing"}, 1)
	_, torn := github.New(github.Config{AppID: 1, PrivateKeys: [][]byte{r.pems[0], r.pems[1][:200]}})
	text := fmt.Sprintf("%s %v %v %+v %#v", &r.log, err, torn, r.Client, r.Client)
	for _, key := range r.pems {
		for line := range strings.Lines(string(key)) {
			if line = strings.TrimSpace(line); len(line) > 8 && strings.Contains(text, line) {
				t.Errorf("%q is told in %s", line, text)
			}
		}
	}
	if strings.Contains(text, "eyJ") {
		t.Error("a signature is told")
	}
}
