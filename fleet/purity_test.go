package fleet_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

// pure is all that judgement may import.
var pure = strings.Fields("cmp errors fmt iter maps math slices strconv strings time")

// clock is what reads or awaits the time.
var clock = strings.Fields("Now Since Until Sleep After AfterFunc Tick NewTimer NewTicker")

func TestTheCoreIsPure(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range file.Imports {
			path, err := strconv.Unquote(in.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(pure, path) || in.Name != nil {
				t.Errorf("%s imports %s", files.Position(in.Pos()), in.Path.Value)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
					t.Errorf("%s uses time.%s", files.Position(n.Pos()), n.Sel.Name)
				}
			case *ast.GoStmt, *ast.SelectStmt, *ast.ChanType:
				t.Errorf("%s does something besides judging", files.Position(n.Pos()))
			}
			return true
		})
	}
}

func TestThePhaseDiagramIsTheGoldenOne(t *testing.T) {
	want, err := os.ReadFile("testdata/phases.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), fleet.PhaseDiagram()); diff != "" {
		t.Errorf("phases (-golden +got):\n%s", diff)
	}
}
