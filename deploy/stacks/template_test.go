package stacks

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// acme is the deployment of testdata.
var acme = Config{
	Fleet: "acme", Region: "us-east-1", FleetFile: "../testdata/acme.yaml", AlarmAddress: "ops@example.com", Zones: DefaultZones,
}

// unbuilt is a bundle whose program was not built.
var unbuilt = Bundle{Zip: "testdata/absent.zip", Placeholder: "../placeholder"}

// resource is a resource of a template.
type resource struct {
	Type           string
	Properties     map[string]any
	DeletionPolicy string
	DependsOn      any
}

// template is a stack's template.
type template struct {
	Resources map[string]resource
	Outputs   map[string]struct {
		Value  any
		Export struct{ Name string }
	}
}

// of is the resources of a type, by their logical ids.
func (t template) of(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range t.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// suffix is what the CDK makes a name unique with.
var suffix = regexp.MustCompile(`^[0-9A-F]{8}$`)

// one is the only resource of a type that has a name in the stack; an empty
// name stands for any.
func (t template) one(test *testing.T, kind, name string) (id string, r resource) {
	test.Helper()
	var ids []string
	for id := range t.of(kind) {
		if rest, ok := strings.CutPrefix(id, name); name == "" || ok && suffix.MatchString(rest) {
			ids = append(ids, id)
		}
	}
	if len(ids) != 1 {
		test.Fatalf("%q of type %s: %q, want one", name, kind, ids)
	}
	return ids[0], t.Resources[ids[0]]
}

// function is the function of a name, and role is its role.
func (t template) function(test *testing.T, name string) (f, role resource) {
	test.Helper()
	for _, f := range t.of("AWS::Lambda::Function") {
		if dig(f.Properties, "Environment", "Variables", "RUNFLEET_FUNCTION") == name {
			return f, t.Resources[dig(f.Properties, "Role", "Fn::GetAtt", 0).(string)]
		}
	}
	test.Fatalf("no function %s", name)
	return resource{}, resource{}
}

// dig is what stands in a value under keys and indices, nil if nothing does.
func dig(value any, path ...any) any {
	for _, step := range path {
		switch at := step.(type) {
		case string:
			m, _ := value.(map[string]any)
			value = m[at]
		case int:
			list, _ := value.([]any)
			if at >= len(list) {
				return nil
			}
			value = list[at]
		}
	}
	return value
}

// number is a number of a template, 0 if it is not said.
func number(value any) float64 {
	n, _ := value.(float64)
	return n
}

// add makes a deployment's stacks in an app of their own.
func add(t *testing.T, c Config, b Bundle) (network, manager awscdk.Stack) {
	t.Helper()
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false), Outdir: jsii.String(t.TempDir())})
	network, manager, err := Add(app, c, b)
	if err != nil {
		t.Fatal(err)
	}
	return network, manager
}

func templateOf(t *testing.T, stack awscdk.Stack) template {
	t.Helper()
	text, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	var out template
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	once sync.Once
	made struct{ network, manager template }
)

// deployed is the templates of acme, made once.
func deployed(t *testing.T) (template, template) {
	t.Helper()
	once.Do(func() {
		n, m := add(t, acme, unbuilt)
		made.network, made.manager = templateOf(t, n), templateOf(t, m)
	})
	if made.network.Resources == nil || made.manager.Resources == nil {
		t.Fatal("the stacks were not made")
	}
	return made.network, made.manager
}

// sorted is the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// write writes a file into a folder of the test's own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
