package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/github/githubsim"
)

type jobID = githubsim.JobID

// kind is a pool, and a job of it.
type kind struct {
	pool, arch string
	labels     []string
	types      []string
	spot       bool
	job        jobID
	machine    string
}

const everyPool = `  - {name: arm64-spot, labels: [self-hosted, linux, arm64, spot], arch: arm64, types: [m7g.xlarge, c7g.xlarge], image: IMAGE-arm64, prepared: true, market: spot, max: 5}
  - {name: arm64-steady, labels: [self-hosted, linux, arm64, steady], arch: arm64, types: [m6g.large], image: IMAGE-arm64, prepared: true, market: on-demand, max: 5}
  - {name: x64-first, labels: [self-hosted, linux, x64, spot], arch: x86_64, types: [m6i.large], image: IMAGE-x86_64, prepared: true, max: 5}
  - {name: x64-steady, labels: [self-hosted, linux, x64, steady], arch: x86_64, types: [c6i.xlarge], image: IMAGE-x86_64, prepared: true, market: on-demand, max: 5}
`

func kinds() []*kind {
	return []*kind{
		{pool: "arm64-spot", arch: "arm64", spot: true, types: []string{"m7g.xlarge", "c7g.xlarge"}, labels: []string{"self-hosted", "linux", "arm64", "spot"}},
		{pool: "arm64-steady", arch: "arm64", types: []string{"m6g.large"}, labels: []string{"self-hosted", "linux", "ARM64", "steady"}},
		{pool: "x64-first", arch: "x86_64", spot: true, types: []string{"m6i.large"}, labels: []string{"self-hosted", "x64", "spot"}},
		{pool: "x64-steady", arch: "x86_64", types: []string{"c6i.xlarge"}, labels: []string{"x64", "steady"}},
	}
}

func TestAJobOfEachArchitectureAndMarketRunsFromItsWebhookToAClosedLedger(t *testing.T) {
	t.Parallel()
	s := newSite(t, "every")
	file := s.write("ledger", everyPool)
	manager := s.serve(file)
	all := kinds()
	for _, k := range all {
		k.job = s.hub.queue(25*time.Second, k.labels...)
	}
	for _, k := range all {
		i := s.machine(k.pool)
		k.machine = aws.ToString(i.InstanceId)
		s.launched(k, i, ledgerID(manager))
		s.config(k.machine)
	}
	s.toldWhileTheyWait(file, all)
	var secrets []string
	for _, k := range all {
		secrets = append(secrets, s.boot(k.machine))
	}
	for _, k := range all {
		s.job(k.job, "in_progress")
	}
	s.status(file, "0 jobs wait, 4 run; 4 machines, 0 intents open")
	s.toldWhileTheyRun(file, all)
	for _, k := range all {
		s.job(k.job, "success")
		if k != all[0] { // that one hangs: the manager has to end it
			s.aws.powerOff(k.machine)
		}
	}
	s.status(file, "0 jobs wait, 0 run; 0 machines, 0 intents open")
	s.closed(file, all)
	for _, text := range append(secrets, secret, "PRIVATE KEY") {
		if strings.Contains(manager.log.String(), text) {
			t.Errorf("the log holds a secret of %d characters", len(text))
		}
	}
}

// ledgerID is the id that a manager says its ledger has.
func ledgerID(manager *process) string {
	rest := manager.says("ledger ")
	return strings.TrimSuffix(rest[strings.LastIndexByte(rest, '(')+1:], ")")
}

// launched checks a machine against the pool that it was launched for.
func (s *site) launched(k *kind, i ec2types.Instance, ledger string) {
	s.t.Helper()
	if typ := string(i.InstanceType); !slices.Contains(k.types, typ) || s.aws.arch(i.InstanceType) != k.arch {
		s.t.Errorf("pool %s: type %s of %s", k.pool, typ, s.aws.arch(i.InstanceType))
	}
	if spot := i.InstanceLifecycle == ec2types.InstanceLifecycleTypeSpot; spot != k.spot {
		s.t.Errorf("pool %s: spot is %v", k.pool, spot)
	}
	if !slices.Contains(s.aws.subnets, aws.ToString(i.SubnetId)) || aws.ToString(i.ImageId) != s.aws.images[k.arch] {
		s.t.Errorf("pool %s: image %s in subnet %s", k.pool, aws.ToString(i.ImageId), aws.ToString(i.SubnetId))
	}
	tags := tagsOf(i.Tags)
	intent, template := tags["runfleet:intent"], tags["runfleet:template"]
	want := map[string]string{
		"Name": "runfleet " + s.fleet + " " + k.pool, "runfleet:fleet": s.fleet, "runfleet:pool": k.pool, "runfleet:ledger": ledger,
		"runfleet:protocol": "1", "team": "ci", "runfleet:intent": intent, "runfleet:template": template,
	}
	if diff := cmp.Diff(want, tags); diff != "" || intent == "" || template == "" {
		s.t.Errorf("tags of a machine of pool %s (-want +got):\n%s", k.pool, diff)
	}
	data := s.template(i)
	if got := data.MetadataOptions; got == nil || got.HttpTokens != ec2types.LaunchTemplateHttpTokensStateRequired ||
		data.InstanceInitiatedShutdownBehavior != ec2types.ShutdownBehaviorTerminate || aws.ToString(data.ImageId) != s.aws.images[k.arch] {
		s.t.Errorf("template of pool %s: %+v", k.pool, data)
	}
	if data.IamInstanceProfile == nil || aws.ToString(data.IamInstanceProfile.Name) != "runfleet-machine" || len(data.NetworkInterfaces) != 1 ||
		!slices.Equal(data.NetworkInterfaces[0].Groups, []string{s.aws.group}) {
		s.t.Errorf("template of pool %s: profile %+v, interfaces %+v", k.pool, data.IamInstanceProfile, data.NetworkInterfaces)
	}
}

func (s *site) toldWhileTheyWait(file string, all []*kind) {
	s.t.Helper()
	s.status(file, "4 jobs wait, 0 run; 4 machines, 0 intents open")
	s.tells(file, "status", "4 jobs: covered")
	s.tells(file, "plan", "4 jobs, 4 machines, 4 runners, 0 open intents", "nothing to do")
	for _, k := range all {
		s.tells(file, "jobs", fmt.Sprint(k.job), "covered: a machine of pool "+k.pool+" is coming or idle")
		s.tells(file, fmt.Sprint("explain ", k.job), "pool "+k.pool+" fits", "launching: pool "+k.pool, "now: queued, covered")
		s.tells(file, "machines list", k.machine)
	}
	s.tells(file, "pools", "1 of 5")
}

func (s *site) toldWhileTheyRun(file string, all []*kind) {
	s.t.Helper()
	s.tells(file, "plan", "4 jobs, 4 machines, 4 runners, 0 open intents", "nothing to do")
	for _, k := range all {
		s.tells(file, "jobs", "on "+s.runner(k.machine))
		s.tells(file, fmt.Sprint("explain ", k.job), "running on "+s.runner(k.machine), "now: running")
		if s.aws.parameter(s.path(k.machine), false) != nil {
			s.t.Errorf("the config of %s is there again", k.machine)
		}
	}
}

// closed checks that nothing is left anywhere, and that the story is kept.
func (s *site) closed(file string, all []*kind) {
	s.t.Helper()
	if left := s.hub.runners(); len(left) != 0 {
		s.t.Errorf("runners left at GitHub: %+v", left)
	}
	if left := s.alive(""); len(left) != 0 {
		s.t.Errorf("machines left: %v", idsOf(left))
	}
	if left := s.aws.parameters("/runfleet/" + s.fleet + "/machines"); len(left) != 0 {
		s.t.Errorf("parameters left: %v", left)
	}
	if launched := s.aws.instances(s.fleet); len(launched) != len(all) {
		s.t.Errorf("%d jobs took %d machines", len(all), len(launched))
	}
	for _, verb := range []string{"jobs", "machines list", "runners list"} {
		until(s.t, slow, verb+" lists nothing", func() string {
			_, out := s.verb(file, strings.Fields(verb)...)
			if strings.Count(out, "\n") == 1 {
				return "" // the head alone
			}
			return out
		})
	}
	s.tells(file, "plan", "0 jobs, 0 machines, 0 runners, 0 open intents", "nothing to do")
	for _, k := range all {
		s.tells(file, "jobs --all", fmt.Sprint(k.job))
		s.tells(file, fmt.Sprint("explain ", k.job), "running on "+s.runner(k.machine), "done: success", "now: done")
	}
}
