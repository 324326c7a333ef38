package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAQueueIsKnownByItsURLAndItsARN(t *testing.T) {
	for place, want := range map[string]string{
		"https://sqs.us-east-1.amazonaws.com/123456789012/events": "123456789012:events",
		"https://queue.amazonaws.com/123456789012/events":         "123456789012:events",
		"http://127.0.0.1:5000/123456789012/looks.fifo":           "123456789012:looks.fifo",
		"arn:aws:sqs:us-east-1:123456789012:events":               "123456789012:events",
		"arn:aws-cn:sqs:cn-north-1:123456789012:looks.fifo":       "123456789012:looks.fifo",
		"": "", "arn:": "", "::": "",
	} {
		if got := QueueName(place); got != want {
			t.Errorf("%q is %q, want %q", place, got, want)
		}
	}
}

// functions are those of a deployment whose fleet file is the test's own.
func functions(t *testing.T, text string) *Functions {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	path := filepath.Join(t.TempDir(), "runfleet.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const queues = "https://sqs.us-east-1.amazonaws.com/123456789012/"
	x, err := NewFunctions(t.Context(), Deployment{Config: path, Events: queues + "events", Reports: queues + "deployed", Looks: queues + "looks.fifo"},
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestMachinesOfADeploymentReportToItsQueue(t *testing.T) {
	silent := strings.Replace(machines, "  reports:", "  # reports:", 1)
	for name, tt := range map[string]struct{ text, want string }{
		"unless the file names another": {machines, "123456789012/reports"},
		"by itself":                     {silent, "123456789012/deployed"},
		"whatever serve polled before it": {strings.Replace(silent, "instance_profile:", `queues: {reports: "https://sqs.us-east-1.amazonaws.com/123456789012/served"}, instance_profile:`, 1),
			"123456789012/deployed"},
	} {
		x := functions(t, tt.text)
		f, err := x.Read(t.Context())
		if err != nil {
			t.Fatal(name, err)
		}
		pools, err := specs(f.File)
		if err != nil || !strings.Contains(string(pools[0].UserData), tt.want) {
			t.Errorf("%s: no %s in the user data, error %v", name, tt.want, err)
		}
		if strings.Count(string(pools[0].UserData), "sqs.us-east-1") != 1 {
			t.Errorf("%s: more queues than one in the user data", name)
		}
		if !strings.HasPrefix(f.Generation, "file/") {
			t.Errorf("%s: generation %s", name, f.Generation)
		}
	}
}

func TestMachinesOfAServerReportToTheQueueThatItPolls(t *testing.T) {
	silent := strings.Replace(machines, "  reports:", "  # reports:", 1)
	polled := strings.Replace(silent, "instance_profile:", `queues: {reports: "https://sqs.us-east-1.amazonaws.com/123456789012/served"}, instance_profile:`, 1)
	for name, tt := range map[string]struct{ text, want string }{
		"of itself":                     {polled, `"reports":"https://sqs.us-east-1.amazonaws.com/123456789012/served"`},
		"unless the file names another": {strings.Replace(polled, "  # reports:", "  reports:", 1), `"reports":"https://sqs.us-east-1.amazonaws.com/123456789012/reports"`},
		"and nowhere if there is none":  {silent, ""},
	} {
		f, err := parse("f", []byte(tt.text))
		if err != nil {
			t.Fatal(name, err)
		}
		pools, err := specs(f)
		if err != nil {
			t.Fatal(name, err)
		}
		if data := string(pools[0].UserData); !strings.Contains(data, tt.want) || tt.want == "" && strings.Contains(data, `"reports"`) {
			t.Errorf("%s: no %s in the user data", name, tt.want)
		}
	}
}

func TestAFleetFileThatIsWrongMakesNoParts(t *testing.T) {
	x := functions(t, strings.Replace(machines, "max: 150", "max: 0", 1))
	if f, err := x.Read(t.Context()); err == nil || f.File != nil || !strings.Contains(err.Error(), "pools[0].max") {
		t.Errorf("file %+v, error %v", f, err)
	}
}

func TestTheAccountIsTheQueues(t *testing.T) {
	x := functions(t, machines)
	if got, err := x.account(t.Context(), x.aws); err != nil || got != "123456789012" {
		t.Errorf("account %s, error %v", got, err)
	}
	x.Events = "https://sqs.example/odd"
	if got, err := x.account(t.Context(), x.aws); err == nil {
		t.Errorf("account %s, without an answer of AWS's", fmt.Sprint(got))
	}
}

func TestAFunctionHearsEveryAppThatHasASecret(t *testing.T) {
	t.Setenv("SECRET", "first")
	t.Setenv("OTHER", "second")
	x := functions(t, strings.Replace(machines, `private_key: "env:KEY"`, `private_key: "env:KEY", apps: [`+
		`{app_id: 2, private_key: "env:KEY", webhook_secrets: ["env:OTHER"]}, {app_id: 3, private_key: "env:KEY"}]`, 1))
	f, err := x.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h, err := x.Webhook(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile("../../../webhooks/testdata/workflow_job/queued.1.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		app, secret string
		want        int // 503 where it is believed: there is no queue here
	}{
		{"1", "first", 503}, {"2", "second", 503}, {"1", "second", 401}, {"2", "first", 401}, {"3", "second", 401},
	} {
		mac := hmac.New(sha256.New, []byte(tt.secret))
		mac.Write(body)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook", bytes.NewReader(body))
		for name, value := range map[string]string{
			"Content-Type": "application/json", "X-GitHub-Event": "workflow_job", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
			"X-GitHub-Hook-Installation-Target-Type": "integration", "X-GitHub-Hook-Installation-Target-ID": tt.app,
			"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
		} {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("App %s, signed with the %s secret: %d, want %d", tt.app, tt.secret, w.Code, tt.want)
		}
	}
}
