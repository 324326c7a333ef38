package stacks

import (
	"fmt"
	"net/mail"
	"regexp"
)

// The forms of a Config's values. The name's is the fleet file's.
var (
	fleetName  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
	vpcID      = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	keyARN     = regexp.MustCompile(`^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)
)

// maxZones is the most zones that a region has.
const maxZones = 6

// problems is everything that is wrong with the values.
func (c Config) problems() (all []error) {
	refuse := func(wrong bool, text string, args ...any) {
		if wrong {
			all = append(all, fmt.Errorf(text, args...))
		}
	}
	form := func(key, value string, form *regexp.Regexp, want string) {
		refuse(value != "" && !form.MatchString(value), "%s: %q is not %s", key, value, want)
	}
	refuse(c.Fleet == "", "fleet: must be said: the fleet's name, as in its file")
	refuse(c.Region == "", "region: must be said, as in the fleet file: us-east-1")
	form("fleet", c.Fleet, fleetName, "a fleet's name: lower-case letters, digits and dashes, a letter first, at most 32")
	form("region", c.Region, regionName, "a region: us-east-1")
	form("vpc", c.VPC, vpcID, "the id of a VPC: vpc-0123456789abcdef0")
	form("kms_key", c.KMSKey, keyARN, "the ARN of a key: arn:aws:kms:REGION:ACCOUNT:key/ID; roles can't be given an alias")
	if c.AlarmAddress != "" {
		address, err := mail.ParseAddress(c.AlarmAddress)
		refuse(err != nil || address.Address != c.AlarmAddress, "alarm_address: %q is not a mail address alone", c.AlarmAddress)
	}
	if c.VPC != "" {
		refuse(c.Zones != 0, "zones: is of a VPC that is made, and vpc names one that is there")
		refuse(c.NATGateways != 0, "nat_gateways: is of a VPC that is made, and vpc names one that is there")
		return all
	}
	refuse(c.Zones < 1 || c.Zones > maxZones, "zones: %d, must be 1 to %d", c.Zones, maxZones)
	refuse(c.NATGateways < 0 || c.NATGateways > c.Zones, "nat_gateways: %d, must be 0 to the number of zones, %d", c.NATGateways, c.Zones)
	return all
}
