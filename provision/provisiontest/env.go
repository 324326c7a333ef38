// Package provisiontest holds what every EC2, SSM, SQS and FIS must do for packages
// provision, tokens, queue and faults, be it a simulation, a mock server or an
// account: a suite for each of the four.
//
// # Decisions
//
// The suite sees the cloud through the adapters alone, so it checks both: that
// the adapters say what they promise, and that the other side is what they
// believe it to be. What an adapter never shows, such as a tag for a policy, is
// looked at with the SDK.
//
// Where a stand-in is known to be wrong, that has a name in the list of deviations,
// and the test that meets it says the name. A fault that nobody can play skips its
// test.
package provisiontest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
	"github.com/runfleet/runfleet/provision/faults"
	"github.com/runfleet/runfleet/provision/queue"
	"github.com/runfleet/runfleet/provision/tokens"
)

// Env is a cloud in which the test's fleet has nothing yet, and what may be done to
// it.
type Env struct {
	Name       string // of the cloud, for people
	Fleet      string // the test's own
	Deviations []Deviation
	// Paid: machines cost money and time is real. Tests that need hundreds of
	// either are left out.
	Paid bool

	EC2             provision.EC2API
	SSM             SSMAPI
	SQS             SQSAPI
	FIS             faults.FISAPI
	Region, Account string
	Subnets         []string // two, in two zones
	SecurityGroups  []string
	InstanceProfile string
	DrillRole       string // the ARN of what FIS acts as
	Image           string
	Types           []string // two, offered in both zones
	// Checks are what a check asks. Elsewhere is a security group of another VPC,
	// or empty, Foreign an image of x86_64, and Rare a type that neither zone
	// offers.
	Checks                   provision.CheckAPI
	Elsewhere, Foreign, Rare string
	Now                      func() time.Time

	// Wait lets time pass, on whatever clock the cloud goes by.
	Wait func(time.Duration)
	// Pass lets lag pass: two minutes are more than any. nil where nothing lags.
	Pass func(time.Duration)
	// Messages has those of EventBridge so far; nil where nobody listens.
	Messages func() [][]byte

	// As is SQS for a machine, which receivers know as the sender; nil where
	// nobody can send as one.
	As func(fleet.MachineID) queue.SendAPI
	// Protect has EC2 refuse, or not any more, to end a machine.
	Protect func(t *testing.T, m fleet.MachineID, on bool)

	// Faults, nil where the cloud cannot play them. Operations are named as
	// the SDK's methods.
	Empty    func(fleet.Offer)      // there is no capacity from now on
	Throttle func(operation string) // the next call is throttled
	Lose     func(operation string) // the next call works, its answer is lost
}

// SSMAPI is what tests call of SSM beside the adapter.
type SSMAPI interface {
	tokens.SSMAPI
	ListTagsForResource(context.Context, *ssm.ListTagsForResourceInput, ...func(*ssm.Options)) (*ssm.ListTagsForResourceOutput, error)
}

// SQSAPI is what tests call of SQS beside the adapters.
type SQSAPI interface {
	queue.SendAPI
	queue.PollAPI
	CreateQueue(context.Context, *sqs.CreateQueueInput, ...func(*sqs.Options)) (*sqs.CreateQueueOutput, error)
	DeleteQueue(context.Context, *sqs.DeleteQueueInput, ...func(*sqs.Options)) (*sqs.DeleteQueueOutput, error)
}

// name is a parameter's of the test's own, outside the paths of the fleet.
func (e Env) name(short string) string { return "/ci/" + e.Fleet + "/" + short }

// forget has a parameter deleted at the end, whether it is there or not.
func (e Env) forget(t *testing.T, names ...string) {
	t.Helper()
	t.Cleanup(func() {
		for _, name := range names {
			_, _ = e.SSM.DeleteParameter(context.Background(), &ssm.DeleteParameterInput{Name: aws.String(name)})
		}
	})
}

// intent is an intent's id of the test's own: EC2 knows client tokens for long.
func (e Env) intent(short string) fleet.IntentID { return fleet.IntentID(e.Fleet + "-" + short) }

// pass lets lag pass.
func (e Env) pass() {
	if e.Pass != nil {
		e.Pass(2 * time.Minute)
	}
}

// config is a fleet of one pool.
func (e Env) config() provision.Config {
	return provision.Config{
		EC2: e.EC2, Fleet: e.Fleet, Ledger: "ledger-1", Region: e.Region,
		Subnets: e.Subnets, SecurityGroups: e.SecurityGroups, InstanceProfile: e.InstanceProfile,
		Tags: map[string]string{"team": "ci"},
		Pools: []provision.PoolSpec{{
			Name: "arm64", Arch: fleet.ARM64, Types: e.Types, Image: e.Image, DiskGiB: 40,
		}},
		Now: e.Now,
	}
}

func (e Env) store() *tokens.Store {
	return &tokens.Store{SSM: e.SSM, Fleet: e.Fleet, Region: e.Region, Account: e.Account}
}

// launch is a launch of a market by the first pool's recipe.
func (e Env) launch(t *testing.T, c *provision.Cloud, market fleet.Market, count int) fleet.Launch {
	t.Helper()
	recipes, err := c.Recipes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if recipes[0].Problem != "" {
		t.Fatal(recipes[0].Problem)
	}
	l := fleet.Launch{Pool: recipes[0].Pool, Template: recipes[0].Template, Market: market, Count: count}
	for _, o := range recipes[0].Offers {
		if o.Market == market {
			l.Offers = append(l.Offers, o)
		}
	}
	return l
}

// must launches what has to come whole.
func (e Env) must(t *testing.T, c *provision.Cloud, id fleet.IntentID, l fleet.Launch) []fleet.Machine {
	t.Helper()
	got, err := c.Launch(t.Context(), id, l)
	if err != nil || len(got.Machines) != l.Count || len(got.Refused) != 0 {
		t.Fatalf("launch %d: %+v, error %v", l.Count, got, err)
	}
	return got.Machines
}

// alive are the machines that EC2 shows and does not end.
func alive(t *testing.T, c *provision.Cloud) []fleet.Machine {
	t.Helper()
	list, err := c.Machines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var left []fleet.Machine
	for _, m := range list {
		if !m.Gone() {
			left = append(left, m)
		}
	}
	return left
}

func ids(list []fleet.Machine) string {
	var names []string
	for _, m := range list {
		names = append(names, string(m.ID))
	}
	return strings.Join(names, " ")
}
