package integration_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// post delivers one webhook to a manager, signed with a key; unsigned without.
func (s *site) post(url string, body []byte, delivery int, key string) (int, []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, url+"/webhook", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"workflow_job"},
		"X-Github-Delivery": {fmt.Sprintf("00000000-0000-0000-0000-%012x", delivery)},
	}
	if key != "" {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write(body)
		r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return send(s.t, r)
}

// placeholder stands for the job's number in a payload.
const placeholder = 4_242_424_242

// queuedPayload is GitHub's own example of a queued job, made one of acme's
// private repository, queued now.
func queuedPayload(t *testing.T, labels ...string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../webhooks/testdata/workflow_job/queued.2.json")
	if err != nil {
		t.Fatal(err)
	}
	var payload map[string]any
	if err := json.Unmarshal(text, &payload); err != nil {
		t.Fatal(err)
	}
	job, repo := payload["workflow_job"].(map[string]any), payload["repository"].(map[string]any)
	job["id"], job["labels"] = placeholder, labels
	job["created_at"], job["started_at"] = time.Now().UTC().Format(time.RFC3339), time.Now().UTC().Format(time.RFC3339)
	owner := repo["owner"].(map[string]any)
	repo["private"], repo["name"], repo["full_name"], owner["id"], owner["login"] = true, "widgets", repository, 1001, "acme"
	payload["installation"].(map[string]any)["id"] = 1 // the simulated GitHub's
	out, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// flood delivers so many queued jobs, sixteen at a time.
func (s *site) flood(url string, jobs int, payload []byte) {
	s.t.Helper()
	var next, refused atomic.Int64
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for n := next.Add(1); n <= int64(jobs); n = next.Add(1) {
				body := bytes.ReplaceAll(payload, fmt.Append(nil, placeholder), fmt.Append(nil, placeholder+n))
				if code, _ := s.post(url, body, int(n), secret); code != http.StatusAccepted {
					refused.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if n := refused.Load(); n != 0 {
		s.t.Fatalf("%d of %d webhooks were refused", n, jobs)
	}
}
