package house

import (
	"fmt"
	"go/ast"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The budgets, in lines. A file or function stays under its number. swarm may
// reach its own, without tests and suites, and without comments, so that nobody
// saves on these.
const (
	fileBudget  = 400
	funcBudget  = 60
	swarmBudget = 400
)

// flatClause is the number of lines that a clause of a switch may have for the
// switch to count as a table.
const flatClause = 8

// checkBudgets complains of files and functions that are too long.
func checkBudgets(w *tree) (complaints []string) {
	contract := 0
	for _, f := range w.files {
		if f.lines >= fileBudget {
			complaints = append(complaints, fmt.Sprintf("%s has %d lines, want less than %d", f.path, f.lines, fileBudget))
		}
		if path.Dir(f.path) == "swarm" && !f.test() {
			contract += codeLines(w.read(f.path))
		}
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := w.length(fn) - w.tableLines(fn.Body); n >= funcBudget {
				complaints = append(complaints, fmt.Sprintf("%s: %s has %d lines beside its tables, want less than %d", f.path, fn.Name.Name, n, funcBudget))
			}
		}
	}
	if contract > swarmBudget {
		complaints = append(complaints, fmt.Sprintf("swarm has %d lines of code outside its suites, want at most %d", contract, swarmBudget))
	}
	return complaints
}

// codeLines counts the lines of text that are neither empty nor a comment alone.
func codeLines(text string) (n int) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}

// length returns the number of lines that n covers.
func (t *tree) length(n ast.Node) int {
	return t.fset.Position(n.End()).Line - t.fset.Position(n.Pos()).Line + 1
}

// tableLines returns how many lines of body are tables: composite literals less
// the functions in them, and the longest flat switch.
func (t *tree) tableLines(body ast.Node) int {
	literals, longest := 0, 0
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			literals += t.length(n) - 1 - t.funcLines(n)
			return false
		case *ast.SwitchStmt:
			if t.flat(n.Body) {
				longest = max(longest, t.length(n)-1)
			}
		case *ast.TypeSwitchStmt:
			if t.flat(n.Body) {
				longest = max(longest, t.length(n)-1)
			}
		}
		return true
	})
	return literals + longest
}

// funcLines returns how many lines below n are function literals, without the
// first line of each.
func (t *tree) funcLines(n ast.Node) (lines int) {
	ast.Inspect(n, func(n ast.Node) bool {
		if fn, ok := n.(*ast.FuncLit); ok {
			lines += t.length(fn) - 1
			return false
		}
		return true
	})
	return lines
}

// flat reports whether every clause of a switch is short.
func (t *tree) flat(body *ast.BlockStmt) bool {
	for _, s := range body.List {
		if t.length(s) > flatClause {
			return false
		}
	}
	return true
}

func TestBudgets(t *testing.T) { report(t, checkBudgets(workspace(t))) }

func TestCheckBudgets(t *testing.T) {
	fn := func(body string) string { return "package x\n\nfunc f() {\n" + body + "}\n" }
	for _, test := range []struct{ name, text, complaint string }{
		{"a short function", fn(strings.Repeat("\tf()\n", 57)), ""},
		{"a long function", fn(strings.Repeat("\tf()\n", 58)), "f has 60 lines"},
		{"a long file", "package x\n" + strings.Repeat("\n", 399), "x/x.go has 400 lines"},
		{"a file just right", "package x\n" + strings.Repeat("\n", 398), ""},
		{"a table", fn("\t_ = []int{\n" + strings.Repeat("\t\t1,\n", 100) + "\t}\n"), ""},
		{"a table of long functions", fn("\t_ = []func(){\n\t\tfunc() {\n" + strings.Repeat("\t\t\tf()\n", 100) + "\t\t},\n\t}\n"), "lines beside"},
		{"a flat switch", fn("\tswitch {\n" + strings.Repeat("\tcase true:\n\t\tf()\n", 50) + "\t}\n"), ""},
		{"two flat switches", fn(strings.Repeat("\tswitch {\n"+strings.Repeat("\tcase true:\n\t\tf()\n", 40)+"\t}\n", 2)), "lines beside"},
		{"a deep switch", fn("\tswitch {\n" + strings.Repeat("\tcase true:\n"+strings.Repeat("\t\tf()\n", 9), 10) + "\t}\n"), "lines beside"},
		{"a flat type switch", fn("\tswitch any(1).(type) {\n" + strings.Repeat("\tcase int:\n\t\tf()\n", 50) + "\t}\n"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := checkBudgets(fixture(t, map[string]string{"x/go.mod": "", "x/x.go": test.text}))
			if test.complaint == "" {
				require.Empty(t, got)
				return
			}
			one(t, got, test.complaint)
		})
	}
}

func TestCheckBudgetsOfSwarm(t *testing.T) {
	half := "// Package swarm is.\npackage swarm\n\n" + strings.Repeat("var _ int\n", 199)
	files := map[string]string{"swarm/go.mod": "", "swarm/a.go": half, "swarm/b.go": half, "swarm/a_test.go": half, "swarm/storagetest/s.go": half}
	require.Empty(t, checkBudgets(fixture(t, files)))
	files["swarm/c.go"] = "package swarm\n"
	one(t, checkBudgets(fixture(t, files)), "swarm has 401 lines of code")
}
