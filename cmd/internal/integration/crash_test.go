package integration_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision/awsproxy"
)

var (
	crashJobs    = flag.Int("crash-jobs", 100, "jobs of the test that kills the manager")
	crashKills   = flag.Int("crash-kills", 10, "how often it does")
	crashSeed    = flag.Uint64("crash-seed", 1, "draws its moments and the jobs")
	crashForgets = flag.Bool("crash-forgets", false, "EC2 ignores client tokens, as moto does")
)

const (
	crashPools = `  - {name: arm64, labels: [self-hosted, linux, arm64], arch: arm64, types: [m7g.large, m6g.large], image: IMAGE-arm64, prepared: true, max: 40, idle_limit: 30s}
  - {name: x64, labels: [self-hosted, linux, x64], arch: x86_64, types: [m6i.large], image: IMAGE-x86_64, prepared: true, market: on-demand, max: 40, idle_limit: 30s}
`
	crashOpen  = 60              // jobs that wait or run at once
	crashCalls = 40              // a manager is killed after so many calls of AWS at most
	crashTime  = 8 * time.Second // or then
	crashRest  = 20 * time.Second
)

// disaster is a manager that is killed at moments that a seed draws: when AWS has
// done its n-th call and before it hears of it, or up to a fifth of a second
// after that.
type disaster struct {
	*crew
	file     string
	random   *rand.Rand
	manager  *process
	kills    int // so far
	asked    map[int64]bool
	returned int // deliveries that were sent again

	mu       sync.Mutex // what follows is told by the proxy
	left     int        // calls until the manager dies; 0: it does not
	delay    time.Duration
	victim   *process
	reserved map[string]int // machines that launches asked for, by token
}

func TestEveryJobIsServedOnceThoughItsManagerIsKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	t.Logf("seed %d: make crash SEED=%d JOBS=%d KILLS=%d draws the same moments", *crashSeed, *crashSeed, *crashJobs, *crashKills)
	s := newSite(t, "crash")
	d := &disaster{crew: s.newCrew(*crashSeed), random: rand.New(rand.NewPCG(*crashSeed, 0)), asked: map[int64]bool{}, reserved: map[string]int{}}
	d.wire.Forgets = *crashForgets
	d.file = d.atOnePort(s.write("ledger", crashPools))
	d.wire.Watch(d.saw)
	began := time.Now()
	d.load(*crashJobs, *crashKills)
	served := time.Since(began)
	d.rest()
	d.closed(*crashJobs)
	t.Logf("%d jobs and %d kills in %s, at rest after %s; %d deliveries were sent again; AWS: %v", *crashJobs, d.kills,
		served.Round(time.Second), time.Since(began).Round(time.Second), d.returned, d.wire.Calls())
}

// atOnePort has a fleet file's managers listen where their predecessors did.
// Ports that the system hands out by itself are above 32768.
func (d *disaster) atOnePort(file string) string {
	d.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	for {
		at := "127.0.0.1:" + strconv.Itoa(20_000+rand.IntN(10_000))
		l, err := net.Listen("tcp", at)
		if err != nil {
			continue
		}
		l.Close()
		d.hub.point("http://" + at + "/webhook")
		return d.site.file("crash.yaml", strings.Replace(string(text), "127.0.0.1:0", at, 1))
	}
}

// saw hears of a call that AWS has done, and kills the manager when it is time.
func (d *disaster) saw(c awsproxy.Call) {
	d.crew.saw(c)
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.Operation == "CreateFleet" {
		d.reserved[c.Form.Get("ClientToken")], _ = strconv.Atoi(c.Form.Get("TargetCapacitySpecification.TotalTargetCapacity"))
	}
	if d.left--; d.left != 0 {
		return
	}
	victim := d.victim
	if d.delay == 0 {
		_ = victim.cmd.Process.Kill() // it may be over
		return
	}
	time.AfterFunc(d.delay, func() { _ = victim.cmd.Process.Kill() })
}

// load queues jobs, some at a time, until all of them are done and the manager
// has been killed often enough.
func (d *disaster) load(jobs, kills int) {
	d.t.Helper()
	queued := 0
	until(d.t, 10*time.Minute+time.Duration(jobs)*time.Second, "all jobs are done and all kills made", func() string {
		d.revive(kills)
		open, done := 0, 0
		for _, o := range d.step() {
			if o.Status == "completed" {
				done++
				continue
			}
			open++
		}
		for range min(jobs-queued, crashOpen-open, 10) {
			label := []string{"arm64", "x64"}[d.random.IntN(2)]
			d.hub.queue(time.Duration(500+d.random.IntN(2500))*time.Millisecond, "self-hosted", "linux", label)
			queued++
		}
		d.returned += d.hub.redeliver(d.asked)
		if done < jobs || d.kills < kills {
			return fmt.Sprintf("%d of %d jobs done, %d of %d kills", done, jobs, d.kills, kills)
		}
		return ""
	})
}

// revive starts a manager where the last one died, and says when it will die.
func (d *disaster) revive(kills int) {
	d.t.Helper()
	if d.manager != nil {
		select {
		case <-d.manager.ended:
			if d.kills++; d.manager.cmd.ProcessState.Exited() {
				d.t.Fatalf("a manager ended by itself:\n%s", d.manager.log.String())
			}
		default:
			return
		}
	}
	d.manager = start(d.t, d.env, "serve", "--config", d.file, "--drain", "0s")
	d.mu.Lock()
	defer d.mu.Unlock()
	d.victim, d.left, d.delay = d.manager, 0, 0
	if d.kills >= kills {
		return
	}
	d.left = 1 + d.random.IntN(crashCalls)
	if d.random.IntN(2) == 0 {
		d.delay = time.Duration(d.random.IntN(200)) * time.Millisecond
	}
	victim := d.manager
	time.AfterFunc(crashTime, func() { _ = victim.cmd.Process.Kill() })
}

// rest waits until nothing is left. A manager's first look is a full one, so
// that a new one in a while sees sooner what is over.
func (d *disaster) rest() {
	d.t.Helper()
	began := time.Now()
	until(d.t, slow, "nothing is left", func() string {
		if time.Since(began) > crashRest {
			began = time.Now()
			d.manager.signal(os.Interrupt)
			if code := d.manager.code(soon); code != 0 {
				d.t.Errorf("exit %d", code)
			}
			d.manager = start(d.t, d.env, "serve", "--config", d.file, "--drain", "0s")
		}
		d.step()
		d.hub.redeliver(d.asked)
		_, out := d.verb(d.file, "status")
		if !strings.HasPrefix(out, "fleet "+d.fleet+": 0 jobs wait, 0 run; 0 machines, 0 intents open") {
			return out
		}
		return d.leftAtAWS()
	})
}

// leftAtAWS is what the accounts still have; empty: nothing but the pools' own
// templates.
func (d *disaster) leftAtAWS() string {
	d.t.Helper()
	templates, err := d.aws.ec2.DescribeLaunchTemplates(d.t.Context(), &ec2.DescribeLaunchTemplatesInput{
		Filters: []ec2types.Filter{{Name: aws.String("tag:runfleet:fleet"), Values: []string{d.fleet}}},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	machines, configs, runners := idsOf(d.alive("")), d.aws.parameters(strings.TrimSuffix(d.path(""), "/")), d.hub.runners()
	if len(machines)+len(configs)+len(runners) > 0 || len(templates.LaunchTemplates) != 2 {
		return fmt.Sprintf("machines %v, configs %v, registrations %v, %d templates", machines, configs, runners, len(templates.LaunchTemplates))
	}
	return ""
}

// closed checks what was recorded, and what was paid for.
func (d *disaster) closed(jobs int) {
	d.t.Helper()
	by := map[string]jobID{}
	all := d.hub.outcomes()
	for _, o := range all {
		if o.Conclusion != "success" || o.Attempt != 1 {
			d.t.Errorf("job %d: %s %s, attempt %d", o.ID, o.Status, o.Conclusion, o.Attempt)
		}
		if other := by[o.Runner]; other != 0 {
			d.t.Errorf("runner %s had jobs %d and %d", o.Runner, other, o.ID)
		}
		by[o.Runner] = o.ID
	}
	if len(all) != jobs || len(by) != jobs {
		d.t.Errorf("%d of %d jobs, on %d runners", len(all), jobs, len(by))
	}
	var wait sync.WaitGroup
	todo := make(chan jobID, len(all))
	for _, o := range all {
		todo <- o.ID
	}
	close(todo)
	for range 4 { // the list of jobs is not long enough for all of them
		wait.Go(func() {
			for id := range todo {
				if _, out := d.verb(d.file, "explain", fmt.Sprint(id)); !strings.Contains(out, "now: done") || !strings.Contains(out, "done: success") {
					d.t.Errorf("explain %d: %s", id, out)
				}
			}
		})
	}
	wait.Wait()
	d.paid(jobs)
}

// paid checks that no launch brought more than was reserved for it, and that no
// job was paid for twice; but for one machine in each crash where EC2 forgets
// tokens.
func (d *disaster) paid(jobs int) {
	d.t.Helper()
	byIntent, all := map[string]int{}, d.aws.instances(d.fleet)
	for _, i := range all {
		byIntent[tagsOf(i.Tags)["runfleet:intent"]]++
	}
	beyond := 0
	for intent, n := range byIntent {
		beyond += max(0, n-d.reserved[intent])
	}
	allowed := 0
	if *crashForgets {
		allowed = d.kills
	}
	d.t.Logf("%d machines for %d jobs, %d beyond what was reserved", len(all), jobs, beyond)
	if len(all) >= jobs && beyond <= allowed && len(all)-jobs <= allowed {
		return
	}
	d.t.Errorf("%d jobs took %d machines, %d beyond what was reserved; %d are allowed", jobs, len(all), beyond, allowed)
	for _, o := range d.hub.outcomes() {
		id, _, _ := fleet.ParseRunnerName(d.fleet, o.Runner)
		all = slices.DeleteFunc(all, func(i ec2types.Instance) bool { return aws.ToString(i.InstanceId) == string(id) })
	}
	for _, i := range all {
		d.t.Errorf("%s of intent %s had no job", aws.ToString(i.InstanceId), tagsOf(i.Tags)["runfleet:intent"])
	}
}
