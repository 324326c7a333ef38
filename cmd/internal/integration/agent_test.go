package integration_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/google/go-cmp/cmp"
)

// machine waits for the one machine of a pool that is alive.
func (s *site) machine(pool string) (found ec2types.Instance) {
	s.t.Helper()
	until(s.t, soon, "a machine of pool "+pool, func() string {
		alive := s.alive(pool)
		if len(alive) == 1 {
			found = alive[0]
			return ""
		}
		return "there are " + strings.Join(idsOf(alive), " ")
	})
	return found
}

// alive are a pool's machines that EC2 does not end; of all pools if it is "".
func (s *site) alive(pool string) (alive []ec2types.Instance) {
	s.t.Helper()
	for _, i := range s.aws.instances(s.fleet) {
		ends := i.State.Name == ec2types.InstanceStateNameShuttingDown || i.State.Name == ec2types.InstanceStateNameTerminated
		if !ends && (pool == "" || tagsOf(i.Tags)["runfleet:pool"] == pool) {
			alive = append(alive, i)
		}
	}
	return alive
}

func idsOf(list []ec2types.Instance) (ids []string) {
	for _, i := range list {
		ids = append(ids, aws.ToString(i.InstanceId))
	}
	return ids
}

func tagsOf(list []ec2types.Tag) map[string]string {
	tags := map[string]string{}
	for _, t := range list {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}

// path is where a machine's config waits.
func (s *site) path(machine string) string { return "/runfleet/" + s.fleet + "/machines/" + machine }

// config waits for a machine's config and checks how it is kept: encrypted, and
// tagged with the one machine that may read it.
func (s *site) config(machine string) {
	s.t.Helper()
	var kept *ssmtypes.Parameter
	until(s.t, soon, "the config of "+machine, func() string {
		if kept = s.aws.parameter(s.path(machine), false); kept == nil {
			return "there is none"
		}
		return ""
	})
	if kept.Type != ssmtypes.ParameterTypeSecureString || json.Valid([]byte(aws.ToString(kept.Value))) {
		s.t.Errorf("the config of %s is kept as %s, readable without its key", machine, kept.Type)
	}
	list, err := s.aws.ssm.ListTagsForResource(s.t.Context(), &ssm.ListTagsForResourceInput{
		ResourceType: ssmtypes.ResourceTypeForTaggingParameter, ResourceId: aws.String(s.path(machine)),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	tags := map[string]string{}
	for _, tag := range list.TagList {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	want := map[string]string{
		"machine":        "arn:aws:ec2:" + region + ":" + accountID + ":instance/" + machine,
		"runfleet:fleet": s.fleet, "runfleet:protocol": "1",
	}
	if diff := cmp.Diff(want, tags); diff != "" {
		s.t.Errorf("tags of the config of %s (-want +got):\n%s", machine, diff)
	}
}

// boot is a machine's agent: it takes the config, get then delete, and starts
// the runner with it.
func (s *site) boot(machine string) (config string) {
	s.t.Helper()
	s.config(machine)
	taken := s.aws.parameter(s.path(machine), true)
	if taken == nil {
		s.t.Fatalf("the config of %s is withdrawn", machine)
	}
	if _, err := s.aws.ssm.DeleteParameter(s.t.Context(), &ssm.DeleteParameterInput{Name: aws.String(s.path(machine))}); err != nil {
		s.t.Fatal(err)
	}
	config = aws.ToString(taken.Value)
	var files map[string][]byte // encoding/json decodes the inner base64
	if err := json.Unmarshal([]byte(config), &files); err != nil {
		s.t.Fatalf("the config of %s: %v", machine, err)
	}
	var runner struct{ AgentName string }
	if err := json.Unmarshal(files[".runner"], &runner); err != nil || runner.AgentName != s.runner(machine) {
		s.t.Errorf("the config of %s is for runner %q, error %v", machine, runner.AgentName, err)
	}
	s.hub.connect(base64.StdEncoding.EncodeToString([]byte(config)))
	return config
}

// runner is the name of a machine's first registration.
func (s *site) runner(machine string) string { return "rf-" + s.fleet + "-" + machine + "-1" }

// template is the launch template that a machine's tag names.
func (s *site) template(i ec2types.Instance) *ec2types.ResponseLaunchTemplateData {
	s.t.Helper()
	id, version, _ := strings.Cut(tagsOf(i.Tags)["runfleet:template"], ":")
	out, err := s.aws.ec2.DescribeLaunchTemplateVersions(s.t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: aws.String(id), Versions: []string{version},
	})
	if err != nil || len(out.LaunchTemplateVersions) != 1 {
		s.t.Fatalf("template %s:%s of %s: %v, error %v", id, version, *i.InstanceId, out, err)
	}
	return out.LaunchTemplateVersions[0].LaunchTemplateData
}

// arch is what a type's processors are.
func (a *account) arch(typ ec2types.InstanceType) string {
	a.t.Helper()
	out, err := a.ec2.DescribeInstanceTypes(a.t.Context(), &ec2.DescribeInstanceTypesInput{InstanceTypes: []ec2types.InstanceType{typ}})
	if err != nil || len(out.InstanceTypes) != 1 {
		a.t.Fatalf("type %s: %v", typ, err)
	}
	var all []string
	for _, arch := range out.InstanceTypes[0].ProcessorInfo.SupportedArchitectures {
		all = append(all, string(arch))
	}
	return strings.Join(all, " ")
}

// job waits until GitHub says of a job what is wanted: its status, or its
// conclusion when it is over.
func (s *site) job(id jobID, want string) {
	s.t.Helper()
	until(s.t, 2*time.Minute, "job "+want, func() string {
		o := s.hub.job(id)
		if o.Status == want || o.Conclusion == want {
			return ""
		}
		return o.Status + " " + o.Conclusion
	})
}
