package integration_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/cmd/internal/world"
	"github.com/runfleet/runfleet/github/githubsim"
)

const (
	lambdaJobs = 50
	lambdaPool = "  - {name: arm64, labels: [self-hosted, linux, arm64], arch: arm64, types: [m7g.large], image: IMAGE-arm64, prepared: true, market: on-demand, max: 40}\n"
	laterPool  = "  - {name: x64, labels: [self-hosted, linux, x64], arch: x86_64, types: [m6i.large], image: IMAGE-x86_64, prepared: true, market: spot, max: 40}\n"
)

// TestFunctionsTakeFiftyJobsFromTheirWebhooksToAnEmptyLedger plays a busy quarter
// of an hour in a few minutes: events come twice, one message is poison, one
// report is forged, a sandbox is killed in the middle of a batch, and the fleet
// file is another one in the middle of it all.
func TestFunctionsTakeFiftyJobsFromTheirWebhooksToAnEmptyLedger(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "lambda", lambdaPool)
	url := d.feed()
	d.hub.point(url + "/webhook")
	if code, answer := d.post(url, []byte(`{}`), 1, "hush"); code != http.StatusUnauthorized {
		t.Errorf("a forgery: %d %s", code, answer)
	}
	for i := range lambdaJobs {
		labels := []string{"self-hosted", "arm64"}
		if i%5 == 4 { // no pool fits yet
			labels = []string{"self-hosted", "x64"}
		}
		d.hub.queue(time.Duration(3+i%5)*time.Second, labels...)
	}
	d.send(d.events, "poison", "")
	d.send(d.reports, `{"v":1,"kind":"notice","machine":"i-0123456789abcdef0","at":"2026-11-25T12:00:00Z"}`, "AROA:i-0fedcba9876543210")
	d.kill.Store(true)
	agents := &agents{d: d, booted: map[string]bool{}, off: map[string]bool{}}
	until(t, 4*time.Minute, "every job runs to its end", func() string {
		done := agents.work()
		if done >= lambdaJobs/5 && !agents.second {
			agents.second = true
			d.upload(lambdaPool + laterPool)
		}
		if done < lambdaJobs {
			return fmt.Sprint(done, " are done")
		}
		return ""
	})
	until(t, slow, "the ledger is empty", func() string {
		agents.work()
		return d.left()
	})
	d.toldApart()
	d.sum()
}

// agents are the machines' own part.
type agents struct {
	d           *deployment
	booted, off map[string]bool
	second      bool // the second fleet file is there
}

// work boots machines whose config is there, and powers off those whose job is
// over. It counts the jobs that are.
func (a *agents) work() (done int) {
	over := map[string]bool{}
	for _, o := range a.d.hub.outcomes() {
		if o.Status == "completed" {
			done++
			over[o.Runner] = time.Since(o.Done) > 2*time.Second
		}
	}
	for _, i := range a.d.alive("") {
		id := aws.ToString(i.InstanceId)
		switch {
		case over[a.d.runner(id)] && !a.off[id]:
			a.off[id] = true
			a.d.aws.powerOff(id)
		case !a.booted[id] && a.d.aws.parameter(a.d.path(id), false) != nil:
			a.booted[id] = true
			a.d.boot(id)
			a.d.send(a.d.reports, fmt.Sprintf(`{"v":1,"kind":"ready","machine":%q,"at":%q}`, id, time.Now().UTC().Format(time.RFC3339)), "AROA:"+id)
		}
	}
	return done
}

// send puts a message into a queue.
func (d *deployment) send(queue, body, sender string) {
	d.t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String(body)}
	if sender != "" {
		in.MessageAttributes = map[string]types.MessageAttributeValue{"sender": {DataType: aws.String("String"), StringValue: aws.String(sender)}}
	}
	if _, err := d.sqs.SendMessage(d.t.Context(), in); err != nil {
		d.t.Fatal(err)
	}
}

// left is what the ledger and the accounts still have; empty: nothing.
func (d *deployment) left() string {
	var left []string
	for _, kind := range []string{"job", "machine", "intent", "runner", "notice"} {
		if n := d.rows(kind); n > 0 {
			left = append(left, fmt.Sprint(n, " of ", kind))
		}
	}
	if n := len(d.hub.runners()); n > 0 {
		left = append(left, fmt.Sprint(n, " registrations"))
	}
	if n := len(d.aws.parameters("/runfleet/" + d.fleet + "/machines")); n > 0 {
		left = append(left, fmt.Sprint(n, " configs"))
	}
	return strings.Join(left, ", ")
}

// toldApart checks that what nobody could read or believe is set aside, and
// nothing else, and that one sandbox was killed.
func (d *deployment) toldApart() {
	var aside []string
	until(d.t, time.Duration(receives+2)*hidden*time.Second, "two messages are set aside", func() string {
		out, err := d.sqs.ReceiveMessage(d.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(d.dead), MaxNumberOfMessages: 10})
		if err != nil {
			d.t.Fatal(err)
		}
		for _, m := range out.Messages {
			aside = append(aside, aws.ToString(m.Body)[:6])
		}
		if len(aside) < 2 {
			return fmt.Sprint(aside)
		}
		return ""
	})
	slices.Sort(aside)
	if got := strings.Join(aside, " "); got != `poison {"v":1` {
		d.t.Errorf("set aside: %s", got)
	}
	for _, queue := range []string{d.events, d.reports} {
		until(d.t, soon, "queue "+queue+" is empty", func() string { return d.waiting(queue) })
	}
	killed, batches, _ := d.intake.story()
	_, looks, _ := d.look.story()
	if killed != 1 || d.twice.Load() == 0 || batches < 2 || looks < 2 {
		d.t.Errorf("%d sandboxes were killed, %d batches of events came twice, %d batches and %d looks at once", killed, d.twice.Load(), batches, looks)
	}
}

func (d *deployment) waiting(queue string) string {
	out, err := d.sqs.GetQueueAttributes(d.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: aws.String(queue), AttributeNames: []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	}})
	if err != nil {
		d.t.Fatal(err)
	}
	for name, n := range out.Attributes {
		if n != "0" {
			return name + " " + n
		}
	}
	return ""
}

// sum tells what came of it as the demo does, in a line of the same JSON, and
// checks that it is good. What it cost stays 0: moto bills nobody.
func (d *deployment) sum() {
	s := world.Summary{V: 1, APICalls: d.wire.Calls()}
	var waits []time.Duration
	by := map[string]int{}
	for _, o := range d.hub.outcomes() {
		s.Jobs.Queued++
		if o.Status != "completed" || o.Conclusion != "success" {
			s.Jobs.Unserved++
			continue
		}
		s.Jobs.Completed++
		waits = append(waits, o.Started.Sub(o.Created))
		by[o.Runner]++
		s.JobsPerMachine = max(s.JobsPerMachine, by[o.Runner])
	}
	s.Wait = world.WaitsOf(waits)
	s.Machines.Launched, s.Machines.Left = len(d.aws.instances(d.fleet)), len(d.alive(""))
	s.Machines.Ended = s.Machines.Launched - s.Machines.Left
	s.RunnersLeft, s.ParametersLeft = len(d.hub.runners()), len(d.aws.parameters("/runfleet/"+d.fleet+"/machines"))
	var calls map[string]int
	d.hub.ask("GET", "/_sim/calls", nil, &calls)
	s.APICalls["github"] = calls
	line, err := json.Marshal(s)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Logf("%s", line)
	if diff := cmp.Diff(d.demoKeys(), keysOf(d.t, line)); diff != "" {
		d.t.Errorf("keys (-of the demo's summary +of this one):\n%s", diff)
	}
	if !s.Good() || s.Jobs.Completed != lambdaJobs || s.JobsPerMachine != 1 {
		d.t.Error("it is not good")
	}
	for _, f := range []*function{d.webhook, d.intake, d.look, d.tick} {
		killed, most, cold := f.story()
		d.t.Logf("%s: ready after %s, %d killed, %d at work at once", f.name, cold, killed, most)
	}
}

// demoKeys are the keys of the summary that the built program's demo ends with.
func (d *deployment) demoKeys() []string {
	d.t.Helper()
	c := exec.CommandContext(d.t.Context(), program, "demo", "--exit", "--json", "--quiet", "--jobs", "12", "--speed", "100000")
	c.Env = d.env
	line, err := c.Output()
	if err != nil {
		d.t.Fatal(err)
	}
	return keysOf(d.t, line)
}

// keysOf are the keys of a summary, those of its parts too. Which services were
// called, and what else there is to tell, is each run's own.
func keysOf(t *testing.T, line []byte) (keys []string) {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(line, &all); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	for key, value := range all {
		part, _ := value.(map[string]any)
		switch {
		case slices.Contains([]string{"closings", "interruption", "story"}, key):
		case part == nil || key == "api_calls":
			keys = append(keys, key)
		default:
			for inner := range part {
				keys = append(keys, key+"."+inner)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func (h *hub) outcomes() (all []githubsim.Outcome) {
	h.t.Helper()
	h.ask("GET", "/_sim/jobs", nil, &all)
	return all
}
