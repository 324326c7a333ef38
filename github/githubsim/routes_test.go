package githubsim

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is served and not in the cut would be checked by nobody.
func TestTheCutHoldsEachOperationThatIsServed(t *testing.T) {
	b, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	var cut, served []string
	for path, operations := range doc.Paths {
		for method := range operations {
			cut = append(cut, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range routes() {
		served = append(served, r.pattern)
	}
	slices.Sort(cut)
	slices.Sort(served)
	if diff := cmp.Diff(cut, served); diff != "" {
		t.Errorf("operations (-cut +served):\n%s", diff)
	}
}
