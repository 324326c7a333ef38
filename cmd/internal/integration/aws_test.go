package integration_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const (
	region    = "us-east-1"
	accountID = "123456789012" // moto's
)

// account is the AWS account as a person with the SDK sees it.
type account struct {
	t       *testing.T
	config  aws.Config
	ec2     *ec2.Client
	ssm     *ssm.Client
	subnets []string // two, in two zones
	group   string   // a security group
	images  map[string]string
}

// newAccount looks up what a fleet file must name: moto has it from the start.
func newAccount(t *testing.T, address string) *account {
	t.Helper()
	cfg := aws.Config{
		Region: region, BaseEndpoint: aws.String(address), HTTPClient: &http.Client{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "moto", SecretAccessKey: "moto"}, nil
		}),
	}
	a := &account{t: t, config: cfg, ec2: ec2.NewFromConfig(cfg), ssm: ssm.NewFromConfig(cfg), images: map[string]string{}}
	subnets, err := a.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if err != nil || len(subnets.Subnets) < 2 {
		t.Fatalf("default subnets: %v, error %v", subnets, err)
	}
	for _, s := range subnets.Subnets[:2] {
		a.subnets = append(a.subnets, aws.ToString(s.SubnetId))
	}
	groups, err := a.ec2.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{
		Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{aws.ToString(subnets.Subnets[0].VpcId)}}},
	})
	if err != nil || len(groups.SecurityGroups) == 0 {
		t.Fatalf("default security group: %v, error %v", groups, err)
	}
	a.group = aws.ToString(groups.SecurityGroups[0].GroupId)
	a.profile(address, "runfleet-machine")
	for _, arch := range []string{"arm64", "x86_64"} {
		a.images[arch] = a.image(arch)
	}
	return a
}

// profile makes an instance profile, by a bare request: nothing else here needs
// IAM. Another test may have made it.
func (a *account) profile(address, name string) {
	a.t.Helper()
	body := "Action=CreateInstanceProfile&Version=2010-05-08&InstanceProfileName=" + name
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=moto/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
	if status, text := send(a.t, r); status != http.StatusOK && status != http.StatusConflict {
		a.t.Fatalf("make an instance profile: %d %s", status, text)
	}
}

func (a *account) image(arch string) string {
	a.t.Helper()
	out, err := a.ec2.DescribeImages(a.t.Context(), &ec2.DescribeImagesInput{Filters: []ec2types.Filter{
		{Name: aws.String("architecture"), Values: []string{arch}}, {Name: aws.String("name"), Values: []string{"al2023-ami-2*"}},
	}})
	if err != nil || len(out.Images) == 0 {
		a.t.Fatalf("image for %s: %v", arch, err)
	}
	return aws.ToString(out.Images[0].ImageId)
}

// instances are a fleet's by tag, oldest first.
func (a *account) instances(fleet string) []ec2types.Instance {
	a.t.Helper()
	pages := ec2.NewDescribeInstancesPaginator(a.ec2, &ec2.DescribeInstancesInput{
		Filters: []ec2types.Filter{{Name: aws.String("tag:runfleet:fleet"), Values: []string{fleet}}},
	})
	var all []ec2types.Instance
	for pages.HasMorePages() {
		out, err := pages.NextPage(a.t.Context())
		if err != nil {
			a.t.Fatal(err)
		}
		for _, r := range out.Reservations {
			all = append(all, r.Instances...)
		}
	}
	slices.SortStableFunc(all, func(x, y ec2types.Instance) int {
		return cmp.Or(aws.ToTime(x.LaunchTime).Compare(aws.ToTime(y.LaunchTime)), cmp.Compare(*x.InstanceId, *y.InstanceId))
	})
	return all
}

// powerOff is machines that shut themselves down: their template says that they
// are terminated then.
func (a *account) powerOff(instances ...string) {
	a.t.Helper()
	if _, err := a.ec2.TerminateInstances(a.t.Context(), &ec2.TerminateInstancesInput{InstanceIds: instances}); err != nil {
		a.t.Fatal(err)
	}
}

// put stores a secret of the fleet's settings.
func (a *account) put(name, value string) {
	a.t.Helper()
	_, err := a.ssm.PutParameter(a.t.Context(), &ssm.PutParameterInput{
		Name: aws.String(name), Value: aws.String(value), Type: ssmtypes.ParameterTypeSecureString,
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// parameter reads one as it is stored, or decrypted; nil where there is none.
func (a *account) parameter(name string, decrypt bool) *ssmtypes.Parameter {
	a.t.Helper()
	out, err := a.ssm.GetParameter(a.t.Context(), &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(decrypt)})
	var absent *ssmtypes.ParameterNotFound
	switch {
	case errors.As(err, &absent):
		return nil
	case err != nil:
		a.t.Fatal(err)
	}
	return out.Parameter
}

// parameters are the names below a path.
func (a *account) parameters(path string) []string {
	a.t.Helper()
	var names []string
	pages := ssm.NewGetParametersByPathPaginator(a.ssm, &ssm.GetParametersByPathInput{Path: aws.String(path), Recursive: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(a.t.Context())
		if err != nil {
			a.t.Fatal(err)
		}
		for _, p := range page.Parameters {
			names = append(names, aws.ToString(p.Name))
		}
	}
	return names
}
