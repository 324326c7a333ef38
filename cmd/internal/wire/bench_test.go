//go:build unix && !lambda

package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

const benchSecret = "bench"

// signed is a queued delivery of a new job, nine kilobytes long.
func signed(b testing.TB, template string, n int64) *http.Request {
	body := []byte(strings.ReplaceAll(template, "JOBNUMBER", fmt.Sprint(n)))
	r, err := http.NewRequest(http.MethodPost, "", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(benchSecret))
	mac.Write(body)
	r.Header = http.Header{
		"Content-Type":        {"application/json"},
		"X-Github-Event":      {"workflow_job"},
		"X-Github-Delivery":   {fmt.Sprintf("00000000-0000-0000-0000-%012x", n)},
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}
	return r
}

// benchTemplate is GitHub's own example, with a number to fill in, padded to 9 kB.
func benchTemplate(b testing.TB) string {
	data, err := os.ReadFile("../../../webhooks/testdata/workflow_job/queued.2.json")
	if err != nil {
		b.Fatal(err)
	}
	text := string(data)
	at := strings.Index(text, `"workflow_job"`)
	id := at + strings.Index(text[at:], `"id":`)
	end := id + strings.IndexByte(text[id:], ',')
	text = text[:id] + `"id": JOBNUMBER` + text[end:]
	if pad := 9000 - len(text); pad > 0 {
		text = "{" + `"pad": "` + strings.Repeat("x", pad) + `",` + text[1:]
	}
	return text
}

// A webhook of a new job over real HTTP, recorded on disk before the answer.
// The server is a process of its own, whose processor time is counted; the
// client shares the machine with it.
func BenchmarkDurableWebhook(b *testing.B) {
	server := startBenchServer(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	template, next := benchTemplate(b), atomic.Int64{}
	b.SetParallelism(32)
	before := server.used()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			r := signed(b, template, next.Add(1))
			r.URL.Scheme, r.URL.Host, r.URL.Path = "http", server.address, "/webhook"
			resp, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusAccepted {
				b.Errorf("status %d", resp.StatusCode)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
	b.ReportMetric((server.used()-before).Seconds()*1000/float64(b.N), "server-CPU-ms/op")
}
