package githubsim

import (
	"errors"
	"net/http"
	"net/http/httptest"
)

// Transport calls the server in process, without sockets, on the caller's
// goroutine.
type Transport struct{ Server *Server }

// RoundTrip answers as the server does. A reply that is to be lost is a broken
// connection.
func (t Transport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			resp, err = nil, errors.New("read tcp: connection reset by peer")
		} else if p != nil {
			panic(p)
		}
	}()
	t.Server.ServeHTTP(w, r)
	resp = w.Result()
	resp.Request = r
	return resp, nil
}
