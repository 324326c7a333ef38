package reconcile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/runfleet/runfleet/fleet/ledger"
	"github.com/runfleet/runfleet/fleet/ledger/dynamodb"
)

// onEachLedger runs a test with two managers on each store that they may share.
// The rig is the one, the rival the other.
func onEachLedger(t *testing.T, test func(t *testing.T, r *rig, rival *Reconciler)) {
	pair := func(r *rig, theirs ledger.Ledger) *Reconciler {
		return &Reconciler{
			Ledger: theirs, GitHub: r.GitHub, Runs: r.Runs, Cloud: r.Cloud, Switch: r.Switch, Sweeper: r.Sweeper, Configs: r.Configs, Fleet: r.Fleet, Now: r.Now, Log: r.Log,
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		r := rigged(t)
		test(t, r, pair(r, r.Ledger))
	})
	t.Run("dynamodb", func(t *testing.T) {
		address := os.Getenv("RUNFLEET_MOTO")
		if address == "" {
			t.Skip("RUNFLEET_MOTO names no server; make integration starts one")
		}
		r := rigged(t)
		api := dynamodb.NewClient(aws.Config{
			HTTPClient: &http.Client{Transport: &oneByOne{}}, Region: "us-east-1", BaseEndpoint: aws.String(address),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "moto", SecretAccessKey: "moto"}, nil
			}),
		})
		name := fmt.Sprintf("rivals-%d", time.Now().UnixNano())
		if err := dynamodb.MakeTable(t.Context(), api, name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := api.DeleteTable(context.Background(), &sdk.DeleteTableInput{TableName: aws.String(name)}); err != nil {
				t.Error(err)
			}
		})
		open := func() ledger.Ledger {
			s, err := dynamodb.Open(t.Context(), dynamodb.Config{API: api, Table: name, Fleet: "f", ID: "ledger", Now: r.Now})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		r.Ledger = open()
		test(t, r, pair(r, open()))
	})
}

// oneByOne isolates requests from each other, as DynamoDB does: moto restores the
// whole table when a transaction fails, and undoes what others wrote meanwhile.
type oneByOne struct{ lock sync.Mutex }

func (o *oneByOne) RoundTrip(r *http.Request) (*http.Response, error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	got.Body = io.NopCloser(bytes.NewReader(body))
	return got, err
}
