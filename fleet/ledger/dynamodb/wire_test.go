package dynamodb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/runfleet/runfleet/fleet/ledger/ledgertest"
)

// wire stands between a client and moto and does what DynamoDB does and moto
// does not: requests are isolated from each other, a transaction is made once
// under its token. It counts requests and units, and plays faults.
type wire struct {
	lock      sync.Mutex
	forgetful bool            // of tokens, as moto is
	fault     fault           // nil: none
	behind    func(op string) // called when a request was made; nil: nothing
	made      map[string]remembered
	requests  map[string]int // by operation
	repeated  int            // transactions that their token showed to be made already
	meter     meter
}

// fault says what becomes of a request, the n-th of all, from 1.
type fault func(op string, n int) outcome

type outcome int

const (
	fine outcome = iota
	throttled
	conflicting // another transaction is at work on a row
	failing     // 500
	lost        // made, but the answer does not come
	dead        // not made, no answer
	partial     // the second half of a batch is left undone
)

// remembered is a transaction that was made, as DynamoDB remembers it for ten
// minutes.
type remembered struct {
	request any
	answer  []byte
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	w.lock.Lock()
	answer, status, err := w.serve(r, op, body)
	behind := w.behind
	w.lock.Unlock()
	if behind != nil {
		behind(op)
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader(answer)), ContentLength: int64(len(answer)), Request: r}, nil
}

func (w *wire) serve(r *http.Request, op string, body []byte) ([]byte, int, error) {
	n := 1
	for _, k := range w.requests {
		n += k
	}
	w.requests[op]++
	what := fine
	if w.fault != nil {
		what = w.fault(op, n)
	}
	switch what {
	case throttled:
		return []byte(`{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"too much"}`), 400, nil
	case failing:
		return []byte(`{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"sorry"}`), 500, nil
	case conflicting:
		return []byte(`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"cancelled","CancellationReasons":[{"Code":"TransactionConflict"}]}`), 400, nil
	case dead:
		return nil, 0, errors.New("connection refused")
	}
	var left []byte
	if what == partial {
		body, left = halve(op, body)
	}
	answer, status, err := w.once(r, op, body)
	if err == nil && left != nil {
		answer = left
	}
	if err == nil && what == lost {
		err = errors.New("connection reset by peer")
	}
	return answer, status, err
}

// once makes a request, a transaction once under its token.
func (w *wire) once(r *http.Request, op string, body []byte) ([]byte, int, error) {
	var request map[string]any
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, 0, err
	}
	token, _ := request["ClientRequestToken"].(string)
	if old, ok := w.made[token]; ok && token != "" && !w.forgetful {
		if !reflect.DeepEqual(old.request, any(request)) {
			return []byte(`{"__type":"com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException","message":"another request"}`), 400, nil
		}
		w.repeated++
		return old.answer, 200, nil
	}
	answer, status, err := forward(r, body)
	if err == nil {
		w.meter.count(op, body, answer, status == 200)
	}
	if err == nil && status == 200 && token != "" {
		w.made[token] = remembered{request, answer}
	}
	return answer, status, err
}

// forward waits for moto however long the client would: moto copies its table
// for each row of a transaction, and takes seconds for a large one.
func forward(r *http.Request, body []byte) ([]byte, int, error) {
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	again.ContentLength = int64(len(body))
	got, err := http.DefaultTransport.RoundTrip(again)
	if err != nil {
		return nil, 0, err
	}
	defer got.Body.Close()
	answer, err := io.ReadAll(got.Body)
	return answer, got.StatusCode, err
}

// halve takes the second half out of a batch, and makes the answer that says so.
// A batch of reads is answered with nothing at all: it has 16 MB too much.
func halve(op string, body []byte) (first, answer []byte) {
	var in struct{ RequestItems map[string]json.RawMessage }
	must(json.Unmarshal(body, &in))
	for table, raw := range in.RequestItems {
		if op == "BatchGetItem" {
			return body, must1(json.Marshal(map[string]any{"Responses": map[string]any{}, "UnprocessedKeys": in.RequestItems}))
		}
		var all []json.RawMessage
		must(json.Unmarshal(raw, &all))
		in.RequestItems[table] = must1(json.Marshal(all[:(len(all)+1)/2]))
		first = must1(json.Marshal(in))
		in.RequestItems[table] = must1(json.Marshal(all[(len(all)+1)/2:]))
		answer = must1(json.Marshal(map[string]any{"UnprocessedItems": in.RequestItems}))
	}
	return first, answer
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func must1[T any](v T, err error) T {
	must(err)
	return v
}

// set changes the wire between requests.
func (w *wire) set(f func()) {
	w.lock.Lock()
	defer w.lock.Unlock()
	f()
}

// reset counts from zero, and plays this fault from now on.
func (w *wire) reset(f fault) {
	w.set(func() {
		w.fault, w.repeated = f, 0
		clear(w.requests)
		w.meter.reads, w.meter.writes = 0, 0
	})
}

// total is how many requests were sent.
func (w *wire) total() (n int) {
	w.set(func() {
		for _, k := range w.requests {
			n += k
		}
	})
	return n
}

var tables atomic.Int64

// table makes a table on moto, and a wire to it. Start moto_server and name its
// address, such as http://127.0.0.1:5000, in RUNFLEET_MOTO.
func table(t testing.TB) (*wire, *dynamodb.Client, string) {
	t.Helper()
	address := os.Getenv("RUNFLEET_MOTO")
	if address == "" {
		t.Skip("RUNFLEET_MOTO names no server")
	}
	w := &wire{made: map[string]remembered{}, requests: map[string]int{}, meter: meter{sizes: map[string]int{}}}
	client := NewClient(aws.Config{
		HTTPClient: &http.Client{Transport: w}, Region: "us-east-1", BaseEndpoint: aws.String(address),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "moto", SecretAccessKey: "moto"}, nil
		}),
	})
	name := fmt.Sprintf("f-%d-%d", time.Now().UnixNano(), tables.Add(1))
	if err := MakeTable(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.reset(nil)
		_, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(name)})
		if err != nil {
			t.Error(err)
		}
	})
	w.reset(nil)
	return w, client, name
}

// open opens a ledger of fleet "f" that waits for nothing.
func open(t testing.TB, api API, table string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{API: api, Table: table, Fleet: "f", Now: noon, Pause: noPause})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func noon() time.Time { return ledgertest.Noon }

func noPause(ctx context.Context, _ time.Duration) error { return ctx.Err() }
