package cli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A page names a test in code quotes, a case of its table after a slash, and
// then the package in brackets. One package may stand for several tests.
var (
	testName  = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)(?:/([^`]+))?`")
	testNames = regexp.MustCompile("(?:" + testName.String() + "(?:, )?)+ \\(`([\\w/-]+)`\\)")
)

// shown is a test that a page names.
type shown struct{ pkg, test, of string } // of: a case; empty: the whole

// shows are the tests that a page names with their package, and how many it
// names without.
func shows(page string) (all []shown, bare int) {
	for _, m := range testNames.FindAllStringSubmatch(page, -1) {
		for _, n := range testName.FindAllStringSubmatch(m[0], -1) {
			all = append(all, shown{m[3], n[1], n[2]})
		}
	}
	return all, len(testName.FindAllString(page, -1)) - len(all)
}

// declared are a package's tests, each with the texts of its file, which hold
// the names of its cases.
func declared(t *testing.T, pkg string) map[string]map[string]bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]bool{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				text, _ := strconv.Unquote(l.Value) // the parser took it
				texts[text] = true
			}
			return true
		})
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				tests[f.Name.Name] = texts
			}
		}
	}
	return tests
}

// absent says which of the tests that a page names are not there.
func absent(t *testing.T, page string) (all []string) {
	t.Helper()
	packages := map[string]map[string]map[string]bool{}
	named, bare := shows(page)
	for _, s := range named {
		if packages[s.pkg] == nil {
			packages[s.pkg] = declared(t, s.pkg)
		}
		texts, ok := packages[s.pkg][s.test]
		switch {
		case !ok:
			all = append(all, s.test+" is not in "+s.pkg)
		case s.of != "" && !texts[s.of]:
			all = append(all, s.test+" has no case "+s.of)
		}
	}
	if bare > 0 {
		all = append(all, strconv.Itoa(bare)+" named without a package")
	}
	return all
}

func TestEveryTestThatAPageNamesIsThere(t *testing.T) {
	for path, page := range pages(t) {
		for _, what := range absent(t, page) {
			t.Errorf("%s: %s", path, what)
		}
	}
}

func TestATestThatAPageNamesAndIsNotThereIsTold(t *testing.T) {
	for _, tt := range []struct {
		name, page string
		want       []string
	}{
		{"one that is there", "`TestEveryTestThatAPageNamesIsThere` (`cmd/internal/cli`)", nil},
		{"with a case", "`TestATestThatAPageNamesAndIsNotThereIsTold/with a case` (`cmd/internal/cli`)", nil},
		{"one that was renamed", "`TestEveryTestThatAPageNamesIsThere`, `TestOfYesterday` (`cmd/internal/cli`)",
			[]string{"TestOfYesterday is not in cmd/internal/cli"}},
		{"a case that was renamed", "`TestATestThatAPageNamesAndIsNotThereIsTold/with " + "case` (`cmd/internal/cli`)",
			[]string{"TestATestThatAPageNamesAndIsNotThereIsTold has no case with case"}},
		{"one of another package", "`TestEveryTestThatAPageNamesIsThere` (`fleet`)", []string{"TestEveryTestThatAPageNamesIsThere is not in fleet"}},
		{"one without a package", "`TestEveryTestThatAPageNamesIsThere`; `TestX`, (`fleet`)", []string{"2 named without a package"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, absent(t, tt.page)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// Each row of the page about sources says at its end by which test it is shown,
// and links to what does it.
func TestEveryRowOfTheSourcesIsShownByATest(t *testing.T) {
	rows, in := 0, false
	for line := range strings.Lines(pages(t)[filepath.Join(root, "docs", "sources.md")]) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		switch last := cells[len(cells)-1]; {
		case !strings.HasPrefix(line, "|"):
			in = false
		case last == "shown by":
			in = true
		case in && !strings.HasPrefix(line, "|---"):
			if rows++; len(cells) != 4 || !testNames.MatchString(last) || !strings.Contains(cells[2], "](") {
				t.Errorf("not shown, or without a link: %s", line)
			}
		}
	}
	if rows == 0 {
		t.Error("no rows are found")
	}
}
