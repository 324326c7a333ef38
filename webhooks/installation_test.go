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

func TestEachAppHasItsOwnSecret(t *testing.T) {
	const body = `{"action":"suspend","installation":{"id":7}}`
	for _, tt := range []struct {
		name, app, secret string
		want              int
	}{
		{"the first App's", "12345", "new secret", 202},
		{"another App's", "6", "its own", 202},
		{"another App's, signed as the first", "6", "new secret", 401},
		{"the first App's, signed as another", "12345", "its own", 401},
		{"without a name it is the first App's", "", "its own", 401},
		{"an App that nobody knows", "7", "new secret", 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			h, other := newHandler(&memory{}, &log), newHandler(&memory{}, &log)
			other.AppID, other.Secrets = 6, [][]byte{[]byte("its own")}
			h.Others = []*Handler{other}
			if err := h.Check(); err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewBufferString(body))
			for k, v := range map[string]string{
				"Content-Type": "application/json", "X-GitHub-Event": "installation", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
				"X-Hub-Signature-256": sign(tt.secret, []byte(body)), "X-GitHub-Hook-Installation-Target-Type": "integration",
				"X-GitHub-Hook-Installation-Target-ID": tt.app,
			} {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("answered %d, want %d: %s", w.Code, tt.want, &log)
			}
			if all := h.Count(Told) + h.Count(Unsigned) + h.Count(Foreign); all != 1 {
				t.Errorf("counted %d times", all)
			}
		})
	}
	bad := newHandler(&memory{}, &bytes.Buffer{})
	bad.Others = []*Handler{{AppID: 6, Ledger: &memory{}}}
	if err := bad.Check(); err == nil {
		t.Error("another App without a secret is taken")
	}
}
