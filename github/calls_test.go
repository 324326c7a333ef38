package github_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v57/github"
)

// calls is every call of GitHub in this package's source, as it is written there,
// and the operations that it comes to. NewRequest is what v57 has no method for.
var calls = map[string][]string{
	"Actions.CreateOrganizationRegistrationToken":        {"actions/create-registration-token-for-org"},
	"Actions.CreateRegistrationToken":                    {"actions/create-registration-token-for-repo"},
	"Actions.GenerateOrgJITConfig":                       {"actions/generate-runner-jitconfig-for-org"},
	"Actions.GenerateRepoJITConfig":                      {"actions/generate-runner-jitconfig-for-repo"},
	"Actions.GetWorkflowJobByID":                         {"actions/get-job-for-workflow-run"},
	"Actions.GetWorkflowRunByID":                         {"actions/get-workflow-run"},
	"Actions.ListOrganizationRunnerApplicationDownloads": {"actions/list-runner-applications-for-org"},
	"Actions.ListOrganizationRunnerGroups":               {"actions/list-self-hosted-runner-groups-for-org"},
	"Actions.ListOrganizationRunners":                    {"actions/list-self-hosted-runners-for-org"},
	"Actions.ListRepositoryWorkflowRuns":                 {"actions/list-workflow-runs-for-repo"},
	"Actions.ListRunnerApplicationDownloads":             {"actions/list-runner-applications-for-repo"},
	"Actions.ListRunners":                                {"actions/list-self-hosted-runners-for-repo"},
	"Actions.ListWorkflowJobs":                           {"actions/list-jobs-for-workflow-run"},
	"Actions.RemoveOrganizationRunner":                   {"actions/delete-self-hosted-runner-from-org"},
	"Actions.RemoveRunner":                               {"actions/delete-self-hosted-runner-from-repo"},
	"Actions.RerunFailedJobsByID":                        {"actions/re-run-workflow-failed-jobs"},
	"Apps.Get":                                           {"apps/get-authenticated"},
	"Apps.ListHookDeliveries":                            {"apps/list-webhook-deliveries"},
	"Apps.ListInstallations":                             {"apps/list-installations"},
	"Apps.ListRepos":                                     {"apps/list-repos-accessible-to-installation"},
	"NewRequest in deliveries.go":                        {"apps/get-webhook-delivery"},
	"NewRequest in versions.go":                          {"actions/get-runner-version-deprecation-for-org", "actions/get-runner-version-deprecation-for-repo"},
	"ghinstallation":                                     {"apps/create-installation-access-token"}, // by the module of that name
}

// services are the fields of go-github's client by which its calls are grouped.
func services() map[string]bool {
	all := map[string]bool{}
	for f := range reflect.TypeFor[github.Client]().Fields() {
		if strings.HasSuffix(f.Type.String(), "Service") {
			all[f.Name] = true
		}
	}
	return all
}

// callsIn is the calls of GitHub in a file: those of a service of go-github's
// client, and requests that are made by hand.
func callsIn(name string, file *ast.File, services map[string]bool) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		method, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if by := method.Sel.Name; strings.HasPrefix(by, "New") && strings.Contains(by, "Request") {
			found = append(found, by+" in "+name)
		}
		if of, ok := method.X.(*ast.SelectorExpr); ok && services[of.Sel.Name] {
			found = append(found, of.Sel.Name+"."+method.Sel.Name)
		}
		return true
	})
	return found
}

// A call that is written and in no test would be checked by nobody.
func TestEveryCallInTheSourceIsAmongTheValidated(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{"ghinstallation": true}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range callsIn(name, file, services()) {
			written[call] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(calls)), slices.Sorted(maps.Keys(written))); diff != "" {
		t.Errorf("calls (-table +source):\n%s", diff)
	}
	operations := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(calls))...)))
	if diff := cmp.Diff(validated, operations); diff != "" {
		t.Errorf("operations (-validated +table):\n%s", diff)
	}
}

func TestACallIsFoundHoweverItIsMade(t *testing.T) {
	for source, want := range map[string]string{
		`k, _, err := c.api.Meta.Get(ctx)`:                  "Meta.Get",
		`ask := api.Actions.ListCaches`:                     "Actions.ListCaches",
		`r, err := http.NewRequestWithContext(ctx, "", a)`:  "NewRequestWithContext in x.go",
		`r, err := api.NewUploadRequest("a", file, 1, "b")`: "NewUploadRequest in x.go",
		`r.Header.Get("Date")`:                              "",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc f() {"+source+"}", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(callsIn("x.go", file, services()), ", "); got != want {
			t.Errorf("%s is %q, want %q", source, got, want)
		}
	}
}
