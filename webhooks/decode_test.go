package webhooks

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// small is a delivery with everything that Decode reads.
const small = `{"action":"completed","workflow_job":{"id":7,"run_id":8,"run_attempt":2,"name":"test",
"workflow_name":"CI","status":"completed","conclusion":"success","labels":["self-hosted","ARM64"],
"runner_id":9,"runner_name":"rf-1","created_at":"2026-11-25T08:00:00Z","started_at":"2026-11-25T08:01:00Z",
"completed_at":"2026-11-25T08:02:00Z","steps":[null]},
"repository":{"name":"app","private":true,"owner":{"login":"acme","id":3,"type":"Organization"}},
"organization":{"login":"acme"},"installation":{"id":4}}`

// edited is the small delivery with old text replaced by new, pair by pair.
func edited(pairs ...string) []byte {
	return []byte(strings.NewReplacer(pairs...).Replace(small))
}

func TestDecode(t *testing.T) {
	whole := fleet.Job{
		Key: fleet.JobKey{ID: 7, Attempt: 2}, Run: 8, OwnerID: 3, Repo: "acme/app",
		Class: fleet.Class{Scope: fleet.Scope{Installation: 4, Owner: "acme"}, Labels: "arm64,self-hosted"},
		Name:  "test", Workflow: "CI", Status: fleet.Done, Conclusion: "success", Runner: "rf-1",
		QueuedAt: utc("2026-11-25T08:00:00Z"), StartedAt: utc("2026-11-25T08:01:00Z"),
		DoneAt: utc("2026-11-25T08:02:00Z"),
	}
	tests := []struct {
		name string
		body []byte
		want func(j *fleet.Job)
	}{
		{"a whole delivery is taken as it is", edited(), func(j *fleet.Job) {}},
		{"a job that never ran has no start", edited(`"runner_id":9`, `"runner_id":0`),
			func(j *fleet.Job) { j.StartedAt = fleet.Job{}.StartedAt }},
		{"a null runner is the same as none", edited(`"runner_id":9,"runner_name":"rf-1"`, `"runner_id":null,"runner_name":null`),
			func(j *fleet.Job) { j.StartedAt, j.Runner = fleet.Job{}.StartedAt, "" }},
		{"without an end it ended now", edited(`"2026-11-25T08:02:00Z"`, `null`),
			func(j *fleet.Job) { j.DoneAt = learned }},
		{"without created_at it was queued when it started", edited(`"created_at":"2026-11-25T08:00:00Z",`, ``),
			func(j *fleet.Job) { j.QueuedAt = j.StartedAt }},
		{"without any time it was queued now", edited(`"created_at":"2026-11-25T08:00:00Z",`, ``, `"started_at":"2026-11-25T08:01:00Z",`, ``),
			func(j *fleet.Job) { j.QueuedAt, j.StartedAt = learned, fleet.Job{}.StartedAt }},
		{"without an attempt it is the first", edited(`"run_attempt":2,`, ``),
			func(j *fleet.Job) { j.Key.Attempt = 1 }},
		{"a queued job has no runner and no start yet", edited(`"action":"completed"`, `"action":"queued"`),
			func(j *fleet.Job) {
				*j = fleet.Job{Key: j.Key, Run: j.Run, OwnerID: j.OwnerID, Repo: j.Repo, Class: j.Class, Name: j.Name,
					Workflow: j.Workflow, Status: fleet.Queued, QueuedAt: j.QueuedAt}
			}},
		{"a person's repository is a scope of its own", edited(`"organization":{"login":"acme"},`, ``, `"Organization"`, `"User"`),
			func(j *fleet.Job) { j.Class.Scope.Repo = "app" }},
		{"an owner that is an organisation is a scope although no organisation is named", edited(`"organization":{"login":"acme"},`, ``),
			func(j *fleet.Job) {}},
		{"null labels and labels said twice are dropped", edited(`"self-hosted",`, `null,"self-hosted","self-hosted",`),
			func(j *fleet.Job) {}},
		{"a job without labels is kept", edited(`["self-hosted","ARM64"]`, `[]`),
			func(j *fleet.Job) { j.Class.Labels = "" }},
		{"a repository that is not said to be private is public", edited(`"private":true,`, ``),
			func(j *fleet.Job) { j.Public = true }},
		{"control characters leave a name", edited(`"name":"test"`, `"name":"te\u0000\u001b[31m\u202est\u2028"`),
			func(j *fleet.Job) { j.Name = "te[31mst" }},
		{"a control character does not turn a label into another", edited(`"ARM64"`, `"ARM\u000064"`),
			func(j *fleet.Job) { j.Class.Labels = "arm\uFFFD64,self-hosted" }},
		{"a long name is cut between letters", edited(`"name":"test"`, `"name":"`+strings.Repeat("x", 255)+`é"`),
			func(j *fleet.Job) { j.Name = strings.Repeat("x", 255) }},
		{"a very long name is cut", edited(`"name":"test"`, `"name":"`+strings.Repeat("é", 5000)+`"`),
			func(j *fleet.Job) { j.Name = strings.Repeat("é", 128) }},
		{"the last of two equal keys counts", edited(`"id":7,`, `"id":6,"id":7,`), func(j *fleet.Job) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := whole
			tt.want(&want)
			e, known, err := Decode("workflow_job", guid, tt.body, learned)
			if err != nil || !known {
				t.Fatalf("known %v, error %v", known, err)
			}
			if diff := cmp.Diff(&want, e.Job); diff != "" {
				t.Errorf("job (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeKeepsAHundredLabels(t *testing.T) {
	var many []string
	for i := range 150 {
		many = append(many, fmt.Sprintf(`"l%d"`, i))
	}
	body := edited(`["self-hosted","ARM64"]`, "["+strings.Join(many, ",")+"]")
	e, _, err := Decode("workflow_job", guid, body, learned)
	if err != nil || e.Job.Class.Labels.Len() != 100 {
		t.Errorf("error %v, labels %s", err, e.Job.Class.Labels)
	}
}

func TestDecodeIgnoresWhatItDoesNotKnow(t *testing.T) {
	tests := []struct {
		name, event string
		body        []byte
	}{
		{"another event", "push", []byte("no JSON")},
		{"another action", "workflow_job", edited(`"completed"`, `"paused"`)},
		{"another action of another form", "workflow_job", []byte(`{"action":"paused","workflow_job":{"labels":7}}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, known, err := Decode(tt.event, guid, tt.body, learned)
			if known || err != nil || e.Job != nil {
				t.Errorf("known %v, error %v, event %v", known, err, e)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct {
		name, guid string
		body       []byte
		want       string
	}{
		{"a delivery without GUID", "", edited(), "the delivery's GUID is none"},
		{"a GUID with other letters", "g", edited(), "the delivery's GUID is none"},
		{"a long GUID", strings.Repeat("a", 65), edited(), "the delivery's GUID is none"},
		{"what is no JSON", guid, []byte(`{"action" "queued"}`), "malformed JSON at byte 10"},
		{"a list", guid, []byte(`[]`), `field "" is of the wrong type`},
		{"an absent action", guid, []byte(`{}`), "there is no action"},
		{"an absent job", guid, []byte(`{"action":"queued"}`), "an id of the job, the run or the owner is not positive"},
		{"a job id of zero", guid, edited(`"id":7`, `"id":0`), "an id of the job, the run or the owner is not positive"},
		{"a negative run", guid, edited(`"run_id":8`, `"run_id":-8`), "an id of the job, the run or the owner is not positive"},
		{"a negative attempt", guid, edited(`"run_attempt":2`, `"run_attempt":-2`), "the run attempt is out of range"},
		{"a huge attempt", guid, edited(`"run_attempt":2`, `"run_attempt":2147483648`), "the run attempt is out of range"},
		{"a negative runner", guid, edited(`"runner_id":9`, `"runner_id":-9`), "the runner's id is negative"},
		{"an installation of zero", guid, edited(`"installation":{"id":4}`, `"installation":{"id":0}`), "the installation's id is not positive"},
		{"an id in quotes", guid, edited(`"id":7`, `"id":"7"`), `field "id" is of the wrong type`},
		{"labels that are none", guid, edited(`["self-hosted","ARM64"]`, `[1]`), `field "labels" is of the wrong type`},
		{"a time that is none", guid, edited(`"2026-11-25T08:00:00Z"`, `"secret"`), `field "created_at" is of the wrong type`},
		{"a repository that leads elsewhere", guid, edited(`"name":"app"`, `"name":".."`), "the repository has no sane name"},
		{"a repository with a slash", guid, edited(`"name":"app"`, `"name":"a/b"`), "the repository has no sane name"},
		{"a repository with a long name", guid, edited(`"name":"app"`, `"name":"`+strings.Repeat("a", 101)+`"`), "the repository has no sane name"},
		{"an owner with a space", guid, edited(`"login":"acme"`, `"login":"ac me"`), "the repository has no sane name"},
		{"an organisation with a slash", guid, edited(`"organization":{"login":"acme"`, `"organization":{"login":"acme/"`), "the organisation has no sane name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, known, err := Decode("workflow_job", tt.guid, tt.body, learned)
			if err == nil || known {
				t.Fatalf("known %v, error %v", known, err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range oddTexts {
		f.Add([]byte(text))
	}
	for _, body := range examples(f) {
		f.Add(body)
	}
	f.Add(edited())
	f.Fuzz(func(t *testing.T, body []byte) {
		agree(t, body)
		own := bytes.Clone(body)
		e, known, err := Decode("workflow_job", guid, own, learned)
		if known != (e.Job != nil) || known && err != nil {
			t.Fatalf("known %v, error %v, event %v", known, err, e)
		}
		if !known {
			return
		}
		clear(own)
		again, _, _ := Decode("workflow_job", guid, body, learned)
		if diff := cmp.Diff(again, e); diff != "" {
			t.Fatalf("the event shares memory with the body:\n%s", diff)
		}
		j := e.Job
		if j.Key.ID <= 0 || j.Key.Attempt < 1 || j.Class.Scope.Owner == "" || j.QueuedAt.IsZero() ||
			len(j.Name) > maxText || len(j.Workflow) > maxText || j.Class.Labels.Len() > maxLabels {
			t.Fatalf("a job that cannot be: %+v", j)
		}
	})
}
