package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// printedBy are the functions that make commands for people to run, and the tests that run
// these commands.
var printedBy = map[string]string{
	"Run":           "TestCreatePrintsACommandThatWorks", // of createCommand
	"sayHowToGet":   "TestSeedPrintsHowToGet",
	"differsAdvice": "TestPrintedCommandsWork",
	"seedHint":      "TestCreatePrintsACommandThatWorks",

	"GetCommand": "TestVerifyPrintsTheRepair",
	"Load":       "TestPrintedCommandsWork",
	"KeyOnly":    "TestLinkWithKey",
	"LinkOnly":   "TestLinkToVerify",
}

// Each function that makes a command has a test that runs it.
func TestEachPrintedCommandHasATest(t *testing.T) {
	sources, err := filepath.Glob(filepath.Join(sourceDir(t), "*.go"))
	require.NoError(t, err)
	rooms, err := filepath.Glob(filepath.Join(sourceDir(t), "internal", "torrentsource", "*.go"))
	require.NoError(t, err)
	sources = append(sources, rooms...)
	found := make(map[string]bool)
	tests := ""
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			tests += string(b)
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				call, ok := n.(*ast.SelectorExpr)
				if !ok || (call.Sel.Name != "Command" && call.Sel.Name != "Program") {
					return true
				}
				if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "shell" {
					require.Contains(t, printedBy, fn.Name.Name, "%s: add a test that runs the command, and an entry to printedBy", path)
					found[fn.Name.Name] = true
				}
				return true
			})
		}
	}
	for fn, test := range printedBy {
		require.True(t, found[fn], "%s makes no command: delete its entry", fn)
		require.Contains(t, tests, "func "+test+"(", fn)
	}
}
