package house

import (
	"fmt"
	"go/ast"
	"go/types"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// comparison is the page that says where the names of other libraries are here.
const comparison = "client/COMING-FROM.md"

// counted matches a heading that ends in the number of rows below it, such as
// "## Errors of x (19)".
var counted = regexp.MustCompile(`^## .*\((\d+)\)$`)

// checkComparison complains about rows of the comparison that name something that does not
// exist or is not exported, and that name nothing and give no reason; about names of others
// that a section has twice; and about sections whose heading has another number than that of
// their rows. Everything in backquotes in the column "here" is a name: the folder of a package
// and what it declares, such as client.Torrent.Pause.
func checkComparison(w *tree) (complaints []string) {
	bad := func(format string, args ...any) {
		complaints = append(complaints, comparison+": "+fmt.Sprintf(format, args...))
	}
	known := siblings{w, map[string]*types.Package{}}
	sections := strings.Split("\n"+w.read(comparison), "\n## ")
	for _, text := range sections[1:] {
		text = "## " + text
		heading, _, _ := strings.Cut(text, "\n")
		rows := 0
		seen := map[string]bool{}
		for _, t := range tables(text, "there", "here") {
			for _, row := range t.rows {
				rows++
				there, here := row["there"], row["here"]
				if seen[there] {
					bad("%s: %s is there twice", heading, there)
				}
				seen[there] = true
				names := quoted(here)
				if len(names) == 0 && !strings.HasPrefix(here, "none") {
					bad(`%s: %s leads to no name, and to no reason, which begins with "none"`, heading, there)
				}
				for _, name := range names {
					if !known.exports(name) {
						bad("%s: there is no exported %s", there, name)
					}
				}
			}
		}
		number := counted.FindStringSubmatch(heading)
		switch {
		case rows == 0 && number == nil:
		case number == nil || number[1] != strconv.Itoa(rows):
			bad("%q has %d rows, and its heading should end in that number in parentheses", heading, rows)
		}
	}
	if len(sections) == 1 {
		bad("has no sections")
	}
	return complaints
}

// exports reports whether name is that of something exported in the workspace: the folder of a
// package, and a name in it, and perhaps a field or method of that.
func (s siblings) exports(name string) bool {
	folder, names, _ := strings.Cut(name, ".")
	path := strings.Split(names, ".")
	p, err := s.Import(prefix + folder)
	if err != nil || len(path) > 2 {
		return false
	}
	o := p.Scope().Lookup(path[0])
	if o == nil || !o.Exported() {
		return false
	}
	if len(path) == 1 {
		return true
	}
	if !ast.IsExported(path[1]) {
		return false
	}
	member, _, _ := types.LookupFieldOrMethod(o.Type(), true, p, path[1])
	return member != nil
}

func TestComparison(t *testing.T) {
	report(t, checkComparison(workspace(t)), documentsSection, "each row of "+comparison+" names in backquotes what there is here, by the folder of a package and an exported name in it, or gives a reason, which begins with none; "+
		"a name of others is once in its section, whose heading ends in the number of its rows")
}

func TestCheckComparison(t *testing.T) {
	for _, test := range []struct{ name, heading, row, complaint string }{
		{"a function", "Calls (1)", "| `x()` | `a.F` |", ""},
		{"a type", "Calls (1)", "| x | `a.T` and `a/sub.U` |", ""},
		{"a method", "Calls (1)", "| x | `a.T.M` |", ""},
		{"a field", "Calls (1)", "| x | `a.T.Field` |", ""},
		{"a method of an alias", "Calls (1)", "| x | `a.Alias.N` |", ""},
		{"a reason", "Calls (1)", "| x | none: it is slow |", ""},
		{"no table", "Calls", "text", ""},
		{"nothing", "Calls (1)", "| x | |", "leads to no name"},
		{"no package", "Calls (1)", "| x | `b.F` |", "no exported b.F"},
		{"no name", "Calls (1)", "| x | `a` |", "no exported a"},
		{"no such name", "Calls (1)", "| x | `a.G` |", "no exported a.G"},
		{"not exported", "Calls (1)", "| x | `a.f` |", "no exported a.f"},
		{"no such method", "Calls (1)", "| x | `a.T.N` |", "no exported a.T.N"},
		{"a method that is not exported", "Calls (1)", "| x | `a.T.m` |", "no exported a.T.m"},
		{"too deep", "Calls (1)", "| x | `a.T.M.N` |", "no exported a.T.M.N"},
		{"of a test", "Calls (1)", "| x | `a.Test` |", "no exported a.Test"},
		{"another number", "Calls (2)", "| x | `a.F` |", "has 1 rows"},
		{"no number", "Calls", "| x | `a.F` |", "has 1 rows"},
		{"rows but a number", "Calls (3)", "text", "has 0 rows"},
		{"twice", "Calls (2)", "| x | `a.F` |\n| x | `a.T` |", "x is there twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			requireComplaint(t, checkComparison(fixture(t, map[string]string{
				"a/go.mod":      "",
				"a/a.go":        "package a\n\nimport \"" + prefix + "a/sub\"\n\ntype T struct{ Field int }\n\nfunc (*T) M() {}\n\nfunc (T) m() {}\n\ntype Alias = sub.U\n\nfunc F() {}\n\nfunc f() {}\n",
				"a/a_test.go":   "package a\n\nfunc Test() {}\n",
				"a/sub/a.go":    "package sub\n\ntype U struct{}\n\nfunc (U) N() {}\n",
				"client/go.mod": "",
				comparison:      "# Coming\n\n## " + test.heading + "\n\n| there | here |\n|---|---|\n" + test.row + "\n",
			})), test.complaint)
		})
	}
	requireComplaint(t, checkComparison(fixture(t, nil)), "has no sections")
}
