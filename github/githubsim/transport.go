package githubsim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	w := &response{header: http.Header{}}
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			resp, err = nil, errors.New("read tcp: connection reset by peer")
		} else if p != nil {
			panic(p)
		}
	}()
	t.Server.ServeHTTP(w, r)
	return w.result(r), nil
}

// response is an http.ResponseWriter that keeps what it is given.
type response struct {
	header http.Header
	sent   http.Header // the header when the status was written
	status int         // 0 until then
	body   bytes.Buffer
}

// Header can be changed until the status is written.
func (w *response) Header() http.Header { return w.header }

// WriteHeader counts once, as on a connection.
func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *response) result(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK) // a handler that writes nothing means it
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}
