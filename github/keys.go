package github

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/bradleyfalzon/ghinstallation/v2"
)

// keysMost is how many private keys an App may have here: two while one takes
// the other's place.
const keysMost = 2

// keys sign as the App. They are held by functions, so that printing a Client
// never prints them.
type keys struct {
	app   int64
	by    []func(http.RoundTripper) (*ghinstallation.AppsTransport, error)
	known atomic.Int32 // index of the one that GitHub knew last
	log   *slog.Logger
}

func (k *keys) check(app int64, pems [][]byte) error {
	if len(pems) == 0 || len(pems) > keysMost {
		return fmt.Errorf("private keys of GitHub App %d: %d, want one, or two while rotating", app, len(pems))
	}
	k.app = app
	for i, pem := range pems {
		by := func(next http.RoundTripper) (*ghinstallation.AppsTransport, error) {
			return ghinstallation.NewAppsTransport(next, app, pem)
		}
		if _, err := by(http.DefaultTransport); err != nil {
			// The parser's own words are left out: nothing promises that they
			// quote no part of the key.
			which := "private key"
			if len(pems) > 1 {
				which = fmt.Sprintf("private key %d", i+1)
			}
			return fmt.Errorf("%s of GitHub App %d: not an RSA key in PEM form (%d bytes)", which, app, len(pem))
		}
		k.by = append(k.by, by)
	}
	return nil
}

// sign is a RoundTripper that signs as the App, above one that sends.
func (k *keys) sign(next http.RoundTripper) (*ghinstallation.AppsTransport, error) {
	if len(k.by) > 1 {
		other, err := k.by[1](next)
		if err != nil {
			return nil, errKey
		}
		next = &rotation{keys: k, next: next, other: other}
	}
	signed, err := k.by[0](next)
	if err != nil {
		return nil, errKey
	}
	return signed, nil
}

var errKey = errors.New("sign in as GitHub App: private key cannot be used")

// rotation is below the signature of an App's first key. It signs anew with the
// second where GitHub does not know the first, and stays with the one that
// GitHub knows.
type rotation struct {
	*keys
	next  http.RoundTripper
	other http.RoundTripper // signs with the second key, and sends
}

// RoundTrip sends what is signed with a key; a token's signature it leaves alone.
func (r *rotation) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(req.Header.Get("Authorization"), "Bearer ") {
		return r.next.RoundTrip(req)
	}
	by := [keysMost]http.RoundTripper{r.next, r.other}
	first := r.known.Load()
	again, ok := anew(req)
	resp, err := by[first].RoundTrip(req)
	if err != nil || !ok || !unknownKey(resp) {
		return resp, err
	}
	second, err := by[1-first].RoundTrip(again)
	if err != nil || second.StatusCode == http.StatusUnauthorized {
		return resp, nil
	}
	_ = resp.Body.Close()
	if r.known.CompareAndSwap(first, 1-first) {
		r.log.WarnContext(req.Context(), "GitHub does not know one of the App's private keys, the other is used from now on",
			"app", r.app, "unknown", first+1, "used", 2-first)
	}
	return second, nil
}

// unknownKey tells a signature that GitHub cannot check from other refusals.
func unknownKey(resp *http.Response) bool {
	if resp.StatusCode != http.StatusUnauthorized {
		return false
	}
	body, err := keepBody(resp)
	return err == nil && bytes.Contains(body, []byte("could not be decoded"))
}
