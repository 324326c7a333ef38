//go:build unix

package webhooks

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// nowhere is a ledger that takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) Record(_ context.Context, events ...fleet.Event) ([]bool, error) {
	return make([]bool, len(events)), nil
}

// wire is a delivery as the bytes of an HTTP request, of about 9 kB. Each
// number is another job.
func wire(example []byte, number int64, secret string) []byte {
	id := []byte(fmt.Sprintf(`"id": %d,`, 1_000_000_000+number))
	body := bytes.Replace(example, []byte(`"id": 12877621891,`), id, 1)
	return fmt.Appendf(nil, "POST /webhook HTTP/1.1\r\nHost: localhost\r\nUser-Agent: GitHub-Hookshot/1\r\n"+
		"Content-Length: %d\r\nAccept: */*\r\nContent-Type: application/json\r\nX-GitHub-Delivery: %032x\r\n"+
		"X-GitHub-Event: workflow_job\r\nX-GitHub-Hook-ID: 1\r\n"+
		"X-GitHub-Hook-Installation-Target-ID: 12345\r\nX-GitHub-Hook-Installation-Target-Type: integration\r\n"+
		"X-Hub-Signature-256: %s\r\n\r\n%s", len(body), number, sign(secret, body), body)
}

// flood sends b.N deliveries over 64 kept connections and demands one status.
// The client writes and reads bare bytes, so that most of the time measured
// is the server's.
func flood(b *testing.B, secret, status string) {
	example := bytes.Replace(examples(b)["waiting.1"], []byte(`"waiting"`), []byte(`"queued"`), 1)
	server := httptest.NewServer(newHandler(nowhere{}, io.Discard))
	defer server.Close()
	var requests [256][]byte
	for i := range requests {
		requests[i] = wire(example, int64(i), secret)
	}
	var next atomic.Int64
	var clients sync.WaitGroup
	b.SetBytes(int64(len(requests[0])))
	before := cpu(b)
	b.ResetTimer()
	for range 64 {
		clients.Go(func() {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			answers := bufio.NewReader(conn)
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := exchange(conn, answers, requests[n%256], status); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// exchange sends a request and reads the answer, whose body is its last line.
func exchange(conn net.Conn, answers *bufio.Reader, request []byte, status string) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	first, err := answers.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.Contains(first, []byte(status)) {
		return fmt.Errorf("answer %s", first)
	}
	for line := first; len(line) > 2; {
		if line, err = answers.ReadSlice('\n'); err != nil {
			return err
		}
	}
	_, err = answers.ReadSlice('\n')
	return err
}

// cpu is what this process took of all cores: client and server.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func BenchmarkWebhookHTTP(b *testing.B) { flood(b, "new secret", "202") }

func BenchmarkBadSignature(b *testing.B) { flood(b, "a guess", "401") }

// BenchmarkHandler is the handler alone, without sockets and net/http.
func BenchmarkHandler(b *testing.B) {
	h := newHandler(nowhere{}, io.Discard)
	h.Log = nil
	body := examples(b)["waiting.1"]
	r := delivery(body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkDecode(b *testing.B) {
	body := examples(b)["waiting.1"]
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, known, err := Decode("workflow_job", guid, body, learned); err != nil || !known {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodingJSON is what the scanner is measured against.
func BenchmarkEncodingJSON(b *testing.B) {
	body := examples(b)["waiting.1"]
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var p struct {
			Action string `json:"action"`
			Job    struct {
				ID        int64     `json:"id"`
				Run       int64     `json:"run_id"`
				Attempt   int64     `json:"run_attempt"`
				RunnerID  *int64    `json:"runner_id"`
				Name      string    `json:"name"`
				Workflow  *string   `json:"workflow_name"`
				Runner    *string   `json:"runner_name"`
				Labels    []*string `json:"labels"`
				CreatedAt time.Time `json:"created_at"`
				StartedAt time.Time `json:"started_at"`
			} `json:"workflow_job"`
			Repository struct {
				Name    string `json:"name"`
				Private bool   `json:"private"`
				Owner   struct {
					ID    int64  `json:"id"`
					Login string `json:"login"`
				} `json:"owner"`
			} `json:"repository"`
			Installation struct {
				ID int64 `json:"id"`
			} `json:"installation"`
		}
		if err := json.Unmarshal(body, &p); err != nil {
			b.Fatal(err)
		}
	}
}
