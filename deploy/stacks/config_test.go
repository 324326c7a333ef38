package stacks

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// context is a CDK context of these values.
func context(values map[string]any) func(string) any {
	return func(key string) any { return values[key] }
}

func TestAConfigIsReadFromTheContextAndAFile(t *testing.T) {
	file := write(t, "acme.json", `{"fleet": "acme", "region": "us-east-1", "fleet_file": "fleets/acme.yaml", "zones": 2}`)
	for _, tt := range []struct {
		name   string
		values map[string]any
		want   Config
	}{
		{"two words are enough for a network", map[string]any{"fleet": "acme", "region": "eu-west-1"},
			Config{Fleet: "acme", Region: "eu-west-1", Zones: 3}},
		{"a file's path is seen from the file", map[string]any{"config": file},
			Config{Fleet: "acme", Region: "us-east-1", FleetFile: filepath.Join(filepath.Dir(file), "fleets/acme.yaml"), Zones: 2}},
		{"the context goes before the file", map[string]any{"config": file, "fleet_file": "other.yaml", "zones": "4"},
			Config{Fleet: "acme", Region: "us-east-1", FleetFile: "other.yaml", Zones: 4}},
		{"everything, as the command line has it: texts",
			map[string]any{"fleet": "acme", "region": "us-gov-west-1", "alarm_address": "ops@example.com", "zones": "2", "nat_gateways": "1", "kms_key": "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-0a"},
			Config{Fleet: "acme", Region: "us-gov-west-1", AlarmAddress: "ops@example.com", Zones: 2, NATGateways: 1, KMSKey: "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-0a"}},
		{"a VPC that is there has no zones of ours", map[string]any{"fleet": "acme", "region": "us-east-1", "vpc": "vpc-0a1b2c3d"},
			Config{Fleet: "acme", Region: "us-east-1", VPC: "vpc-0a1b2c3d"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read(context(tt.values))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsWrongWithAConfigIsSaidAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values map[string]any
		file   string // named by the context, if there is one
		want   []string
	}{
		{"nothing is said", nil, "", []string{"fleet: must be said", "region: must be said"}},
		{"a fleet's name in capitals", map[string]any{"fleet": "Acme"}, "", []string{`fleet: "Acme" is not a fleet's name`, "region: must be said"}},
		{"a zone in place of a region", map[string]any{"region": "us-east-1a"}, "", []string{`region: "us-east-1a" is not a region`}},
		{"a mail address with a name", map[string]any{"alarm_address": "Ops <ops@example.com>"}, "", []string{"alarm_address: "}},
		{"a VPC's name", map[string]any{"vpc": "main"}, "", []string{`vpc: "main" is not the id of a VPC`}},
		{"zones of a VPC that is there", map[string]any{"vpc": "vpc-0a1b2c3d", "zones": 2, "nat_gateways": 1}, "", []string{"zones: is of a VPC that is made", "nat_gateways: is of a VPC that is made"}},
		{"more zones than a region has", map[string]any{"zones": 7}, "", []string{"zones: 7, must be 1 to 6"}},
		{"more gateways than zones", map[string]any{"zones": 2, "nat_gateways": 3}, "", []string{"nat_gateways: 3, must be 0 to the number of zones, 2"}},
		{"an alias of a key", map[string]any{"kms_key": "alias/runfleet"}, "", []string{"kms_key: ", "can't be given an alias"}},
		{"a number that is none", map[string]any{"zones": "three"}, "", []string{"zones: must be a whole number"}},
		{"half a zone", map[string]any{"zones": 1.5}, "", []string{"zones: must be a whole number"}},
		{"a text that is none", map[string]any{"fleet": 7}, "", []string{"fleet: must be a text"}},
		{"an unknown key in a file", nil, `{"flet": "acme"}`, []string{"flet: unknown key; there are alarm_address, fleet, fleet_file, kms_key, nat_gateways, region, vpc, zones"}},
		{"a file that is no JSON", nil, `fleet: acme`, []string{"it must be one JSON object"}},
		{"a list", nil, `["acme"]`, []string{"it must be one JSON object"}},
		{"two objects", nil, `{} {}`, []string{"something stands behind the JSON object"}},
		{"no file", map[string]any{"config": "testdata/absent.json"}, "", []string{"config: open testdata/absent.json"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			values := map[string]any{}
			for key, value := range tt.values {
				values[key] = value
			}
			if tt.file != "" {
				values["config"] = write(t, "config.json", tt.file)
			}
			_, err := Read(context(values))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
			}
		})
	}
}
