package lambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/runfleet/runfleet/webhooks"
)

// webhook is the function with a URL.
type webhook struct {
	parts *parts[*webhooks.Handler]
}

// request is an HTTP request as a function's URL hands it over (format 2.0).
// Headers have names in small letters, and one value each.
type request struct {
	Path    string            `json:"rawPath"`
	Headers map[string]string `json:"headers"`
	Context struct {
		HTTP struct {
			Method string `json:"method"`
			Source string `json:"sourceIp"`
		} `json:"http"`
	} `json:"requestContext"`
	Body    string `json:"body"`
	Encoded bool   `json:"isBase64Encoded"`
}

// reply is what a function's URL answers.
type reply struct {
	Status  int               `json:"statusCode"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

func (f *webhook) handle(ctx context.Context, payload []byte) (any, error) {
	var in request
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	r, err := in.http(ctx)
	if err != nil {
		return reply{Status: http.StatusBadRequest}, nil
	}
	w := &writer{header: http.Header{}, status: http.StatusOK}
	f.parts.get(ctx).ServeHTTP(w, r)
	out := reply{Status: w.status, Headers: map[string]string{}, Body: w.body.String()}
	for name := range w.header {
		out.Headers[name] = w.header.Get(name)
	}
	return out, nil
}

// http is the request as a server would have it.
func (in request) http(ctx context.Context) (*http.Request, error) {
	body := []byte(in.Body)
	if in.Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(in.Body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, in.Context.HTTP.Method, "https://function", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL.Path, r.RemoteAddr = in.Path, in.Context.HTTP.Source
	for name, value := range in.Headers {
		r.Header.Set(name, value)
	}
	return r, nil
}

// writer keeps an answer.
type writer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *writer) Header() http.Header         { return w.header }
func (w *writer) WriteHeader(status int)      { w.status = status }
func (w *writer) Write(p []byte) (int, error) { return w.body.Write(p) }
