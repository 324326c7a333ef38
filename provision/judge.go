package provision

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// seen is what AWS showed of a configuration. What was not answered is nil, and
// its error is in refused.
type seen struct {
	subnets map[string]site
	groups  map[string]string   // VPCs of security groups
	images  map[string]image    // by PoolSpec.Image; one without an id: its parameter is not there
	zones   map[string][]string // of the region that offer a type
	refused map[question]error
}

// site is where a subnet is.
type site struct{ zone, vpc string }

// image is an image as EC2 shows it; without a state it shows none of that id.
type image struct {
	id    string
	arch  fleet.Arch
	state string
}

// usable is the state of an image that machines boot from.
const usable = "available"

// question is one thing that is asked of AWS: the permission that it takes.
type question string

const (
	askSubnets    question = "ec2:DescribeSubnets"
	askGroups     question = "ec2:DescribeSecurityGroups"
	askParameters question = "ssm:GetParameters"
	askImages     question = "ec2:DescribeImages"
	askTypes      question = "ec2:DescribeInstanceTypeOfferings"
	askLaunch     question = "ec2:RunInstances"
)

// questions are all, in the order in which they are asked.
var questions = []question{askSubnets, askGroups, askParameters, askImages, askTypes, askLaunch}

// home is the VPC in which machines can be: that of the first group which a
// subnet shares, else the first subnet's; and its first subnet.
func (s seen) home(c Config) (subnet, zone, vpc string) {
	for _, g := range c.SecurityGroups {
		for _, id := range c.Subnets {
			if at, ok := s.subnets[id]; ok && at.vpc == s.groups[g] {
				return id, at.zone, at.vpc
			}
		}
	}
	for _, id := range c.Subnets {
		if at, ok := s.subnets[id]; ok {
			return id, at.zone, at.vpc
		}
	}
	return "", "", ""
}

// judge says what is wrong with a configuration by what AWS showed of it.
func judge(c Config, s seen) []fleet.Problem {
	var all []fleet.Problem
	for _, q := range questions {
		if err := s.refused[q]; err != nil {
			if p, ok := refusal(c, q, err); ok {
				all = append(all, p)
			}
		}
	}
	if p, ok := elsewhere(c, s); ok {
		return append(all, p)
	}
	all = append(all, judgeSubnets(c, s)...)
	all = append(all, judgeGroups(c, s)...)
	for _, p := range c.Pools {
		all = append(all, judgeImage(c, s, p)...)
		all = append(all, judgeTypes(c, s, p)...)
	}
	return all
}

// elsewhere is a region in which nothing is of what the configuration names.
func elsewhere(c Config, s seen) (fleet.Problem, bool) {
	if s.subnets == nil || s.groups == nil || len(s.subnets)+len(s.groups) > 0 || len(c.Subnets)+len(c.SecurityGroups) < 2 {
		return fleet.Problem{}, false
	}
	return fleet.Problem{
		Key: "aws.region", Text: fmt.Sprintf("none of the subnets and security groups is in %s", c.Region),
		Remedy: "name the region that they are in; they must be of the account that the credentials are of", Stops: true,
	}, true
}

func judgeSubnets(c Config, s seen) (all []fleet.Problem) {
	if s.subnets == nil {
		return nil
	}
	first, _, home := s.home(c)
	for i, id := range c.Subnets {
		key := fmt.Sprintf("aws.subnets[%d]", i)
		at, ok := s.subnets[id]
		switch {
		case !ok:
			all = append(all, fleet.Problem{
				Key: key, Text: fmt.Sprintf("subnet %s is not there, in %s", id, c.Region),
				Remedy: "name one that is: no machine is launched into this one", Stops: len(s.subnets) == 0,
			})
		case at.vpc != home:
			all = append(all, fleet.Problem{
				Key: key, Text: fmt.Sprintf("subnet %s is of %s, and %s of %s", id, at.vpc, first, home),
				Remedy: "keep subnets of one VPC: security groups are good for one",
			})
		}
	}
	return all
}

func judgeGroups(c Config, s seen) (all []fleet.Problem) {
	if s.groups == nil {
		return nil
	}
	subnet, _, home := s.home(c)
	for i, id := range c.SecurityGroups {
		key := fmt.Sprintf("aws.security_groups[%d]", i)
		vpc, ok := s.groups[id]
		switch {
		case !ok:
			all = append(all, fleet.Problem{
				Key: key, Text: fmt.Sprintf("security group %s is not there, in %s", id, c.Region),
				Remedy: "name one that is: EC2 refuses every launch with this one", Stops: true,
			})
		case subnet != "" && vpc != home:
			all = append(all, fleet.Problem{
				Key: key, Text: fmt.Sprintf("security group %s is of %s, and subnet %s of %s", id, vpc, subnet, home),
				Remedy: "name a security group of " + home + ", or subnets of " + vpc, Stops: true,
			})
		}
	}
	return all
}

func judgeImage(c Config, s seen, p PoolSpec) []fleet.Problem {
	i, asked := s.images[p.Image]
	wrong := fleet.Problem{Pool: p.Name, Key: "image", Stops: true}
	switch {
	case !asked:
		return nil
	case i.id == "":
		wrong.Text = fmt.Sprintf("parameter %s is not there, in %s", strings.TrimPrefix(p.Image, "ssm:"), c.Region)
		wrong.Remedy = "name a parameter that holds an image, or an image"
	case !strings.HasPrefix(i.id, "ami-"):
		wrong.Text = fmt.Sprintf("parameter %s holds no image", strings.TrimPrefix(p.Image, "ssm:"))
		wrong.Remedy = "put an image's id into it, such as ami-0123456789abcdef0"
	case s.refused[askImages] != nil:
		return nil
	case i.state == "":
		wrong.Text = fmt.Sprintf("image %s is not there, in %s, or not for this account", i.id, c.Region)
		wrong.Remedy = "name one that is, or have its owner share it"
	case i.state != usable:
		wrong.Text = fmt.Sprintf("image %s is %s", i.id, i.state)
		wrong.Remedy = "name one that is " + usable
	case p.Arch != "" && i.arch != p.Arch:
		wrong.Text = fmt.Sprintf("image %s is of %s, and the pool of %s", i.id, i.arch, p.Arch)
		wrong.Remedy = fmt.Sprintf("name an image of %s", p.Arch)
	default:
		return nil
	}
	return []fleet.Problem{wrong}
}

// judgeTypes tells of types that no zone of the subnets offers. The pool can
// launch as long as one is left.
func judgeTypes(c Config, s seen, p PoolSpec) (all []fleet.Problem) {
	if s.zones == nil || len(s.subnets) == 0 || len(p.Types) == 0 {
		return nil
	}
	ours, others := map[string]bool{}, map[string]bool{}
	for _, at := range s.subnets {
		ours[at.zone] = true
	}
	where := strings.Join(slices.Sorted(maps.Keys(ours)), ", ")
	for i, t := range p.Types {
		zones := s.zones[t]
		if slices.ContainsFunc(zones, func(z string) bool { return ours[z] }) {
			continue
		}
		for _, z := range zones {
			others[z] = true
		}
		all = append(all, fleet.Problem{
			Pool: p.Name, Key: fmt.Sprintf("types[%d]", i), Text: fmt.Sprintf("%s is not offered in %s", t, where),
			Remedy: otherZones(c, zones),
		})
	}
	if len(all) < len(p.Types) {
		return all
	}
	return []fleet.Problem{{
		Pool: p.Name, Key: "types", Text: fmt.Sprintf("no type is offered in %s: %s", where, few(p.Types)),
		Remedy: otherZones(c, slices.Sorted(maps.Keys(others))), Stops: true,
	}}
}

// otherZones is the remedy for types that are offered in none but these zones.
func otherZones(c Config, zones []string) string {
	if len(zones) == 0 {
		return fmt.Sprintf("name another type: %s has none of it", c.Region)
	}
	return "name another type, or a subnet in " + strings.Join(zones, " or ")
}

// few is a list of which the first three are told.
func few(all []string) string {
	const most = 3
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}

// refusal is what it says of a configuration that a question was not answered,
// or a dry run refused; false where it says nothing.
func refusal(c Config, q question, err error) (fleet.Problem, bool) {
	p := fleet.Problem{Key: "aws", Unsure: true, Text: fmt.Sprintf("%s was not answered: %v", q, err), Remedy: "ask again"}
	if a, ok := errors.AsType[*answer](err); ok {
		switch {
		case slices.Contains(strangers, a.code):
			p.Key, p.Text = "aws.region", fmt.Sprintf("AWS does not take the credentials in %s: %s", c.Region, a.code)
			p.Remedy = "check them; a region that the account did not turn on says the same"
		case a.code == "UnauthorizedOperation", strings.HasPrefix(a.code, "AccessDenied"):
			p.Text, p.Unsure = "the credentials may not "+denied(q, a.text), false
			p.Remedy = "allow it: deploy/policies/manager.json has the statement"
		case q != askLaunch:
		case a.code == "NoSuchEntity", a.code == "InvalidParameterValue" && strings.Contains(strings.ToLower(strings.ReplaceAll(a.text, " ", "")), "iaminstanceprofile"):
			p = fleet.Problem{
				Key: "aws.instance_profile", Text: fmt.Sprintf("instance profile %s is not there", c.InstanceProfile),
				Remedy: "name one that is, or make it; EC2 knows a new one after some seconds", Stops: true,
			}
		case errors.Is(a, fleet.ErrNoCapacity), errors.Is(a, fleet.ErrQuota), errors.Is(a, fleet.ErrNotOffered):
			return p, false // of this moment, not of the file
		case !errors.Is(a, fleet.ErrThrottled) && !errors.Is(a, fleet.ErrUnknownOutcome):
			p.Text, p.Remedy, p.Unsure = fmt.Sprintf("EC2 would refuse a launch: %v", a), "look at what it names", false
		}
		return p, true
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		p.Key, p.Text = "aws.region", fmt.Sprintf("there is no AWS in %q: its address is not known", c.Region)
		p.Remedy = "name a region, such as us-east-1; if it is one, look at the host's DNS"
	}
	if unsigned(err) {
		p.Remedy = "give credentials as the AWS SDK finds them: a role of the host, a profile or the environment"
	}
	return p, true
}

// unsigned reports whether there was nothing to sign with: the SDK had asked the
// host's metadata service, after all else that it knows.
func unsigned(err error) bool {
	for op, ok := errors.AsType[*smithy.OperationError](err); ok; op, ok = errors.AsType[*smithy.OperationError](op.Err) {
		if op.ServiceID == "ec2imds" {
			return true
		}
	}
	return false
}

// strangers are the codes by which AWS says that it does not know who asks.
var strangers = []string{
	"AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired", "ExpiredToken", "ExpiredTokenException",
	"RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException",
}

// denied is the action that is not allowed: AWS names it in its sentence, or it
// is the one that was asked for.
func denied(q question, text string) string {
	_, after, ok := strings.Cut(text, "not authorized to perform: ")
	if action, _, _ := strings.Cut(after, " "); ok && strings.Contains(action, ":") {
		return strings.TrimRight(action, ".,;")
	}
	return string(q)
}
