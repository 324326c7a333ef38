package integration_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

// elsewhere is a security group of a VPC that has no subnets.
func (a *account) elsewhere() (group, vpc string) {
	a.t.Helper()
	made, err := a.ec2.CreateVpc(a.t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	if err != nil {
		a.t.Fatal(err)
	}
	out, err := a.ec2.CreateSecurityGroup(a.t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("elsewhere"), Description: aws.String("of another VPC"), VpcId: made.Vpc.VpcId,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return aws.ToString(out.GroupId), aws.ToString(made.Vpc.VpcId)
}

// vpc is that of the account's subnets.
func (a *account) vpc() string {
	a.t.Helper()
	out, err := a.ec2.DescribeSubnets(a.t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: a.subnets[:1]})
	if err != nil {
		a.t.Fatal(err)
	}
	return aws.ToString(out.Subnets[0].VpcId)
}

// subnet is the default one of a zone.
func (a *account) subnet(zone string) string {
	a.t.Helper()
	out, err := a.ec2.DescribeSubnets(a.t.Context(), &ec2.DescribeSubnetsInput{
		Filters: []ec2types.Filter{{Name: aws.String("availability-zone"), Values: []string{zone}}},
	})
	if err != nil || len(out.Subnets) == 0 {
		a.t.Fatalf("subnet in %s: %v", zone, err)
	}
	return aws.ToString(out.Subnets[0].SubnetId)
}

// architectures counts the fleet's machines by theirs.
func (s *site) architectures() map[string]int {
	s.t.Helper()
	n := map[string]int{}
	for _, i := range s.aws.instances(s.fleet) {
		n[string(i.Architecture)]++
	}
	return n
}

// change writes a fleet file with texts replaced, in turn old and new.
func (s *site) change(file string, texts ...string) {
	s.t.Helper()
	old, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(texts); i += 2 {
		if !strings.Contains(string(old), texts[i]) {
			s.t.Fatalf("%q is not in the fleet file", texts[i])
		}
	}
	s.file(filepath.Base(file), strings.NewReplacer(texts...).Replace(string(old)))
}

const named = `  - {name: arm64, labels: [self-hosted, linux, arm64], arch: arm64, types: [m7g.large], image: IMAGE-arm64, prepared: true, max: 5}
  - {name: x64, labels: [self-hosted, linux, x64], group: Default, arch: x86_64, types: [m6i.large, t3.medium], image: IMAGE-x86_64, prepared: true, max: 5}
`

func TestAFileIsCheckedAgainstGitHubAndAWS(t *testing.T) {
	t.Parallel()
	s := newSite(t, "online")
	group, vpc := s.aws.elsewhere()
	last := s.aws.subnet("us-east-1e") // which has few types
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key := s.file("other.pem", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(other)})))
	var text strings.Builder
	for _, tt := range []struct {
		name   string
		change []string
		code   int
	}{
		{"all is well", nil, 0},
		{"the key is another App's", []string{"ssm:/runfleet/" + s.fleet + "/settings/github-private-key", "file:" + key}, 2},
		{"a secret is not there", []string{"settings/webhook-secret", "settings/none"}, 2},
		{"the App is not installed", []string{"{login: acme, id: 1001}", "{login: beta, id: 5}"}, 2},
		{"a runner group is not there", []string{"group: Default", "group: huge"}, 2},
		{"nothing is in the region", []string{"region: us-east-1", "region: eu-west-1"}, 2},
		{"a subnet is not there", []string{s.aws.subnets[1], "subnet-0123456789abcdef0"}, 2},
		{"a security group is of another VPC", []string{s.aws.group, group}, 2},
		{"the instance profile is not there", []string{"instance_profile: runfleet-machine", "instance_profile: nobody"}, 2},
		{"much is wrong with pools", []string{
			"image: " + s.aws.images["arm64"], "image: " + s.aws.images["x86_64"], "image: " + s.aws.images["x86_64"], "image: ami-0123456789abcdef0",
			s.aws.subnets[0] + ", " + s.aws.subnets[1], last,
		}, 2},
	} {
		file := s.write("a", named)
		s.change(file, tt.change...)
		code, out := s.verb(file, "config", "validate", "--online")
		if code != tt.code {
			t.Errorf("%s: exit %d", tt.name, code)
		}
		text.WriteString(tt.name + "\n")
		for line := range strings.Lines(out) {
			text.WriteString("  " + line)
		}
	}
	got := strings.NewReplacer(s.dir+"/", "", s.fleet, "FLEET", s.aws.subnets[0], "SUBNET-A", s.aws.subnets[1], "SUBNET-B", last, "SUBNET-E", s.aws.group, "GROUP", group, "OTHER-GROUP",
		vpc, "OTHER-VPC", s.aws.vpc(), "VPC", s.aws.images["arm64"], "IMAGE-arm64", s.aws.images["x86_64"], "IMAGE-x86_64").Replace(text.String())
	path := filepath.Join("testdata", "online.txt")
	if os.Getenv("RUNFLEET_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestAPoolThatDoesNotFitHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	s := newSite(t, "misfit")
	file := s.write("a", named)
	right, wrong := "image: "+s.aws.images["x86_64"], "image: ami-0123456789abcdef0"
	s.change(file, right, wrong)
	p := s.serve(file)
	p.says("pools[1].image: image ami-0123456789abcdef0 is not there")
	s.hub.queue(soon, "self-hosted", "linux", "x64")
	s.hub.queue(soon, "self-hosted", "linux", "arm64")
	launched := func(arch string) {
		t.Helper()
		until(t, soon, "a machine of "+arch, func() string {
			if s.architectures()[arch] == 0 {
				return "there is none"
			}
			return ""
		})
	}
	launched("arm64")
	until(t, soon, "the pool's problem in the ledger", func() string {
		if _, out := s.verb(file, "status"); !strings.Contains(out, "pool x64 launches nothing: "+file+":17:") {
			return out
		}
		return ""
	})
	s.tells(file, "pools", "LAUNCHES NOTHING", "image ami-0123456789abcdef0 is not there, in us-east-1, or not for this account; name one that is")
	until(t, soon, "the job's verdict", func() string {
		if _, out := s.verb(file, "jobs"); !strings.Contains(out, "set-back: pool x64: "+file+":17:") {
			return out
		}
		return ""
	})
	if n := s.architectures()["x86_64"]; n != 0 {
		t.Errorf("%d machines of the pool that does not fit", n)
	}
	s.change(file, wrong, right)
	p.signal(syscall.SIGHUP)
	launched("x86_64")
	until(t, soon, "no problem any more", func() string {
		if _, out := s.verb(file, "status"); strings.Contains(out, "launches nothing") {
			return out
		}
		return ""
	})
}
