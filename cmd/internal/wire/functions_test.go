package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/fleet/reconcile"
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

// examiner is what looks, in a deployment whose GitHub knows the App by another
// key, and whose AWS does not answer.
func examiner(t *testing.T) *Looker {
	t.Helper()
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"A JSON web token could not be decoded"}`)
	}))
	t.Cleanup(hub.Close)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KEY", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	x := functions(t, strings.Replace(machines, `app_id: 1,`, fmt.Sprintf(`app_id: 1, api_url: %q,`, hub.URL), 1))
	f, err := x.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := &Looker{means: meansOf(f.File, x.aws, x.log)}
	if l.hub, err = l.means.hub(t.Context()); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: sqlite.Memory, Fleet: "acme", ID: "l"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	l.Reconciler = &reconcile.Reconciler{Ledger: store, Now: time.Now, Log: x.log, Generation: f.Generation}
	return l
}

func TestAFunctionChecksItsFleetFileAndKeepsWhatStopsPools(t *testing.T) {
	l := examiner(t)
	news, err := l.Check(t.Context())
	if err != nil || !news {
		t.Fatalf("news %t, error %v", news, err)
	}
	state, err := l.Reconciler.Ledger.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Stops    map[string]string
		Problems []string
		Done     bool
	}
	if err := json.Unmarshal([]byte(state.Marks["check"]), &kept); err != nil {
		t.Fatal(err)
	}
	for _, pool := range []string{"stock", "baked"} {
		if got := kept.Stops[pool]; !strings.Contains(got, "github.private_key: GitHub does not know the key as one of App 1") {
			t.Errorf("pool %s: %q", pool, got)
		}
	}
	if kept.Done || len(kept.Problems) < 2 { // of AWS, too
		t.Errorf("kept %+v", kept)
	}
	if news, err := l.Check(t.Context()); err != nil || news {
		t.Errorf("at once again: news %t, error %v", news, err)
	}
}
