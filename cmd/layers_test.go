package cmd_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/runfleet/runfleet/"

// layers is who may import what, besides the standard library and a package's
// own children. A trailing /... stands for the package and all below it.
// Packages under cmd/internal join everything and have no row, but the agent:
// what runs on a machine must stay small.
var layers = map[string][]string{
	"cmd/internal/agent":      {module + "fleet"},
	"cmd/internal/agent/host": {module + "fleet", module + "cmd/internal/agent", module + "provision/bootstrap", module + "provision/queue", module + "provision/tokens", "github.com/aws/..."},
	"fleet":                   {},
	"fleet/chaos":             {module + "fleet"},
	"fleet/config":            {module + "fleet", module + "fleet/schedule", "github.com/goccy/go-yaml/..."},
	"fleet/cost":              {module + "fleet"},
	"fleet/ledger":            {module + "fleet"},
	"fleet/ledger/dynamodb":   {module + "fleet", module + "fleet/ledger", "github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service/dynamodb/...", "github.com/aws/smithy-go"},
	"fleet/ledger/ledgertest": {module + "fleet", module + "fleet/ledger", "github.com/google/go-cmp/...", "pgregory.net/rapid"},
	"fleet/ledger/sqlite":     {module + "fleet", module + "fleet/ledger", "modernc.org/sqlite/..."},
	"fleet/reconcile":         {module + "fleet", module + "fleet/ledger", module + "fleet/schedule"},
	"fleet/replay":            {module + "fleet", module + "fleet/cost", module + "fleet/schedule"},
	"fleet/schedule":          {module + "fleet", "github.com/robfig/cron/v3"},
	"github":                  {module + "fleet", "github.com/google/go-github/v57/github", "github.com/bradleyfalzon/ghinstallation/v2", "github.com/google/go-querystring/..."},
	"github/githubsim":        {},
	"provision":               {module + "fleet", module + "provision/answers", "github.com/aws/..."},
	"provision/answers":       {module + "fleet", "github.com/aws/smithy-go"},
	"provision/awsproxy":      {},
	"provision/awssim":        {"github.com/aws/..."},
	"provision/bootstrap":     {module + "fleet"},
	"provision/catalog":       {},
	"provision/faults":        {module + "fleet", module + "provision/answers", "github.com/aws/..."},
	"provision/notices":       {module + "fleet"},
	"provision/pace":          {"github.com/aws/...", "golang.org/x/time/rate"},
	"provision/provisiontest": {module + "fleet", module + "provision", module + "provision/faults", module + "provision/notices", module + "provision/queue", module + "provision/tokens", "github.com/aws/...", "github.com/google/go-cmp/..."},
	"provision/queue":         {module + "fleet", module + "provision/notices", "github.com/aws/..."},
	"provision/settings":      {module + "fleet", "github.com/aws/..."},
	"provision/tokens":        {module + "fleet", module + "provision/answers", "github.com/aws/..."},
	"webhooks":                {module + "fleet"},
}

// purity is all of the standard library that the core may use: no clock to
// read is among it, because time is used for its values only.
var purity = []string{"cmp", "errors", "fmt", "iter", "maps", "math", "slices", "strconv", "strings", "time"}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func list(t *testing.T) []listed {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	c.Dir = ".."
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestPackagesImportOnlyWhatTheirLayerMay(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, ok := layers[name]
		if !ok && (name == "cmd" || strings.HasPrefix(name, "cmd/")) {
			continue
		}
		if !ok {
			t.Errorf("package %s has no row in the table of layers", name)
		}
		seen[name] = true
		for _, i := range p.Imports {
			if strings.Contains(strings.SplitN(i, "/", 2)[0], ".") && !slices.ContainsFunc(allowed, func(a string) bool { return covers(a, i) }) {
				t.Errorf("package %s may not import %s", name, i)
			}
		}
	}
	for name := range layers {
		if !seen[name] {
			t.Logf("the table of layers names %s, which does not exist yet", name)
		}
	}
}

func covers(allowed, path string) bool {
	prefix, below := strings.CutSuffix(allowed, "/...")
	return path == allowed || below && (path == prefix || strings.HasPrefix(path, prefix+"/"))
}

func TestTheCoreIsPure(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath != module+"fleet" {
			continue
		}
		for _, i := range p.Imports {
			if !slices.Contains(purity, i) {
				t.Errorf("package fleet may not import %s", i)
			}
		}
		return
	}
	t.Error("package fleet was not found")
}
