package house

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The budgets, in lines. A file or function stays under its number.
const (
	fileBudget     = 400
	longFileBudget = 600
	funcBudget     = 60
)

// longFiles are the files that may reach fileBudget and stay under
// longFileBudget, each with the reason: the one topic that would be harder to
// read in two files.
var longFiles = map[string]string{}

// flatClause is the number of lines that a clause of a switch may have for the
// switch to count as a table.
const flatClause = 8

// checkBudgets complains about files and functions that are too long. long is
// longFiles, or another such list.
func checkBudgets(w *tree, long map[string]string) (complaints []string) {
	for _, f := range w.files {
		budget := fileBudget
		if _, ok := long[f.path]; ok {
			budget = longFileBudget
		}
		if f.lines >= budget {
			complaints = append(complaints, fmt.Sprintf("%s has %d lines, want less than %d", f.path, f.lines, budget))
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
	return append(complaints, checkLongFiles(w, long)...)
}

// checkLongFiles complains about entries of the list of long files without a
// reason, and about those that are not needed.
func checkLongFiles(w *tree, long map[string]string) (complaints []string) {
	for _, name := range slices.Sorted(maps.Keys(long)) {
		switch f, ok := w.file(name); {
		case !ok:
			complaints = append(complaints, fmt.Sprintf("longFiles: %s does not exist: delete the entry", name))
		case f.lines < fileBudget:
			complaints = append(complaints, fmt.Sprintf("longFiles: %s has only %d lines: delete the entry", name, f.lines))
		case long[name] == "":
			complaints = append(complaints, fmt.Sprintf("longFiles: %s has no reason", name))
		}
	}
	return complaints
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

func TestBudgets(t *testing.T) {
	report(t, checkBudgets(workspace(t), longFiles), codeSection, fmt.Sprintf("a file has less than %d lines, or less than %d "+
		"if it is in longFiles of internal/house/budgets_test.go, with its reason; a function has less than %d, without its "+
		"composite literals and its longest switch of clauses of at most %d lines", fileBudget, longFileBudget, funcBudget, flatClause))
}

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
			requireComplaint(t, checkBudgets(fixture(t, map[string]string{"x/go.mod": "", "x/x.go": test.text}), nil), test.complaint)
		})
	}
}

func TestCheckLongFiles(t *testing.T) {
	lines := func(n int) string { return "package x\n" + strings.Repeat("\n", n-1) }
	for _, test := range []struct{ name, text, file, reason, complaint string }{
		{"a long file", lines(599), "x/x.go", "one topic", ""},
		{"a file that is too long", lines(600), "x/x.go", "one topic", "x/x.go has 600 lines, want less than 600"},
		{"another file", lines(400), "x/y.go", "one topic", "x/x.go has 400 lines, want less than 400"},
		{"no reason", lines(400), "x/x.go", "", "has no reason"},
		{"a short file", lines(399), "x/x.go", "one topic", "has only 399 lines"},
		{"no such file", lines(1), "x/z.go", "one topic", "x/z.go does not exist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := fixture(t, map[string]string{"x/go.mod": "", "x/x.go": test.text, "x/y.go": lines(400)})
			long := map[string]string{"x/y.go": "one topic", test.file: test.reason}
			requireComplaint(t, checkBudgets(w, long), test.complaint)
		})
	}
}
