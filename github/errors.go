package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// call is one thing that we ask of GitHub.
type call struct {
	op           string // operation and subject: the head of its errors
	installation int64
	// means says what statuses mean where this call differs from the usual.
	means map[int]error
}

// wrap puts the operation before an error that has its meaning already.
func (k call) wrap(err error) error { return fmt.Errorf("%s: %w", k.op, err) }

// unanswered is an error for which the effect may or may not be there.
func (k call) unanswered(text string) error {
	return fmt.Errorf("%s: %w: %s", k.op, fleet.ErrUnknownOutcome, clean(text))
}

// fail translates an error of go-github or ghinstallation into the fleet's
// words. Foreign errors end here: only their text goes on, cleaned.
func (c *Client) fail(ctx context.Context, k call, err error) error {
	var limit *fleet.LimitedError
	if errors.As(err, &limit) {
		return k.wrap(limit)
	}
	var token *ghinstallation.HTTPError
	if errors.As(err, &token) && token.Response != nil {
		var of tokenError
		if e := (*tokenError)(nil); errors.As(err, &e) {
			of = *e
		}
		return c.refusedToken(k, of.needs, token.Response)
	}
	var answer *github.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil {
		return c.refused(ctx, k, answer)
	}
	// What is left never became an answer: the network, a deadline, a body
	// that broke off, or a 202 with nothing in it.
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			return fmt.Errorf("%s: %w: %w", k.op, fleet.ErrUnknownOutcome, ended)
		}
	}
	return k.unanswered(err.Error())
}

// refusedToken is about the request before the request. Its 404 means that
// the installation is gone, never that a runner or job is; its 422, that the App
// was not granted the permission.
func (c *Client) refusedToken(k call, p permission, resp *http.Response) error {
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body) // kept by limits, so it cannot fail
	text := fmt.Sprintf("token for installation %d with %s: %d %s", k.installation, p, resp.StatusCode, refusal(resp, body))
	gone := resp.StatusCode == http.StatusNotFound || suspended(resp.StatusCode, text)
	if gone && k.installation != theApp {
		return k.wrap(&fleet.ShutError{Installation: k.installation, Text: text})
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
		return fmt.Errorf("%s: %w: %s", k.op, fleet.ErrConfig, text)
	}
	return k.unanswered(text)
}

func (c *Client) refused(ctx context.Context, k call, answer *github.ErrorResponse) error {
	status := answer.Response.StatusCode
	text := fmt.Sprintf("%d %s", status, clean(said(answer)))
	if needs := answer.Response.Header.Get("X-Accepted-Github-Permissions"); status == http.StatusForbidden && needs != "" {
		c.log.WarnContext(ctx, "GitHub refuses the App",
			"call", k.op, "installation", k.installation, "text", text, "needs", clean(needs))
	}
	if suspended(status, text) && k.installation != theApp {
		return k.wrap(&fleet.ShutError{Installation: k.installation, Text: text})
	}
	if meaning, ok := k.means[status]; ok {
		return fmt.Errorf("%s: %w: %s", k.op, meaning, text)
	}
	switch {
	case status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusUnprocessableEntity,
		status == http.StatusUnauthorized && k.installation == theApp: // it does not know the key
		return fmt.Errorf("%s: %w: %s", k.op, fleet.ErrConfig, text)
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout:
		return k.unanswered(text)
	}
	return fmt.Errorf("%s: %s", k.op, text)
}

// suspended tells an installation that was stopped from other refusals.
func suspended(status int, text string) bool {
	return status == http.StatusForbidden && strings.Contains(text, "has been suspended")
}

// said joins GitHub's message and its details, where it sends any.
func said(answer *github.ErrorResponse) string {
	parts := []string{answer.Message}
	for _, e := range answer.Errors {
		parts = append(parts, strings.TrimSpace(strings.Join([]string{e.Resource, e.Field, e.Code, e.Message}, " ")))
	}
	if text := strings.TrimSpace(strings.Join(parts, " ")); text != "" {
		return text
	}
	return http.StatusText(answer.Response.StatusCode)
}
