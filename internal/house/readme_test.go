package house

import (
	"fmt"
	"go/ast"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkBEPs complains about rows of the table in BEPS.md whose module or test
// does not exist. A row names one module and at least one test in backquotes;
// the part of a test's name after a slash is its subtest and is not looked up.
func checkBEPs(w *tree) (complaints []string) {
	found := tables(w.read("BEPS.md"), "BEP", "state", "module", "test")
	if len(found) != 1 {
		return []string{fmt.Sprintf("BEPS.md has %d tables of BEPs, want 1", len(found))}
	}
	for _, row := range found[0].rows {
		bad := func(format string, args ...any) {
			complaints = append(complaints, fmt.Sprintf("BEPS.md: BEP %s: ", row["BEP"])+fmt.Sprintf(format, args...))
		}
		module := strings.Trim(row["module"], "`")
		if !slices.Contains(w.modules, module) {
			bad("there is no module %q", module)
			continue
		}
		names := quoted(row["test"])
		if len(names) == 0 {
			bad("names no test")
		}
		for _, name := range names {
			fn, _, _ := strings.Cut(name, "/")
			if !w.hasTest(module, fn) {
				bad("%s has no test %s", module, fn)
			}
		}
	}
	return complaints
}

// hasTest reports whether the module has a test, fuzz target or example of that
// name.
func (t *tree) hasTest(module, name string) bool {
	if !strings.HasPrefix(name, "Test") && !strings.HasPrefix(name, "Fuzz") && !strings.HasPrefix(name, "Example") {
		return false
	}
	for _, f := range t.files {
		if f.module != module || !f.test() {
			continue
		}
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name {
				return true
			}
		}
	}
	return false
}

// checkModulesListed complains about modules that README's table of modules leaves
// out, and of lines there without a module. The unpublished ones may be missing.
func checkModulesListed(w *tree) (complaints []string) {
	found := tables(w.read("README.md"), "module", "what it is for")
	if len(found) != 1 {
		return []string{fmt.Sprintf("README.md has %d tables of modules, want 1", len(found))}
	}
	var listed []string
	for _, row := range found[0].rows {
		listed = append(listed, quoted(row["module"])...)
	}
	for _, m := range w.modules {
		if m != "e2e" && m != "internal/house" && !slices.Contains(listed, m) {
			complaints = append(complaints, "README.md: the table of modules leaves out "+m)
		}
	}
	for _, m := range listed {
		if !slices.Contains(w.modules, m) {
			complaints = append(complaints, "README.md: the table of modules has "+m+", which is no module")
		}
	}
	return complaints
}

// link matches a link of Markdown to a file of the workspace.
var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

// checkLinks complains about links of the documents at the top to files that do not
// exist.
func checkLinks(w *tree) (complaints []string) {
	for _, name := range w.names {
		if strings.Contains(name, "/") || !strings.HasSuffix(name, ".md") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(w.read(name), -1) {
			if _, err := fs.Stat(w.fsys, m[1]); err != nil {
				complaints = append(complaints, fmt.Sprintf("%s: the link to %s leads nowhere", name, m[1]))
			}
		}
	}
	return complaints
}

func TestLinks(t *testing.T) {
	report(t, checkLinks(workspace(t)), documentsSection, "a link without a scheme names a file, from the top of the workspace")
}

func TestCheckLinks(t *testing.T) {
	files := map[string]string{"README.md": "[a](a) ![b](a/b.svg) [c](https://example.com/x)", "a/b.svg": ""}
	require.Empty(t, checkLinks(fixture(t, files)))
	files["README.md"] += " [d](BEPS.md)"
	requireComplaint(t, checkLinks(fixture(t, files)), "BEPS.md leads nowhere")
}

func TestBEPsAreProven(t *testing.T) {
	report(t, checkBEPs(workspace(t)), documentsSection, "a row of BEPS.md names one module and at least one of its tests, fuzz targets or examples, in backquotes")
}

func TestModulesAreListed(t *testing.T) {
	report(t, checkModulesListed(workspace(t)), documentsSection, "the table of modules in README.md has each module; e2e and internal/house may be missing")
}

func TestCheckBEPs(t *testing.T) {
	for _, test := range []struct{ name, row, complaint string }{
		{"good", "| 3 | whole | `a` | `TestA/sub`, `FuzzA` |", ""},
		{"no such test", "| 3 | whole | `a` | `TestB` |", "a has no test TestB"},
		{"a helper", "| 3 | whole | `a` | `helper` |", "a has no test helper"},
		{"a method", "| 3 | whole | `a` | `TestM` |", "a has no test TestM"},
		{"not a test file", "| 3 | whole | `a` | `TestC` |", "a has no test TestC"},
		{"another module's test", "| 3 | whole | `b` | `TestA` |", "b has no test TestA"},
		{"no test", "| 3 | whole | `a` | |", "names no test"},
		{"no module", "| 3 | whole | `z` | `TestA` |", "no module"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := checkBEPs(fixture(t, map[string]string{
				"a/go.mod": "", "b/go.mod": "",
				"a/a.go":      "package a\n\nfunc TestC() {}\n",
				"a/a_test.go": "package a\n\nfunc TestA() {}\n\nfunc FuzzA() {}\n\nfunc helper() {}\n\nfunc (s) TestM() {}\n",
				"BEPS.md":     "| BEP | state | module | test |\n|---|---|---|---|\n" + test.row + "\n",
			}))
			requireComplaint(t, got, test.complaint)
		})
	}
	requireComplaint(t, checkBEPs(fixture(t, map[string]string{"README.md": "nothing"})), "0 tables")
}

func TestCheckModulesListed(t *testing.T) {
	readme := "| module | what it is for |\n|---|---|\n| [`a`](a) | ground |\n"
	require.Empty(t, checkModulesListed(fixture(t, map[string]string{"a/go.mod": "", "e2e/go.mod": "", "README.md": readme})))
	requireComplaint(t, checkModulesListed(fixture(t, map[string]string{"a/go.mod": "", "b/go.mod": "", "README.md": readme})), "leaves out b")
	requireComplaint(t, checkModulesListed(fixture(t, map[string]string{"README.md": readme})), "no module")
	requireComplaint(t, checkModulesListed(fixture(t, map[string]string{"README.md": "nothing"})), "0 tables")
}
