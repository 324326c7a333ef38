package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// api is Lambda's side of a sandbox: it hands over invocations, keeps what is
// said of them, and then ends the sandbox.
type api struct {
	payloads []string
	deadline time.Time
	said     []string
	end      context.CancelFunc
	refuse   bool // answers
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime")
	if path == "/invocation/next" && r.Method == http.MethodGet {
		if len(a.payloads) == 0 {
			a.end()
			<-r.Context().Done()
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id-"+strconv.Itoa(len(a.payloads)))
		if !a.deadline.IsZero() {
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(a.deadline.UnixMilli(), 10))
		}
		_, _ = io.WriteString(w, a.payloads[0])
		a.payloads = a.payloads[1:]
		return
	}
	body, _ := io.ReadAll(r.Body)
	a.said = append(a.said, r.Method+" "+path+" "+string(body))
	if a.refuse {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// served is a sandbox's context and its API.
func served(t *testing.T, a *api) (context.Context, *runtime) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	a.end = end
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	return ctx, newRuntime(strings.TrimPrefix(s.URL, "http://"))
}

// echo answers with what it is asked, or with an error, and notes how long it has.
type echo struct{ until []time.Time }

func (e *echo) handle(ctx context.Context, payload []byte) (any, error) {
	until, _ := ctx.Deadline()
	e.until = append(e.until, until)
	switch string(payload) {
	case "fail":
		return nil, errors.New("no such thing")
	case "odd":
		return func() {}, nil // no JSON
	}
	return map[string]json.RawMessage{"asked": payload}, nil
}

func TestASandboxAnswersOneInvocationAfterTheOther(t *testing.T) {
	end := time.Now().Add(time.Minute).Truncate(time.Millisecond)
	a := &api{payloads: []string{`{"n":1}`, "fail", "odd", `2`}, deadline: end}
	ctx, r := served(t, a)
	h := &echo{}
	if err := r.serve(ctx, h); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`POST /invocation/id-4/response {"asked":{"n":1}}`,
		`POST /invocation/id-3/error {"errorMessage":"no such thing","errorType":"runfleet"}`,
		`POST /invocation/id-2/error {"errorMessage":"json: unsupported type: func()","errorType":"runfleet"}`,
		`POST /invocation/id-1/response {"asked":2}`,
	}
	if diff := cmp.Diff(want, a.said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	for _, until := range h.until {
		if !until.Equal(end) {
			t.Errorf("it has until %s, want %s", until, end)
		}
	}
}

func TestASandboxThatLambdaRefusesEnds(t *testing.T) {
	a := &api{payloads: []string{"1", "2"}, refuse: true}
	ctx, r := served(t, a)
	h := &echo{}
	if err := r.serve(ctx, h); err == nil || len(h.until) != 1 || !h.until[0].IsZero() {
		t.Errorf("after %d invocations, until %v: %v", len(h.until), h.until, err)
	}
	gone := newRuntime("127.0.0.1:1")
	if err := gone.serve(t.Context(), h); err == nil {
		t.Error("nobody serves it, and it goes on")
	}
}

func TestWhatKeepsAFunctionFromBeingReadyIsToldToLambda(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"no function", nil, "RUNFLEET_FUNCTION: must be webhook, events, look or tick"},
		{"an unknown one", map[string]string{"RUNFLEET_FUNCTION": "lok"}, "RUNFLEET_FUNCTION: must be"},
		{"a variable is missing", map[string]string{"RUNFLEET_FUNCTION": "look", "RUNFLEET_CONFIG": "f.yaml"}, "RUNFLEET_TABLE: function look needs it"},
		{"the fleet file is", map[string]string{"RUNFLEET_FUNCTION": "webhook", "RUNFLEET_CONFIG": "none.yaml", "RUNFLEET_EVENTS_URL": "http://127.0.0.1:1/1/q"},
			"fleet file: read none.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &api{}
			s := httptest.NewServer(a)
			defer s.Close()
			t.Setenv("AWS_LAMBDA_RUNTIME_API", strings.TrimPrefix(s.URL, "http://"))
			for _, v := range []string{"RUNFLEET_FUNCTION", "RUNFLEET_CONFIG", "RUNFLEET_TABLE", "RUNFLEET_EVENTS_URL", "RUNFLEET_LOOKS_URL"} {
				t.Setenv(v, tt.env[v])
			}
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			err := Run(t.Context(), io.Discard)
			if err == nil || len(a.said) != 1 || !strings.HasPrefix(a.said[0], `POST /init/error {"errorMessage":"`+tt.want) {
				t.Errorf("said %q, error %v", a.said, err)
			}
		})
	}
	t.Setenv("AWS_LAMBDA_RUNTIME_API", "")
	if err := Run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "AWS Lambda only") {
		t.Errorf("outside Lambda: error %v", err)
	}
}

func TestAFunctionIsRecognised(t *testing.T) {
	t.Setenv("AWS_LAMBDA_RUNTIME_API", "")
	for program, want := range map[string]bool{"/var/task/bootstrap": true, "bootstrap": true, "/usr/bin/runfleet": false, "bootstrap/runfleet": false} {
		if got := Wanted(program); got != want {
			t.Errorf("%s: %t", program, got)
		}
	}
	t.Setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
	if !Wanted("/usr/bin/runfleet") {
		t.Error("not in Lambda")
	}
}
