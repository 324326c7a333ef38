//go:build unix && !lambda

package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fleet/ledger/sqlite"
	"github.com/runfleet/runfleet/webhooks"
)

// benchLedger names the ledger of a process that is a benchmark's server.
const benchLedger = "RUNFLEET_BENCH_LEDGER"

func TestMain(m *testing.M) {
	if path := os.Getenv(benchLedger); path != "" {
		fmt.Fprintln(os.Stderr, serveBench(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveBench takes webhooks on loopback and says on standard output where, until
// standard input ends. GET /used is the processor time of the process so far.
func serveBench(ledger string) error {
	store, err := sqlite.Open(context.Background(), sqlite.Config{Path: ledger, Fleet: "bench"})
	if err != nil {
		return err
	}
	h := &webhooks.Handler{Secrets: [][]byte{[]byte(benchSecret)}, AppID: 1, Ledger: store, Now: time.Now}
	if err := h.Check(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/webhook", h)
	mux.HandleFunc("GET /used", func(w http.ResponseWriter, _ *http.Request) {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, u.Utime.Nano()+u.Stime.Nano())
	})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // the benchmark is over, or gone
		_ = store.Close()
		os.Exit(0)
	}()
	fmt.Println(l.Addr())
	return http.Serve(l, mux)
}

// benchServer is such a process.
type benchServer struct {
	b       *testing.B
	address string
}

func startBenchServer(b *testing.B) *benchServer {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := exec.Command(self)
	c.Env, c.Stderr = append(os.Environ(), benchLedger+"="+b.TempDir()+"/bench.db"), os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		if err := c.Wait(); err != nil {
			b.Error(err)
		}
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return &benchServer{b, strings.TrimSpace(address)}
}

// used is the processor time that the server used so far, user and system.
func (s *benchServer) used() time.Duration {
	s.b.Helper()
	resp, err := http.Get("http://" + s.address + "/used")
	if err != nil {
		s.b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.b.Fatal(err)
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		s.b.Fatal(err)
	}
	return time.Duration(n)
}
