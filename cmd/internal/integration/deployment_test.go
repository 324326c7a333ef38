package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Times of a deployment that are shorter than an account's, so that the test is.
const (
	hidden   = 20               // seconds until a message comes again
	receives = 5                // until it is set aside
	tickTime = 10 * time.Second // between ticks
	fleetKey = "acme/fleet.yaml"
)

// deployment is the functions of a fleet, with all that feeds them.
type deployment struct {
	*site
	wire                        *proxy
	sqs                         *sqs.Client
	dynamo                      *dynamodb.Client
	s3                          *s3.Client
	table, bucket               string
	events, reports, looks      string // URLs of queues
	dead                        string // of what was set aside
	webhook, intake, look, tick *function
	twice                       atomic.Int64 // batches of events that were handed over twice
	kill                        atomic.Bool  // a sandbox, in the middle of a batch
	ends                        sync.WaitGroup
}

// newDeployment makes all that a stack makes, on moto, and starts the bootstrap
// that is shipped, two sandboxes of each function.
func newDeployment(t *testing.T, fleet, pools string) *deployment {
	t.Helper()
	s := newSite(t, fleet)
	d := &deployment{site: s, wire: newProxy(t, moto(t), 1), table: s.fleet, bucket: s.fleet}
	cfg := s.aws.config
	d.sqs, d.dynamo = sqs.NewFromConfig(cfg), dynamodb.NewFromConfig(cfg)
	d.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	d.makeQueues()
	d.makeTable()
	if _, err := d.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(d.bucket)}); err != nil {
		t.Fatal(err)
	}
	d.upload(pools)
	program := shipped(t)
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "AWS_ENDPOINT_URL=" + d.wire.url, "AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=moto", "AWS_SECRET_ACCESS_KEY=moto", "RUNFLEET_CONFIG=s3://" + d.bucket + "/" + fleetKey, "RUNFLEET_TABLE=" + d.table,
		"RUNFLEET_EVENTS_URL=" + d.events, "RUNFLEET_REPORTS_URL=" + d.reports, "RUNFLEET_LOOKS_URL=" + d.looks,
	}
	function := func(name string, timeout time.Duration) *function {
		return (&function{t: t, name: name, program: program, env: env, timeout: timeout}).start(2)
	}
	d.webhook, d.intake = function("webhook", 10*time.Second), function("events", 30*time.Second)
	d.look, d.tick = function("look", time.Minute), function("tick", 10*time.Second)
	return d
}

// shipped is the bootstrap as it is deployed, for this machine, built once; or the
// one that RUNFLEET_BOOTSTRAP names.
func shipped(t *testing.T) string {
	t.Helper()
	if program := os.Getenv("RUNFLEET_BOOTSTRAP"); program != "" {
		return program
	}
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(program), "bootstrap")
	c := exec.Command("go", "build", "-tags", "lambda", "-trimpath", "-ldflags", "-s -w", "-o", path, "../../runfleet")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// upload puts a fleet file with these pools where the functions read it.
func (d *deployment) upload(pools string) {
	d.t.Helper()
	text, err := os.ReadFile(d.write("lambda", pools))
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = d.s3.PutObject(d.t.Context(), &s3.PutObjectInput{Bucket: aws.String(d.bucket), Key: aws.String(fleetKey), Body: bytes.NewReader(text)})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployment) makeQueues() {
	d.t.Helper()
	make := func(name string, attributes map[string]string) string {
		out, err := d.sqs.CreateQueue(d.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(d.fleet + "-" + name), Attributes: attributes})
		if err != nil {
			d.t.Fatal(err)
		}
		return aws.ToString(out.QueueUrl)
	}
	d.dead = make("dead", nil)
	fed := map[string]string{
		"VisibilityTimeout": strconv.Itoa(hidden),
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"%d"}`, arn(d.dead), receives),
	}
	d.events, d.reports = make("events", fed), make("reports", fed)
	d.looks = make("looks.fifo", map[string]string{"FifoQueue": "true", "VisibilityTimeout": "360"})
}

// arn is a queue's ARN, by its URL.
func arn(queue string) string {
	return "arn:aws:sqs:" + region + ":" + accountID + ":" + queue[strings.LastIndexByte(queue, '/')+1:]
}

func (d *deployment) makeTable() {
	d.t.Helper()
	key := func(name string, kind dynamotypes.KeyType) dynamotypes.KeySchemaElement {
		return dynamotypes.KeySchemaElement{AttributeName: aws.String(name), KeyType: kind}
	}
	text := func(name string) dynamotypes.AttributeDefinition {
		return dynamotypes.AttributeDefinition{AttributeName: aws.String(name), AttributeType: dynamotypes.ScalarAttributeTypeS}
	}
	_, err := d.dynamo.CreateTable(d.t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(d.table), BillingMode: dynamotypes.BillingModePayPerRequest,
		KeySchema:            []dynamotypes.KeySchemaElement{key("pk", dynamotypes.KeyTypeHash), key("sk", dynamotypes.KeyTypeRange)},
		AttributeDefinitions: []dynamotypes.AttributeDefinition{text("pk"), text("sk")},
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// rows counts the ledger's rows of a kind.
func (d *deployment) rows(kind string) int {
	d.t.Helper()
	out, err := d.dynamo.Query(d.t.Context(), &dynamodb.QueryInput{
		TableName: aws.String(d.table), ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: map[string]dynamotypes.AttributeValue{
			":p": &dynamotypes.AttributeValueMemberS{Value: "alive"}, ":s": &dynamotypes.AttributeValueMemberS{Value: kind + "#"},
		},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return int(out.Count)
}
