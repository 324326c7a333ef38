package integration_test

import (
	"net/http/httptest"
	"testing"

	"github.com/runfleet/runfleet/provision/awsproxy"
)

// proxy stands between the program and moto. It counts calls, and plays what
// moto cannot.
type proxy struct {
	*awsproxy.Proxy
	url string
}

func newProxy(t *testing.T, moto string, seed uint64) *proxy {
	t.Helper()
	p, err := awsproxy.New(moto, seed)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return &proxy{p, s.URL}
}
