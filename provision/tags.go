package provision

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/runfleet/runfleet/fleet"
)

// Keys of the tags on everything the fleet makes in EC2. Instance metadata
// shows them to the machine, so no key holds a space or a slash.
const (
	TagFleet    = "runfleet:fleet"
	TagPool     = "runfleet:pool"
	TagIntent   = "runfleet:intent"
	TagLedger   = "runfleet:ledger"
	TagTemplate = "runfleet:template"
	TagProtocol = "runfleet:protocol"
	// TagLifetime is on standing machines alone. Instance metadata shows it to
	// their agents: they stay for many jobs.
	TagLifetime = "runfleet:lifetime"
)

// Protocol is the number that says how tags, parameters and reports are read.
const Protocol = "1"

// tagEC2Fleet is EC2's own tag on the machines of an instant fleet.
const tagEC2Fleet = "aws:ec2:fleet-id"

// poolTags are the tags of a pool's launch template.
func (c Config) poolTags(pool string) map[string]string {
	tags := map[string]string{}
	maps.Copy(tags, c.Tags)
	tags["Name"] = "runfleet " + c.Fleet + " " + pool
	tags[TagFleet] = c.Fleet
	tags[TagPool] = pool
	tags[TagLedger] = c.Ledger
	tags[TagProtocol] = Protocol
	return tags
}

// launchTags are the tags of whatever a launch makes.
func (c Config) launchTags(id fleet.IntentID, l fleet.Launch) map[string]string {
	tags := c.poolTags(l.Pool)
	tags[TagIntent] = string(id)
	tags[TagTemplate] = l.Template
	if l.Standing {
		tags[TagLifetime] = string(fleet.Standing)
	}
	return tags
}

// MachineTags are the tags that a machine's launch gave it. Of a machine that
// was adopted they are this ledger's view: another one may have launched it.
func (c Config) MachineTags(m fleet.Machine) map[string]string {
	return c.launchTags(m.Intent, fleet.Launch{Pool: m.Pool, Template: m.Template, Standing: m.Standing})
}

// sortedTags is the tags in one order, so that a request that is sent again is
// the same request.
func sortedTags(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

func tagMap(tags []types.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}

// ours selects by tag what belongs to the fleet.
func (c *Cloud) ours() []types.Filter {
	return []types.Filter{{Name: aws.String("tag:" + TagFleet), Values: []string{c.Fleet}}}
}
