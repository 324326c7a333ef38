package githubsim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/github/githubsim"
)

func TestAdminEndpoints(t *testing.T) {
	tests := []struct {
		name               string
		admin              bool
		method, path, body string
		want               int
		holds              string
	}{
		{"a job is queued", true, "POST", "/_sim/jobs", `{"Repo":"acme/widgets","Labels":["linux"]}`, 200, "40000000001"},
		{"an unknown repository is refused", true, "POST", "/_sim/jobs", `{"Repo":"acme/none"}`, 422, "no repository"},
		{"an unknown field is refused", true, "POST", "/_sim/jobs", `{"Wrong":1}`, 400, "Wrong"},
		{"runners are listed", true, "GET", "/_sim/runners", "", 200, `"Name":"one"`},
		{"jobs are listed", true, "GET", "/_sim/jobs", "", 200, "null"},
		{"calls are counted", true, "GET", "/_sim/calls", "", 200, `"generate-jitconfig":1`},
		{"the webhook is set", true, "PUT", "/_sim/webhook", `{"URL":"http://127.0.0.1:1/x","Secret":"s"}`, 200, "127.0.0.1"},
		{"a bad config does not connect", true, "POST", "/_sim/connect", `{"Config":"x"}`, 422, "JIT config"},
		{"a bad token registers nothing", true, "POST", "/_sim/register", `{"Token":"x","Name":"two","Labels":["linux"],"Ephemeral":true}`, 422, "registration token"},
		{"a runner that is gone does not listen", true, "POST", "/_sim/listen", `{"Runner":99}`, 422, "deleted"},
		{"a runner listens", true, "POST", "/_sim/listen", `{"Runner":1}`, 200, "1"},
		{"a runner shuts down", true, "POST", "/_sim/shutdown", `{"Runner":1}`, 200, "1"},
		{"there is none unless it is asked for", false, "GET", "/_sim/runners", "", 404, "Not Found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, func(c *githubsim.Config) { c.Admin = tt.admin })
			s.mint("one", "linux")
			w := httptest.NewRecorder()
			r, err := http.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
			s.must(err)
			s.ServeHTTP(w, r)
			if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.holds) {
				t.Errorf("%d %s, want %d with %q", w.Code, w.Body, tt.want, tt.holds)
			}
		})
	}
}
