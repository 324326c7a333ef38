package faults

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/provision"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The body that FIS is sent for a drill, as the SDK writes it.
func TestTheTemplateIsTheGoldenOne(t *testing.T) {
	w := &wire{status: 200, answer: `{"experimentTemplate":{"id":"EXT1"}}`}
	if _, err := w.client().CreateExperimentTemplate(t.Context(), acme(nil).request(drill)); err != nil {
		t.Fatal(err)
	}
	var body any // the SDK writes maps in any order
	if err := json.Unmarshal([]byte(w.body), &body); err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/template.golden.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" || w.method != "POST" || w.path != "/experimentTemplates" {
		t.Errorf("%s %s, body (-golden +got):\n%s", w.method, w.path, diff)
	}
}

func TestVictimsArePickedByTheTagsThatLaunchesSet(t *testing.T) {
	tags := acme(nil).request(drill).Targets["victims"].ResourceTags
	want := map[string]string{provision.TagFleet: "acme", provision.TagPool: "arm64"}
	if diff := cmp.Diff(want, tags); diff != "" {
		t.Errorf("tags (-launched +picked):\n%s", diff)
	}
}

func TestTheSameDrillIsTheSameRequest(t *testing.T) {
	if !reflect.DeepEqual(acme(nil).request(drill), acme(nil).request(drill)) {
		t.Error("two requests differ")
	}
	other := acme(nil)
	other.Fleet = "other"
	if a, b := acme(nil).token("d"), other.token("d"); a == b {
		t.Errorf("two fleets share the token %s", a)
	}
}

func TestISO8601(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2 * time.Minute: "PT2M", 15 * time.Minute: "PT15M", 150 * time.Second: "PT150S", 899 * time.Second: "PT899S",
	} {
		if got := iso8601(d); got != want {
			t.Errorf("%s is %s, not %s", d, got, want)
		}
	}
}

func TestCleaningGoesOnAfterAnError(t *testing.T) {
	s := &script{
		templates: func(*fis.ListExperimentTemplatesInput) (*fis.ListExperimentTemplatesOutput, error) {
			var list []types.ExperimentTemplateSummary
			for _, id := range []string{"EXT1", "EXT2", "EXT3"} {
				list = append(list, types.ExperimentTemplateSummary{Id: aws.String(id), CreationTime: aws.Time(noon), Tags: tagged("acme", "drill-1")})
			}
			list = append(list, types.ExperimentTemplateSummary{Id: aws.String("EXT4"), Tags: tagged("acme", "drill-2")})
			return &fis.ListExperimentTemplatesOutput{ExperimentTemplates: list}, nil
		},
		remove: func(id string) error {
			return map[string]error{"EXT1": &types.ValidationException{}, "EXT2": &types.ResourceNotFoundException{}}[id]
		},
	}
	if err := acme(s).Clean(t.Context(), "drill-1"); !errors.Is(err, fleet.ErrConfig) || !strings.Contains(err.Error(), "EXT1") || strings.Contains(err.Error(), "EXT2") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"templates ", "delete EXT1", "delete EXT2", "delete EXT3"}, s.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	left, err := acme(s).Left(t.Context())
	if diff := cmp.Diff(map[string]time.Time{"drill-1": noon, "drill-2": {}}, left); diff != "" || err != nil {
		t.Errorf("error %v, left (-want +got):\n%s", err, diff)
	}
}
