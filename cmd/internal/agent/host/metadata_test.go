package host

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/agent"
)

// imds2 is a metadata service, version 2, that knows these paths.
func imds2(t *testing.T, values map[string]string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/latest/")
		if r.Method == http.MethodPut && path == "api/token" {
			w.Header().Set("x-aws-ec2-metadata-token-ttl-seconds", "300")
			_, _ = w.Write([]byte("the token"))
			return
		}
		text, ok := values[strings.TrimPrefix(path, "meta-data/")]
		switch {
		case r.Header.Get("x-aws-ec2-metadata-token") != "the token":
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write([]byte(text))
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
}

func TestAMachineKnowsItself(t *testing.T) {
	whole := func() map[string]string {
		return map[string]string{
			"instance-id": "i-1", "placement/region": "us-east-1", "tags/instance/runfleet:fleet": "acme",
			"tags/instance/runfleet:pool": "arm64", "tags/instance/runfleet:protocol": "1",
		}
	}
	for _, tt := range []struct {
		name   string
		change func(map[string]string)
		want   Identity
		err    string
	}{
		{"by its id and its tags", func(map[string]string) {}, Identity{"i-1", "us-east-1", "acme", "arm64", false}, ""},
		{"and whether it stays", func(m map[string]string) { m["tags/instance/runfleet:lifetime"] = "standing" }, Identity{"i-1", "us-east-1", "acme", "arm64", true}, ""},
		{"a word that it does not know is no standing", func(m map[string]string) { m["tags/instance/runfleet:lifetime"] = "ephemeral" }, Identity{"i-1", "us-east-1", "acme", "arm64", false}, ""},
		{"a pool is for the log only", func(m map[string]string) { delete(m, "tags/instance/runfleet:pool") }, Identity{"i-1", "us-east-1", "acme", "", false}, ""},
		{"no protocol is the first one", func(m map[string]string) { delete(m, "tags/instance/runfleet:protocol") }, Identity{"i-1", "us-east-1", "acme", "arm64", false}, ""},
		{"a later protocol is not its own", func(m map[string]string) { m["tags/instance/runfleet:protocol"] = "2" }, Identity{}, "protocol 2"},
		{"tags are not in the metadata", func(m map[string]string) { delete(m, "tags/instance/runfleet:fleet") }, Identity{}, "runfleet:fleet: not there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			values := whole()
			tt.change(values)
			imds2(t, values)
			got, err := NewMetadata().Identity(t.Context())
			if got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	}
}

func TestNoticesAreRead(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values map[string]string
		want   []agent.Event
	}{
		{"none", nil, nil},
		{"a recommendation", map[string]string{"events/recommendations/rebalance": `{"noticeTime": "2026-11-25T11:59:00Z"}`}, []agent.Event{agent.Rebalance{}}},
		{"both", map[string]string{
			"events/recommendations/rebalance": `{"noticeTime": "2026-11-25T11:59:00Z"}`,
			"spot/instance-action":             `{"action": "terminate", "time": "2026-11-25T12:02:00Z"}`,
		}, []agent.Event{agent.Rebalance{}, agent.Notice{Deadline: time.Date(2026, 11, 25, 12, 2, 0, 0, time.UTC)}}},
		{"one that cannot be read is one all the same", map[string]string{"spot/instance-action": "soon"}, []agent.Event{agent.Notice{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			imds2(t, tt.values)
			got, err := NewMetadata().Notices(t.Context())
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("error %v, (-want +got):\n%s", err, diff)
			}
		})
	}
	t.Run("a service that is not there is an error", func(t *testing.T) {
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
		if got, err := NewMetadata().Notices(t.Context()); err == nil || got != nil {
			t.Errorf("got %v, error %v", got, err)
		}
	})
}

func TestAMachineThatCannotLiveSaysWhy(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	path := filepath.Join(t.TempDir(), "agent.json")
	if _, err := Live(t.Context(), path, log); err == nil || !strings.Contains(err.Error(), "read settings") {
		t.Errorf("no settings: %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"v":9}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Live(t.Context(), path, log); err == nil || !strings.Contains(err.Error(), "protocol 9") {
		t.Errorf("a later protocol: %v", err)
	}
}

// switchboard makes a PATH of stubs that leave their names in a file. The
// system is in that state.
func switchboard(t *testing.T, works, system string) (log string) {
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	for _, name := range []string{"poweroff", "systemctl", "shutdown"} {
		script := "#!/bin/sh\n[ \"$1\" != is-system-running ] || { echo " + system + "; exit 1; }\n" +
			"echo \"${0##*/} $*\" >>'" + log + "'\n[ \"${0##*/}\" = '" + works + "' ]\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	return log
}

func TestPowerOffTakesTheFirstWayThatWorks(t *testing.T) {
	for _, tt := range []struct {
		works, want string
		fails       bool
	}{
		{"poweroff", "poweroff \n", false},
		{"systemctl", "poweroff \nsystemctl poweroff --force\n", false},
		{"shutdown", "poweroff \nsystemctl poweroff --force\nshutdown -P now\n", false},
		{"none", strings.Repeat("poweroff \nsystemctl poweroff --force\nshutdown -P now\n", 5), true},
	} {
		t.Run(tt.works, func(t *testing.T) {
			path := switchboard(t, tt.works, "running")
			err := powerOff(slog.New(slog.DiscardHandler), time.Millisecond)
			log, _ := os.ReadFile(path)
			if string(log) != tt.want || (err != nil) != tt.fails {
				t.Errorf("error %v, did (-want +got):\n%s", err, cmp.Diff(tt.want, string(log)))
			}
		})
	}
}

func TestASystemThatGoesDownIsLeftToIt(t *testing.T) {
	path := switchboard(t, "none", "stopping")
	if err := powerOff(slog.New(slog.DiscardHandler), time.Millisecond); err != nil {
		t.Error(err)
	}
	if did, err := os.ReadFile(path); err == nil {
		t.Errorf("it did %q", did)
	}
}
