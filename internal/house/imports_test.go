package house

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testThirdParty lists the third-party modules that only tests may import: those
// of every module under "", and those of one module under its name.
var testThirdParty = map[string][]string{
	"":    {"github.com/stretchr/testify"},
	"e2e": {"go.uber.org/goleak"},
	"mse": {"golang.org/x/net"},
}

// checkImports complains about imports that the plan does not allow. It reads the
// Go files for all systems.
func checkImports(p plan, w *tree) (complaints []string) {
	for _, f := range w.files {
		if f.module == "" {
			complaints = append(complaints, f.path+": belongs to no module")
			continue
		}
		for _, spec := range f.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err == nil && !mayImport(p, f, imported) {
				complaints = append(complaints, fmt.Sprintf("%s imports %s, which %s may not; it may import %s", f.path, imported, f.module, allowedImports(p, f)))
			}
		}
	}
	return complaints
}

// allowedImports lists what f may import.
func allowedImports(p plan, f goFile) string {
	allowed := slices.Concat(p[f.module].may, p[f.module].third)
	if f.test() && f.module != "swarm" {
		allowed = slices.Concat(allowed, testThirdParty[""], testThirdParty[f.module])
	}
	return strings.Join(append(allowed, "the standard library"), ", ")
}

// mayImport reports whether the plan lets f import the package at path.
func mayImport(p plan, f goFile, path string) bool {
	first, _, _ := strings.Cut(path, "/")
	sibling, ours := strings.CutPrefix(path, prefix)
	within := func(modules []string, path string) bool {
		return slices.ContainsFunc(modules, func(m string) bool { return in(m, path) })
	}
	switch r := p[f.module]; {
	case ours:
		return in(f.module, sibling) || within(r.may, sibling)
	case path == "C":
		return false
	case !strings.Contains(first, "."):
		return true // the standard library
	case f.module == "swarm":
		return false // not even in tests
	default:
		return within(r.third, path) || (f.test() && (within(testThirdParty[""], path) || within(testThirdParty[f.module], path)))
	}
}

func TestImportsKeepToTheirFloor(t *testing.T) {
	w := workspace(t)
	report(t, checkImports(floors(t, w), w), floorsSection, "a module imports itself, what its row of the table names, and the standard library; "+
		"its tests also import testify, but not those of swarm. To let it import another module on a floor below, change its row")
}

func TestCheckImports(t *testing.T) {
	p, err := parsePlan(planText)
	require.NoError(t, err)
	for _, test := range []struct{ file, imports, complaint string }{
		{"b/b.go", prefix + "a", ""},
		{"b/b.go", prefix + "a/sub", ""},
		{"b/b.go", prefix + "b/internal/x", ""},
		{"b/b.go", prefix + "ab", "b/b.go imports " + prefix + "ab"},
		{"b/b.go", prefix + "c", "which b may not"},
		{"b/b_test.go", prefix + "c", "which b may not; it may import a, example.com/lib, github.com/stretchr/testify, the standard library"},
		{"a/a.go", prefix + "b", "which a may not; it may import the standard library"},
		{"b/b_windows.go", prefix + "d", "which b may not"},
		{"d/d.go", prefix + "a", "which d may not"},
		{"c/c.go", prefix + "d", ""},
		{"b/b.go", "encoding/json", ""},
		{"b/b.go", "example.com/lib/sub", ""},
		{"b/b.go", "example.com/library", "which b may not"},
		{"a/a.go", "example.com/lib", "which a may not"},
		{"a/a.go", "github.com/stretchr/testify/require", "which a may not"},
		{"a/a_test.go", "github.com/stretchr/testify/require", ""},
		{"a/a_test.go", "go.uber.org/goleak", "which a may not"},
		{"a/a.go", "C", "which a may not"},
		{"z.go", "fmt", "belongs to no module"},
	} {
		t.Run(test.file+" "+test.imports, func(t *testing.T) {
			w := fixture(t, map[string]string{
				"a/go.mod": "", "b/go.mod": "", "c/go.mod": "", "d/go.mod": "",
				test.file: "package x\n\nimport _ \"" + test.imports + "\"\n",
			})
			requireComplaint(t, checkImports(p, w), test.complaint)
		})
	}
}
