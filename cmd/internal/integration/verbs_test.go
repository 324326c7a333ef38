package integration_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// TestOperatorsMeetTheFunctionsInTheirTable has every verb read the ledger of
// functions, and order something there that they obey.
func TestOperatorsMeetTheFunctionsInTheirTable(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "verbs", lambdaPool)
	d.hub.point(d.feed() + "/webhook")
	file := d.operator()
	d.says(file, "status", "the functions look; last full look")
	d.tells(file, "pause arm64 --reason rehearsal", "ordered: pause arm64")
	job := d.hub.queue(3*tickTime, "self-hosted", "arm64") // a full look comes while it runs
	d.says(file, "jobs", "paused")
	d.tells(file, "status", "1 job waits, 0 run; 0 machines", "pause arm64: rehearsal", "1 job: paused")
	d.tells(file, fmt.Sprint("explain ", job), "pool arm64 fits", "now: queued, paused")
	d.tells(file, "pools", "0 of 40")
	d.tells(file, "plan", "1 job, 0 machines", "nothing to do")
	d.tells(file, "resume arm64", "lifted")
	machine := aws.ToString(d.machine("arm64").InstanceId)
	d.tells(file, "machines list", machine)
	d.tells(file, "machines hold "+machine+" --reason looking", "ordered: hold")
	d.tells(file, "machines show "+machine, "looking")
	d.tells(file, "machines release "+machine, "lifted")
	d.boot(machine)
	d.says(file, "runners list -o json", d.runner(machine))
	d.job(job, "success")
	d.says(file, fmt.Sprint("explain ", job), "done: success")
	d.aws.powerOff(machine)
	d.says(file, "status", "0 jobs wait, 0 run; 0 machines, 0 intents open")
	d.tells(file, "hours show", "arm64")
	d.tells(file, "jobs --all", fmt.Sprint(job), "success")
	d.tells(file, "drill list", "RESULT")
	d.refusals(file)
	d.handOver(file)
}

// operator is where verbs are run: the table is named by the environment, as the
// stack's output says it, and AWS is met where the functions meet it.
func (d *deployment) operator() (file string) {
	d.env = append(d.env, "AWS_ENDPOINT_URL="+d.wire.url, "RUNFLEET_TABLE="+d.table)
	return d.write("operator", lambdaPool)
}

// says waits until a verb says something.
func (d *deployment) says(file, verb, want string) {
	d.t.Helper()
	until(d.t, slow, verb+": "+want, func() string {
		if code, out := d.verb(file, strings.Fields(verb)...); code != 0 || !strings.Contains(out, want) {
			return fmt.Sprintf("exit %d: %s", code, out)
		}
		return ""
	})
}

// refusals are verbs that cannot do what they are told.
func (d *deployment) refusals(file string) {
	d.t.Helper()
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"status --ledger dynamodb:nobody-made-this", 1, "open ledger nobody-made-this: there is no such table; a deployment makes it"},
		{"backup copy.db", 2, "is a table"},
		{"serve", 2, "whose fleet functions manage"},
		{"machines end i-9", 1, "machine i-9: not in the ledger"},
		{"resume arm64", 1, "nothing was ordered about arm64"},
	} {
		if code, out := d.verb(file, strings.Fields(tt.args)...); code != tt.code || !strings.Contains(out, tt.want) {
			d.t.Errorf("%s: exit %d: %s", tt.args, code, out)
		}
	}
}

// handOver has another ledger take the fleet, and then the functions' own again.
func (d *deployment) handOver(file string) {
	d.t.Helper()
	name := "/runfleet/" + d.fleet + "/settings/owner"
	owner := aws.ToString(d.aws.parameter(name, false).Value)
	_, err := d.aws.ssm.PutParameter(d.t.Context(), &ssm.PutParameterInput{
		Name: aws.String(name), Value: aws.String("another"), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	until(d.t, soon, "the functions leave another's fleet alone", func() string {
		if d.look.said("this fleet is not looked after") {
			return ""
		}
		return "they do not say so"
	})
	d.tells(file, "adopt", "ledger "+owner+" owns fleet "+d.fleet+" now")
	job := d.hub.queue(time.Second, "self-hosted", "arm64")
	machine := aws.ToString(d.machine("arm64").InstanceId)
	d.boot(machine)
	d.job(job, "success")
	d.aws.powerOff(machine)
	d.says(file, "status", "0 jobs wait, 0 run; 0 machines, 0 intents open")
}

// said reports whether a sandbox of the function logged something.
func (f *function) said(text string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.logs {
		if strings.Contains(l.String(), text) {
			return true
		}
	}
	return false
}
