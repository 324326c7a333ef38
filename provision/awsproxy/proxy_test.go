package awsproxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/awsproxy"
	"github.com/runfleet/runfleet/provision/tokens"
)

// behind is a server that does what it is asked: each launch is one machine of
// the first override, more than it asks of a call it does not know.
type behind struct{ launches, puts atomic.Int64 }

func (b *behind) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	switch {
	case strings.HasSuffix(r.Header.Get("X-Amz-Target"), "PutParameter"):
		b.puts.Add(1)
		fmt.Fprint(w, `{"Version":1}`)
	case form.Get("Action") == "CreateFleet":
		override := "LaunchTemplateConfigs.1.Overrides.1."
		fmt.Fprintf(w, `<CreateFleetResponse><fleetId>fleet-1</fleetId><fleetInstanceSet><item><instanceIds><item>i-%017d</item></instanceIds><instanceType>%s</instanceType><lifecycle>%s</lifecycle>`+
			`<launchTemplateAndOverrides><overrides><instanceType>%s</instanceType><subnetId>%s</subnetId></overrides></launchTemplateAndOverrides></item></fleetInstanceSet></CreateFleetResponse>`,
			b.launches.Add(1), form.Get(override+"InstanceType"), form.Get("TargetCapacitySpecification.DefaultTargetCapacityType"),
			form.Get(override+"InstanceType"), form.Get(override+"SubnetId"))
	case form.Get("Action") == "DescribeSubnets":
		fmt.Fprint(w, `<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-a</subnetId><availabilityZone>us-east-1a</availabilityZone></item>`+
			`<item><subnetId>subnet-b</subnetId><availabilityZone>us-east-1b</availabilityZone></item></subnetSet></DescribeSubnetsResponse>`)
	default:
		http.Error(w, "unknown", http.StatusNotImplemented)
	}
}

// rig is a fleet's EC2 and SSM behind the proxy.
type rig struct {
	*behind
	proxy *awsproxy.Proxy
	cloud *provision.Cloud
	store *tokens.Store
}

func rigged(t *testing.T, with ...func(*aws.Config)) rig {
	t.Helper()
	r := rig{behind: &behind{}}
	server := httptest.NewServer(r.behind)
	t.Cleanup(server.Close)
	var err error
	if r.proxy, err = awsproxy.New(server.URL, 1); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(r.proxy)
	t.Cleanup(front.Close)
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(front.URL), HTTPClient: &http.Client{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
		}),
	}
	for _, change := range with {
		change(&cfg)
	}
	r.cloud = provision.New(provision.Config{EC2: provision.NewEC2(cfg), Fleet: "acme", Ledger: "ledger", Region: "us-east-1"})
	r.store = &tokens.Store{SSM: tokens.NewSSM(cfg), Fleet: "acme", Region: "us-east-1", Account: "123456789012"}
	return r
}

// launch is one machine on a market, of two types in two zones.
func launch(market fleet.Market) fleet.Launch {
	l := fleet.Launch{Pool: "arm64", Template: "lt-1:1", Market: market, Count: 1}
	for _, typ := range []string{"m7g.large", "m6g.large"} {
		for _, zone := range []string{"a", "b"} {
			l.Offers = append(l.Offers, fleet.Offer{Type: typ, Zone: "us-east-1" + zone, Market: market, Subnet: "subnet-" + zone})
		}
	}
	return l
}

// patience is a call's context, which is over once the server has done what is
// answered too late.
func (r rig) patience(t *testing.T, f awsproxy.Fault) context.Context {
	ctx, over := context.WithCancel(t.Context())
	t.Cleanup(over)
	if f.What == awsproxy.Slow {
		r.proxy.Watch(func(awsproxy.Call) { over() })
	}
	return ctx
}

const config = "eyJhIjoiYiJ9"

func TestATroubleHasTheMeaningThatTheFleetGivesIt(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault awsproxy.Fault
		want  error
		done  int64 // by the server, of the one call that met the fault
	}{
		{"too many calls are throttled, and nothing is done", awsproxy.Fault{What: awsproxy.Throttled}, fleet.ErrThrottled, 0},
		{"of a failure nobody knows the outcome", awsproxy.Fault{What: awsproxy.Failed}, fleet.ErrUnknownOutcome, 0},
		{"of a connection that breaks neither", awsproxy.Fault{What: awsproxy.Down}, fleet.ErrUnknownOutcome, 0},
		{"nor of an answer that is lost, though it was done", awsproxy.Fault{What: awsproxy.Lost}, fleet.ErrUnknownOutcome, 1},
		{"nor of one that comes too late", awsproxy.Fault{What: awsproxy.Slow, Wait: time.Hour}, fleet.ErrUnknownOutcome, 1},
		{"a refusal means what its code does", awsproxy.Fault{What: awsproxy.Refused, Code: "ExpiredTokenException"}, fleet.ErrConfig, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			ec2, ssm := tt.fault, tt.fault
			ec2.Operation, ec2.Times, ssm.Operation, ssm.Times = "CreateFleet", 1, "PutParameter", 1
			r.proxy.SetFaults(ec2, ssm)
			if got, err := r.cloud.Launch(r.patience(t, tt.fault), "intent-1", launch(fleet.OnDemand)); !errors.Is(err, tt.want) {
				t.Errorf("launch: %+v, error %v", got, err)
			}
			if err := r.store.Put(r.patience(t, tt.fault), "i-1", config); !errors.Is(err, tt.want) {
				t.Errorf("put: %v", err)
			}
			r.proxy.Watch(nil)
			if n, m := r.launches.Load(), r.puts.Load(); n != tt.done || m != tt.done {
				t.Errorf("%d launches and %d parameters were made, not %d", n, m, tt.done)
			}
			got, err := r.cloud.Launch(t.Context(), "intent-1", launch(fleet.OnDemand))
			if err != nil || len(got.Machines) != 1 || r.launches.Load() != 1 {
				t.Errorf("the same intent again: %+v, error %v, %d launches", got, err, r.launches.Load())
			}
		})
	}
}

func TestOnlyTheCallsThatAreMeantMeetAFault(t *testing.T) {
	r := rigged(t)
	r.proxy.SetFaults(awsproxy.Fault{What: awsproxy.Throttled, Service: "ssm"}, awsproxy.Fault{What: awsproxy.Lost, Operation: "DescribeSubnets"})
	if got, err := r.cloud.Launch(t.Context(), "intent-1", launch(fleet.Spot)); err != nil {
		t.Errorf("launch: %+v, error %v", got, err)
	}
	if err := r.store.Put(t.Context(), "i-1", config); !errors.Is(err, fleet.ErrThrottled) {
		t.Errorf("put: %v", err)
	}
	want := map[string]map[string]int{"ec2": {"CreateFleet": 1}, "ssm": {"PutParameter": 1}}
	if diff := cmp.Diff(want, r.proxy.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAFaultThatIsDrawnIsDrawnAlikeBySeed(t *testing.T) {
	var days [2]string
	for day := range days {
		r := rigged(t)
		r.proxy.SetFaults(awsproxy.Fault{What: awsproxy.Throttled, Rate: 0.4})
		for i := range 50 {
			_, err := r.cloud.Launch(t.Context(), fleet.IntentID(fmt.Sprint(i)), launch(fleet.Spot))
			days[day] += fmt.Sprint(err != nil, " ")
		}
	}
	if n := strings.Count(days[0], "true"); days[0] != days[1] || n < 10 || n > 30 {
		t.Errorf("%d faults of 50 calls:\n%s\n%s", n, days[0], days[1])
	}
}

func TestAnOfferWithoutCapacityIsRefusedByTypeZoneAndMarket(t *testing.T) {
	for _, tt := range []struct {
		name    string
		empty   awsproxy.Offer
		refused int // of four offers
		demand  int // of the same on demand
	}{
		{"one type in one zone on one market", awsproxy.Offer{Type: "m7g.large", Zone: "us-east-1a", Market: "spot"}, 1, 0},
		{"a type anywhere", awsproxy.Offer{Type: "m6g.large"}, 2, 2},
		{"a zone", awsproxy.Offer{Zone: "us-east-1b", Market: "spot"}, 2, 0},
		{"a market", awsproxy.Offer{Market: "spot"}, 4, 0},
		{"all", awsproxy.Offer{}, 4, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rigged(t)
			r.proxy.SetEmpty(tt.empty)
			for market, want := range map[fleet.Market]int{fleet.Spot: tt.refused, fleet.OnDemand: tt.demand} {
				got, err := r.cloud.Launch(t.Context(), fleet.IntentID("intent-"+market), launch(market))
				if err != nil || len(got.Refused) != want || (len(got.Machines) == 1) != (want < 4) {
					t.Fatalf("%s: %+v, error %v", market, got, err)
				}
				for _, f := range got.Refused {
					o := awsproxy.Offer{Type: f.Offer.Type, Zone: f.Offer.Zone, Market: string(f.Offer.Market)}
					if !errors.Is(f.Err, fleet.ErrNoCapacity) || o.Market != string(market) || o.Type == "" || o.Zone == "" {
						t.Errorf("refused %+v", f)
					}
				}
				for _, m := range got.Machines {
					if m.Offer.Type == tt.empty.Type && m.Offer.Zone == tt.empty.Zone && string(market) == tt.empty.Market {
						t.Errorf("launched where there is no room: %+v", m.Offer)
					}
				}
			}
		})
	}
}

func TestATokenLaunchesOnceUnlessTokensAreForgotten(t *testing.T) {
	r := rigged(t)
	l := launch(fleet.Spot)
	first, err := r.cloud.Launch(t.Context(), "intent-1", l)
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.cloud.Launch(t.Context(), "intent-1", l)
	if err != nil || again.Machines[0].ID != first.Machines[0].ID {
		t.Errorf("launched %+v, then %+v, error %v", first, again, err)
	}
	l.Count = 2
	if _, err := r.cloud.Launch(t.Context(), "intent-1", l); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("another request with that token: %v", err)
	}
	r.proxy.Forgets = true
	if _, err := r.cloud.Launch(t.Context(), "intent-1", l); err != nil || r.launches.Load() != 2 {
		t.Errorf("tokens forgotten: %d launches, error %v", r.launches.Load(), err)
	}
}

func TestALaunchIsMadeThoughItsClientDies(t *testing.T) {
	r := rigged(t)
	ctx, die := context.WithCancel(t.Context())
	gone := make(chan struct{})
	r.proxy.Watch(func(awsproxy.Call) { die(); <-gone }) // between the server's answer and the client's
	_, lost := r.cloud.Launch(ctx, "intent-1", launch(fleet.Spot))
	close(gone)
	if lost == nil {
		t.Error("it had its answer")
	}
	r.proxy.Watch(nil)
	got, err := r.cloud.Launch(t.Context(), "intent-1", launch(fleet.Spot))
	if err != nil || len(got.Machines) != 1 || r.launches.Load() != 1 {
		t.Errorf("the next process: %+v, error %v, %d launches", got, err, r.launches.Load())
	}
}

func TestACallIsHeldUntilTheTestLetsItGo(t *testing.T) {
	r := rigged(t)
	r.proxy.Hold(func(c awsproxy.Call) {
		if c.Operation == "PutParameter" && r.puts.Load() != 0 {
			t.Error("the server had it before")
		}
	})
	if err := r.store.Put(t.Context(), "i-1", config); err != nil || r.puts.Load() != 1 {
		t.Errorf("put: %v, %d were made", err, r.puts.Load())
	}
}
