package provisiontest_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// place is where the suites run on an account: what its owner named, and nothing
// that was guessed.
type place struct {
	region, account  string
	subnets          []string
	group, elsewhere string
	profile, role    string
	types            []string
}

// Environment of a run on an account. The first six must be there.
const (
	placeRegion  = "RUNFLEET_LIVE_REGION"
	placeAccount = "RUNFLEET_LIVE_ACCOUNT" // twelve digits; the credentials must be of it
	placeSubnets = "RUNFLEET_LIVE_SUBNETS" // two, in two zones, with a comma between
	placeGroup   = "RUNFLEET_LIVE_SECURITY_GROUP"
	placeProfile = "RUNFLEET_LIVE_INSTANCE_PROFILE"
	placeRole    = "RUNFLEET_LIVE_DRILL_ROLE"  // ARN
	placeOther   = "RUNFLEET_LIVE_OTHER_GROUP" // of another VPC; without it, what does not fit is not tested
	placeTypes   = "RUNFLEET_LIVE_TYPES"       // two of arm64, offered in both zones; c7g.medium,m7g.medium
)

// names are what values of the environment look like.
var names = map[string]*regexp.Regexp{
	placeRegion:  regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`),
	placeAccount: regexp.MustCompile(`^[0-9]{12}$`),
	placeSubnets: regexp.MustCompile(`^subnet-[0-9a-f]+,subnet-[0-9a-f]+$`),
	placeGroup:   regexp.MustCompile(`^sg-[0-9a-f]+$`),
	placeProfile: regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]+$`),
	placeRole:    regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`),
}

// placeOf reads where to run. It refuses whatever is not said in full: machines
// cost money, and what is made on the wrong account is somebody else's.
func placeOf(getenv func(string) string) (place, error) {
	var wrong []string
	for _, name := range []string{placeRegion, placeAccount, placeSubnets, placeGroup, placeProfile, placeRole} {
		switch value := getenv(name); {
		case value == "":
			wrong = append(wrong, name+" is not set")
		case !names[name].MatchString(value):
			wrong = append(wrong, fmt.Sprintf("%s is %q", name, value))
		}
	}
	p := place{
		region: getenv(placeRegion), account: getenv(placeAccount), subnets: strings.Split(getenv(placeSubnets), ","),
		group: getenv(placeGroup), elsewhere: getenv(placeOther), profile: getenv(placeProfile), role: getenv(placeRole),
		types: strings.Split(cmp.Or(getenv(placeTypes), "c7g.medium,m7g.medium"), ","),
	}
	if len(p.types) != 2 {
		wrong = append(wrong, fmt.Sprintf("%s names %d types", placeTypes, len(p.types)))
	}
	if len(wrong) == 0 && p.subnets[0] == p.subnets[1] {
		wrong = append(wrong, placeSubnets+" names one subnet twice")
	}
	if len(wrong) > 0 {
		return place{}, fmt.Errorf("nothing was touched: %s", strings.Join(wrong, "; "))
	}
	return p, nil
}

// owned refuses credentials of another account than the one that was named.
func (p place) owned(account string) error {
	if account != p.account {
		return fmt.Errorf("nothing was touched: the credentials are of account %s, and %s is %s", account, placeAccount, p.account)
	}
	return nil
}

func TestREADMENamesWhatARunOnAnAccountWantsToBeTold(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{placeRegion, placeAccount, placeSubnets, placeGroup, placeProfile, placeRole, placeOther, placeTypes} {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}
}

func TestARunOnAnAccountIsRefusedUnlessItIsNamed(t *testing.T) {
	whole := map[string]string{
		placeRegion: "eu-west-1", placeAccount: "123456789012", placeSubnets: "subnet-0a,subnet-0b", placeGroup: "sg-0a",
		placeProfile: "runfleet-machine", placeRole: "arn:aws:iam::123456789012:role/drills",
	}
	for _, tt := range []struct{ name, key, value, want string }{
		{"all that is needed", placeOther, "", ""},
		{"no region", placeRegion, "", placeRegion + " is not set"},
		{"no account", placeAccount, "", placeAccount + " is not set"},
		{"no subnets", placeSubnets, "", placeSubnets + " is not set"},
		{"one subnet", placeSubnets, "subnet-0a", `is "subnet-0a"`},
		{"one subnet twice", placeSubnets, "subnet-0a,subnet-0a", "one subnet twice"},
		{"an account by its name", placeAccount, "sandbox", `is "sandbox"`},
		{"one type", placeTypes, "c7g.medium", "names 1 types"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := placeOf(func(name string) string {
				if name == tt.key {
					return tt.value
				}
				return whole[name]
			})
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	p, err := placeOf(func(name string) string { return whole[name] })
	if err != nil || p.owned("123456789012") != nil || p.owned("210987654321") == nil {
		t.Errorf("%+v, error %v: own account %v, another's %v", p, err, p.owned("123456789012"), p.owned("210987654321"))
	}
	if _, err := placeOf(func(string) string { return "" }); err == nil || strings.Count(err.Error(), "is not set") != 6 {
		t.Errorf("with nothing set: %v", err)
	}
}
