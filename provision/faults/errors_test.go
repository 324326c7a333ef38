package faults

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/fis"

	"github.com/runfleet/runfleet/fleet"
)

// What FIS says on the wire, read by the SDK, and what it means.
func TestWhatErrorsMean(t *testing.T) {
	for _, tt := range []struct {
		name, kind string
		status     int
		want       error
		text       string
	}{
		{"a request that is wrong", "ValidationException", 400, fleet.ErrConfig, "ValidationException: no"},
		{"a token with another request", "ConflictException", 409, fleet.ErrConfig, "sent before with another request"},
		{"what is not there", "ResourceNotFoundException", 404, fleet.ErrAbsent, ""},
		{"a quota", "ServiceQuotaExceededException", 402, fleet.ErrQuota, ""},
		{"no permission", "AccessDeniedException", 403, fleet.ErrConfig, ""},
		{"old credentials", "ExpiredTokenException", 403, fleet.ErrConfig, ""},
		{"too many calls", "ThrottlingException", 400, fleet.ErrThrottled, ""},
		{"too many requests", "TooManyRequestsException", 429, fleet.ErrThrottled, ""},
		{"a fault of the server", "InternalServerException", 500, fleet.ErrUnknownOutcome, ""},
		{"a fault that nobody knows", "StrangeException", 503, fleet.ErrUnknownOutcome, ""},
		{"an answer that nobody knows", "StrangeException", 400, nil, "StrangeException: no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &wire{status: tt.status, header: http.Header{"X-Amzn-Errortype": {tt.kind}}, answer: `{"message":"no"}`}
			s := &Drills{FIS: w.client(), Fleet: "acme", Role: role}
			_, err := s.Start(t.Context(), drill)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v", err)
			}
			for _, m := range []error{fleet.ErrConfig, fleet.ErrAbsent, fleet.ErrQuota, fleet.ErrThrottled, fleet.ErrUnknownOutcome} {
				if m != tt.want && errors.Is(err, m) {
					t.Errorf("it also means %v: %v", m, err)
				}
			}
			if w.calls != 1 {
				t.Errorf("%d calls: the client tries again by itself", w.calls)
			}
		})
	}
}

func TestNoAnswerLeavesTheOutcomeOpen(t *testing.T) {
	w := &wire{status: 200, answer: `{"experiments":`}
	if _, err := acmeOn(w).Start(t.Context(), drill); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("half an answer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := acmeOn(w).Start(ctx, drill); !errors.Is(err, fleet.ErrUnknownOutcome) {
		t.Errorf("cancelled: %v", err)
	}
	if err := translate(second(w.client().GetExperiment(t.Context(), &fis.GetExperimentInput{}))); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("what the SDK does not send: %v", err)
	}
}

func TestLongSentencesAreCut(t *testing.T) {
	w := &wire{status: 403, header: http.Header{"X-Amzn-Errortype": {"AccessDeniedException"}}, answer: `{"message":"` + strings.Repeat("é", 3000) + `"}`}
	_, err := acmeOn(w).Follow(t.Context(), "EXP1")
	if err == nil || len(err.Error()) > 600 || !strings.HasSuffix(err.Error(), "...") {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}

func acmeOn(w *wire) *Drills { return &Drills{FIS: w.client(), Fleet: "acme", Role: role} }

func second[T any](_ T, err error) error { return err }
