package house

import (
	"fmt"
	"go/doc"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Budgets of documents, in lines. Of a package comment, empty lines and what is
// preformatted do not count, such as a table of rules.
const (
	readmeBudget  = 30
	commentBudget = 20
)

// release matches the heading of a version in a changelog.
var release = regexp.MustCompile(`^## v\d+\.\d+\.\d+\b`)

// checkDocuments complains about modules in which a document is missing or too
// long. The modules on the top floor are programs: their READMEs may be longer,
// and they need no Example.
func checkDocuments(p plan, w *tree) (complaints []string) {
	top := 0
	for _, r := range p {
		top = max(top, r.floor)
	}
	for _, m := range w.modules {
		bad := func(format string, args ...any) {
			complaints = append(complaints, m+": "+fmt.Sprintf(format, args...))
		}
		readme := w.read(m + "/README.md")
		switch n := strings.Count(readme, "\n"); {
		case readme == "":
			bad("has no README.md")
		case n > readmeBudget && p[m].floor < top:
			bad("README.md has %d lines, want at most %d", n, readmeBudget)
		}
		if l := w.read(m + "/LICENSE"); l == "" || l != w.read("LICENSE") {
			bad("has no LICENSE, or not that of the workspace")
		}
		headings := slices.Collect(func(yield func(string) bool) {
			for line := range strings.Lines(w.read(m + "/CHANGELOG.md")) {
				if strings.HasPrefix(line, "## ") && !yield(line) {
					return
				}
			}
		})
		if len(headings) == 0 || !release.MatchString(headings[0]) {
			bad("has no CHANGELOG.md whose first section is a version, such as ## v0.1.0")
		}
		if p[m].floor < top && !w.hasExample(m) {
			bad("has no Example with an output")
		}
	}
	return append(complaints, checkPackageComments(w)...)
}

// hasExample reports whether a test of the module is an example that is run.
func (t *tree) hasExample(module string) bool {
	for _, f := range t.files {
		if f.module != module || !f.test() {
			continue
		}
		for _, e := range doc.Examples(f.syntax) {
			if e.Output != "" || e.EmptyOutput {
				return true
			}
		}
	}
	return false
}

// checkPackageComments complains about packages without a comment, or with one
// that is too long. The comment of a module's first package must be in doc.go.
func checkPackageComments(w *tree) (complaints []string) {
	folders := map[string]bool{}
	where := map[string][]string{} // the files with a package comment, by folder
	for _, f := range w.files {
		if f.test() {
			continue
		}
		folder := path.Dir(f.path)
		folders[folder] = true
		if f.syntax.Doc == nil {
			continue
		}
		where[folder] = append(where[folder], f.path)
		if n := proseLines(f.syntax.Doc.Text()); n > commentBudget {
			complaints = append(complaints, fmt.Sprintf("%s: package comment has %d lines, want at most %d", f.path, n, commentBudget))
		}
	}
	for folder := range folders {
		switch files := where[folder]; {
		case len(files) != 1:
			complaints = append(complaints, fmt.Sprintf("%s: package has %d comments, want 1", folder, len(files)))
		case slices.Contains(w.modules, folder) && path.Base(files[0]) != "doc.go":
			complaints = append(complaints, files[0]+": package comment should be in doc.go")
		}
	}
	slices.Sort(complaints)
	return complaints
}

// proseLines counts the lines of a comment that are neither empty nor
// preformatted.
func proseLines(comment string) (n int) {
	for line := range strings.Lines(comment) {
		if !strings.HasPrefix(line, "\t") && strings.TrimSpace(line) != "" {
			n++
		}
	}
	return n
}

func TestDocuments(t *testing.T) {
	w := workspace(t)
	report(t, checkDocuments(floors(t, w), w), documentsSection, fmt.Sprintf("a module has a README.md of at most %d lines, the LICENSE, "+
		"a CHANGELOG.md that begins with a version, and an Example with an output; a package has one comment of at most %d lines, "+
		"that of a module in doc.go; programs need no Example, and their README.md may be longer", readmeBudget, commentBudget))
}

func TestCheckDocuments(t *testing.T) {
	p, err := parsePlan(planText)
	require.NoError(t, err)
	good := map[string]string{
		"LICENSE":           "MIT",
		"a/go.mod":          "",
		"a/README.md":       "# a\n",
		"a/LICENSE":         "MIT",
		"a/CHANGELOG.md":    "# Changelog\n\n## v0.1.0, unreleased\n",
		"a/doc.go":          "// Package a is.\npackage a\n",
		"a/example_test.go": "package a_test\n\nimport \"fmt\"\n\nfunc Example() {\n\tfmt.Println(1)\n\t// Output: 1\n}\n",
	}
	for _, test := range []struct{ name, file, text, complaint string }{
		{"good", "", "", ""},
		{"no README", "a/README.md", "", "no README.md"},
		{"long README", "a/README.md", strings.Repeat("\n", 31), "31 lines"},
		{"no LICENSE", "a/LICENSE", "", "no LICENSE"},
		{"other LICENSE", "a/LICENSE", "GPL", "no LICENSE"},
		{"no CHANGELOG", "a/CHANGELOG.md", "", "no CHANGELOG.md"},
		{"CHANGELOG without a version", "a/CHANGELOG.md", "## Unreleased\n\n## v0.1.0\n", "no CHANGELOG.md"},
		{"no Example", "a/example_test.go", "package a\n", "no Example"},
		{"Example that is not run", "a/example_test.go", "package a\n\nfunc Example() {}\n", "no Example"},
		{"no package comment", "a/doc.go", "package a\n", "0 comments"},
		{"long package comment", "a/doc.go", "// Package a is.\n" + strings.Repeat("// so\n", 20) + "package a\n", "21 lines"},
		{"long table in a package comment", "a/doc.go", "// Package a is.\n//\n" + strings.Repeat("//\tso\n", 30) + "package a\n", ""},
		{"two package comments", "a/a.go", "// Package a is.\npackage a\n", "a: package has 2 comments"},
		{"a comment in a folder", "a/sub/a.go", "// Package sub is.\npackage sub\n", ""},
		{"no comment in a folder", "a/sub/a.go", "package sub\n", "a/sub: package has 0 comments"},
		{"a comment elsewhere", "a/other.go", "// Package a is.\npackage a\n", "should be in doc.go"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{}
			for name, text := range good {
				files[name] = text
			}
			if test.file != "" {
				files[test.file] = test.text
			}
			if test.file == "a/other.go" {
				delete(files, "a/doc.go")
			}
			requireComplaint(t, checkDocuments(p, fixture(t, files)), test.complaint)
		})
	}
}
