package faults

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"

	"github.com/runfleet/runfleet/fleet"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

const role = "arn:aws:iam::123456789012:role/runfleet-drills"

// drill is three victims of a pool, four minutes ahead.
var drill = fleet.Drill{ID: "drill-1", Pool: "arm64", Count: 3, Notice: 4 * time.Minute}

// script is a FIS whose answers a test writes down. A call that the test did
// not expect panics on the nil interface.
type script struct {
	FISAPI
	calls       []string
	create      func() (*fis.CreateExperimentTemplateOutput, error)
	templates   func(*fis.ListExperimentTemplatesInput) (*fis.ListExperimentTemplatesOutput, error)
	remove      func(id string) error
	start       func(*fis.StartExperimentInput) (*fis.StartExperimentOutput, error)
	stop        func() error
	get         func() (*fis.GetExperimentOutput, error)
	experiments func(*fis.ListExperimentsInput) (*fis.ListExperimentsOutput, error)
	targets     func(*fis.ListExperimentResolvedTargetsInput) (*fis.ListExperimentResolvedTargetsOutput, error)
}

func (s *script) note(format string, args ...any) {
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

func (s *script) CreateExperimentTemplate(context.Context, *fis.CreateExperimentTemplateInput, ...func(*fis.Options)) (*fis.CreateExperimentTemplateOutput, error) {
	s.note("create")
	return s.create()
}

func (s *script) ListExperimentTemplates(_ context.Context, in *fis.ListExperimentTemplatesInput, _ ...func(*fis.Options)) (*fis.ListExperimentTemplatesOutput, error) {
	s.note("templates %s", aws.ToString(in.NextToken))
	return s.templates(in)
}

func (s *script) DeleteExperimentTemplate(_ context.Context, in *fis.DeleteExperimentTemplateInput, _ ...func(*fis.Options)) (*fis.DeleteExperimentTemplateOutput, error) {
	s.note("delete %s", aws.ToString(in.Id))
	return &fis.DeleteExperimentTemplateOutput{}, s.remove(aws.ToString(in.Id))
}

func (s *script) StartExperiment(_ context.Context, in *fis.StartExperimentInput, _ ...func(*fis.Options)) (*fis.StartExperimentOutput, error) {
	s.note("start %s", aws.ToString(in.ExperimentTemplateId))
	return s.start(in)
}

func (s *script) StopExperiment(context.Context, *fis.StopExperimentInput, ...func(*fis.Options)) (*fis.StopExperimentOutput, error) {
	s.note("stop")
	return &fis.StopExperimentOutput{}, s.stop()
}

func (s *script) GetExperiment(context.Context, *fis.GetExperimentInput, ...func(*fis.Options)) (*fis.GetExperimentOutput, error) {
	s.note("get")
	return s.get()
}

func (s *script) ListExperiments(_ context.Context, in *fis.ListExperimentsInput, _ ...func(*fis.Options)) (*fis.ListExperimentsOutput, error) {
	s.note("experiments %s", aws.ToString(in.NextToken))
	return s.experiments(in)
}

func (s *script) ListExperimentResolvedTargets(_ context.Context, in *fis.ListExperimentResolvedTargetsInput, _ ...func(*fis.Options)) (*fis.ListExperimentResolvedTargetsOutput, error) {
	s.note("targets %s", aws.ToString(in.NextToken))
	return s.targets(in)
}

// acme are the drills of fleet acme.
func acme(s *script) *Drills {
	return &Drills{FIS: s, Fleet: "acme", Role: role, Tags: map[string]string{"team": "ci"}}
}

// tagged are the tags of a drill of a fleet.
func tagged(of, drill string) map[string]string {
	return map[string]string{"runfleet:fleet": of, "runfleet:drill": drill}
}

func state(status types.ExperimentStatus, reason string) *types.Experiment {
	return &types.Experiment{Id: aws.String("EXP1"), StartTime: aws.Time(noon), State: &types.ExperimentState{Status: status, Reason: aws.String(reason)}}
}

// wire keeps the requests that it is sent and gives one answer to all.
type wire struct {
	status int
	header http.Header
	answer string
	method string
	path   string
	body   string
	calls  int
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.calls++
	w.method, w.path, w.body = r.Method, r.URL.Path, ""
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		w.body = string(body)
	}
	if w.header == nil {
		w.header = http.Header{}
	}
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(strings.NewReader(w.answer))}, nil
}

// client is FIS's client on a wire.
func (w *wire) client() *fis.Client {
	return NewFIS(aws.Config{
		Region: "us-east-1", HTTPClient: &http.Client{Transport: w},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})
}
