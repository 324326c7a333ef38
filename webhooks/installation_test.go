package webhooks

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWordOfAnInstallationIsADoubtOfIt(t *testing.T) {
	for _, tt := range []struct {
		name, event, body string
		want              int
		doubts            []int64
	}{
		{"suspended", "installation", `{"action":"suspend","installation":{"id":7,"account":{"id":70,"login":"acme"}}}`, 202, []int64{7}},
		{"open again", "installation", `{"action":"unsuspend","installation":{"id":7}}`, 202, []int64{7}},
		{"deleted", "installation", `{"action":"deleted","installation":{"id":7}}`, 202, []int64{7}},
		{"an action that is new", "installation", `{"action":"new_permissions_accepted","installation":{"id":7}}`, 202, []int64{7}},
		{"its account is renamed", "installation_target", `{"action":"renamed","installation":{"id":7},"account":{"login":"acme2"}}`, 202, []int64{7}},
		{"the organisation is renamed", "organization", `{"action":"renamed","installation":{"id":7},"organization":{"login":"acme2"}}`, 202, []int64{7}},
		{"the organisation has a new member", "organization", `{"action":"member_added","installation":{"id":7}}`, 200, nil},
		{"an event that names none", "installation", `{"action":"deleted"}`, 400, nil},
		{"an id that is none", "installation", `{"action":"deleted","installation":{"id":"seven"}}`, 400, nil},
		{"no JSON", "installation", `{"action":`, 400, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			ledger := &memory{}
			h := newHandler(ledger, &log)
			var doubts []int64
			woken := 0
			h.Doubt, h.Wake = func(id int64) { doubts = append(doubts, id) }, func() { woken++ }
			r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewBufferString(tt.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-GitHub-Event", tt.event)
			r.Header.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
			r.Header.Set("X-Hub-Signature-256", sign("new secret", []byte(tt.body)))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.want || woken != len(tt.doubts) || len(ledger.events) != 0 {
				t.Errorf("answered %d, woken %d times, recorded %d: %s", w.Code, woken, len(ledger.events), &log)
			}
			if diff := cmp.Diff(tt.doubts, doubts); diff != "" {
				t.Errorf("doubts (-want +got):\n%s", diff)
			}
		})
	}
}
