package awssim

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
)

// target is how an experiment picks instances.
type target struct {
	arns    []string
	tags    map[string]string
	filters []types.ExperimentTemplateTargetInputFilter
	mode    string // ALL, COUNT or PERCENT
	n       int
}

var selections = regexp.MustCompile(`^(ALL|COUNT|PERCENT)(?:\(([1-9][0-9]{0,5})\))?$`)

// checkedTarget refuses what FIS refuses, and filters that this package does
// not know.
func checkedTarget(name string, in types.CreateExperimentTemplateTargetInput) (target, error) {
	t := target{arns: slices.Clone(in.ResourceArns), tags: in.ResourceTags, filters: in.Filters}
	selected := selections.FindStringSubmatch(aws.ToString(in.SelectionMode))
	switch {
	case !word(&name, 1, 64):
		return t, invalidExperiment("the name of target '%s' is invalid", name)
	case aws.ToString(in.ResourceType) != spotTarget:
		return t, invalidExperiment("target '%s' is of type '%s', the action takes %s", name, aws.ToString(in.ResourceType), spotTarget)
	case len(t.arns) > 0 == (len(t.tags) > 0):
		return t, invalidExperiment("target '%s' takes either ARNs or tags", name)
	case len(t.arns) > 5:
		return t, invalidExperiment("target '%s' takes at most 5 ARNs", name)
	case len(t.arns) > 0 && len(t.filters) > 0:
		return t, invalidExperiment("target '%s' takes no filters beside ARNs", name)
	case len(in.Parameters) > 0:
		return t, invalidExperiment("awssim knows no parameters of targets")
	case selected == nil, (selected[1] == "ALL") != (selected[2] == ""):
		return t, invalidExperiment("target '%s' has no selection mode '%s'", name, aws.ToString(in.SelectionMode))
	}
	for _, f := range t.filters {
		if _, known := (&instance{}).at(aws.ToString(f.Path)); !known || len(f.Values) == 0 {
			return t, invalidExperiment("awssim knows no filter by '%s', or it has no values", aws.ToString(f.Path))
		}
	}
	t.mode = selected[1]
	t.n, _ = strconv.Atoi(selected[2])
	return t, checkExperimentTags(t.tags)
}

// at is what a filter's path finds in the description of an instance.
func (i *instance) at(path string) (value string, known bool) {
	switch path {
	case "State.Name":
		return string(i.state), true
	case "Placement.AvailabilityZone":
		return i.offer.zone, true
	case "SubnetId":
		return i.subnet, true
	case "InstanceType":
		return i.offer.kind, true
	}
	return "", false
}

// hits reports whether a target could pick an instance. An on-demand one never
// is: the target's type is that of Spot instances.
func (a *Account) hits(t target, i *instance) bool {
	if !i.offer.spot || !a.knows(i) {
		return false
	}
	if len(t.arns) > 0 {
		return slices.Contains(t.arns, a.arn("ec2", "instance/"+i.id))
	}
	for key, value := range t.tags {
		if has, _ := tagFacts(i.tags, "tag:"+key); !slices.Contains(has, value) {
			return false
		}
	}
	for _, f := range t.filters {
		if value, _ := i.at(aws.ToString(f.Path)); !slices.Contains(f.Values, value) {
			return false
		}
	}
	return true
}

// pick resolves a target, at random where it counts.
func (a *Account) pick(e *experiment, name string) []*instance {
	t := e.template.targets[name]
	var found []*instance
	for _, i := range a.order {
		if a.hits(t, i) {
			found = append(found, i)
		}
	}
	n := len(found)
	switch t.mode {
	case "COUNT":
		n = min(n, t.n)
	case "PERCENT":
		n = n * min(t.n, 100) / 100 // rounded down, to none too
	}
	lots := map[*instance]float64{}
	for _, i := range found {
		lots[i] = a.draw("lot in "+e.id+" "+name, i.id)
	}
	slices.SortFunc(found, func(x, y *instance) int {
		return cmp.Or(cmp.Compare(lots[x], lots[y]), strings.Compare(x.id, y.id))
	})
	return found[:n]
}

// resolvedTargets are the instances that an experiment picked, of one target
// or of all.
func (a *Account) resolvedTargets(e *experiment, of string) []types.ResolvedTarget {
	var list []types.ResolvedTarget
	for _, name := range e.targetNames() {
		for _, i := range e.picked[name] {
			if of == "" || of == name {
				list = append(list, types.ResolvedTarget{
					ResourceType: aws.String(spotTarget), TargetName: aws.String(name),
					TargetInformation: map[string]string{"arn": a.arn("ec2", "instance/"+i.id)},
				})
			}
		}
	}
	return list
}
