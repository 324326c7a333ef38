package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// runtime is Lambda's Runtime API, version 2018-06-01, as one sandbox has it.
type runtime struct {
	base   string // http://HOST:PORT/2018-06-01/runtime
	client *http.Client
}

func newRuntime(address string) *runtime {
	// No time limit: Lambda freezes the sandbox until there is an invocation.
	return &runtime{base: "http://" + address + "/2018-06-01/runtime", client: &http.Client{Transport: &http.Transport{}}}
}

// invocation is what a sandbox is asked to do.
type invocation struct {
	id       string
	deadline time.Time // Lambda ends the sandbox then; zero: it did not say
	payload  []byte
}

// next waits for an invocation.
func (r *runtime) next(ctx context.Context) (invocation, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"/invocation/next", nil)
	if err != nil {
		return invocation{}, err
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return invocation{}, fmt.Errorf("next invocation: %w", err)
	}
	defer answer.Body.Close()
	payload, err := io.ReadAll(answer.Body)
	if err != nil {
		return invocation{}, fmt.Errorf("next invocation: %w", err)
	}
	in := invocation{id: answer.Header.Get("Lambda-Runtime-Aws-Request-Id"), payload: payload}
	if answer.StatusCode != http.StatusOK || in.id == "" {
		return invocation{}, fmt.Errorf("next invocation: %s", answer.Status)
	}
	if ms, err := strconv.ParseInt(answer.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64); err == nil {
		in.deadline = time.UnixMilli(ms)
	}
	return in, nil
}

// post answers. Lambda takes no more from a sandbox whose answer it refuses.
func (r *runtime) post(ctx context.Context, path string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	if answer.StatusCode >= 300 {
		return fmt.Errorf("answer: %s", answer.Status)
	}
	return nil
}

// failure is an error as Lambda shows it.
func failure(err error) []byte {
	body, bad := json.Marshal(map[string]string{"errorType": "runfleet", "errorMessage": err.Error()})
	if bad != nil {
		panic(bad) // two strings
	}
	return body
}

// refuse says that the sandbox could not be made ready.
func (r *runtime) refuse(ctx context.Context, err error) error {
	return r.post(ctx, "/init/error", failure(err))
}

// handler is what a function does. Its answer becomes JSON.
type handler interface {
	handle(ctx context.Context, payload []byte) (answer any, err error)
}

// serve handles invocations until the context ends, one after the other.
func (r *runtime) serve(ctx context.Context, h handler) error {
	for ctx.Err() == nil {
		in, err := r.next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if err := r.answer(ctx, h, in); err != nil {
			return err
		}
	}
	return nil
}

func (r *runtime) answer(ctx context.Context, h handler, in invocation) error {
	one, cancel := context.WithCancel(ctx)
	if !in.deadline.IsZero() {
		one, cancel = context.WithDeadline(ctx, in.deadline)
	}
	defer cancel()
	answer, err := h.handle(one, in.payload)
	var body []byte
	if err == nil {
		body, err = json.Marshal(answer)
	}
	path := "/invocation/" + in.id
	if err != nil {
		return r.post(context.WithoutCancel(ctx), path+"/error", failure(err))
	}
	return r.post(context.WithoutCancel(ctx), path+"/response", body)
}
