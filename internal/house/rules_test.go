package house

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ruled are the packages whose comment must have a table of rules, so that a stranger
// finds the function that decides something without reading the package. Others may have
// one, which is checked as well.
var ruled = []string{"client", "engine", "protocol"}

// fewestRules is the number of rows that a table of rules has at least.
const fewestRules = 20

// A rule is a row of a table of rules.
type rule struct{ name, file, function string }

// gap separates the columns of a table of rules.
var gap = regexp.MustCompile(`\t+| {2,}`)

// parseRules reads the table of rules in a package comment: lines indented by a
// tab, of which the first is the header. Empty lines may separate groups of rows.
// It returns an error for a row without three columns.
func parseRules(comment string) (rules []rule, found bool, err error) {
	for line := range strings.Lines(comment) {
		line, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "\t")
		columns := gap.Split(strings.TrimSpace(line), -1)
		switch {
		case !found:
			found = indented && slices.Equal(columns, []string{"rule", "file", "function"})
		case line == "":
		case !indented:
			return rules, found, nil
		case len(columns) != 3:
			return nil, found, fmt.Errorf("the row %q has %d columns, want 3 with two spaces between them", strings.TrimSpace(line), len(columns))
		default:
			rules = append(rules, rule{columns[0], columns[1], columns[2]})
		}
	}
	return rules, found, nil
}

// checkRules complains about missing tables of rules, and about rows whose file
// or function does not exist.
func checkRules(w *tree) (complaints []string) {
	for _, folder := range ruled {
		if _, ok := w.file(folder + "/doc.go"); !ok {
			complaints = append(complaints, folder+"/doc.go: does not exist; it should have a table of rules")
		}
	}
	for _, f := range w.files {
		folder, name := path.Split(f.path)
		folder = path.Clean(folder)
		if name != "doc.go" {
			continue
		}
		bad := func(format string, args ...any) {
			complaints = append(complaints, f.path+": "+fmt.Sprintf(format, args...))
		}
		rules, found, err := parseRules(f.syntax.Doc.Text())
		mustHave := slices.Contains(ruled, folder)
		switch {
		case err != nil:
			bad("%s", err)
			continue
		case !found && mustHave:
			bad(`has no table of rules, which begins with "rule   file   function"`)
		case mustHave && len(rules) < fewestRules:
			bad("has %d rules, want at least %d", len(rules), fewestRules)
		}
		seen := map[string]bool{}
		for _, r := range rules {
			if seen[r.name] {
				bad("has the rule %q twice", r.name)
			}
			seen[r.name] = true
			switch in, ok := w.file(path.Join(folder, r.file)); {
			case !ok || in.module != f.module || in.test():
				bad("rule %q: there is no file %s", r.name, r.file)
			case !declares(in, r.function):
				bad("rule %q: %s has no function %s", r.name, r.file, r.function)
			}
		}
	}
	return complaints
}

// declares reports whether f declares the function, which is a name or, for a
// method, a type and a name.
func declares(f goFile, function string) bool {
	return slices.ContainsFunc(f.syntax.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && receiverPrefix(fn)+fn.Name.Name == function
	})
}

// receiverPrefix returns the type of the receiver with a dot behind it, without
// its pointer and type parameters. It is empty for a function.
func receiverPrefix(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	t := fn.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "."
		default:
			return ""
		}
	}
}

func TestRules(t *testing.T) {
	report(t, checkRules(workspace(t)), codeSection, fmt.Sprintf("doc.go of %s has a table of at least %d rows with the columns rule, file and function, "+
		"and each row of it and of such tables elsewhere names a function that exists; a function is a name such as newPeer, or a type and a method such as State.Apply", strings.Join(ruled, ", "), fewestRules))
}

func TestCheckRulesElsewhere(t *testing.T) {
	const table = "// Package y is.\n//\n//\trule      file   function\n//\tone rule  y.go   f\npackage y\n"
	files := map[string]string{"y/go.mod": "", "y/doc.go": table}
	complaints := checkRules(fixture(t, files))
	require.Contains(t, complaints, `y/doc.go: rule "one rule": there is no file y.go`)
	files["y/y.go"] = "package y\n\nfunc f() {}\n"
	require.Len(t, checkRules(fixture(t, files)), len(ruled), "only the tables that must be there are missing")
}

func TestCheckRules(t *testing.T) {
	doc := func(header string, rows ...string) string {
		for len(rows) < 20 {
			rows = append(rows, fmt.Sprintf("filler %d    x.go    f", len(rows)))
		}
		return "// Package x is.\n//\n//\t" + header + "\n//\t" + strings.Join(rows, "\n//\t") + "\n//\n// More.\npackage x\n"
	}
	const header = "rule             file     function"
	good := doc(header)
	for _, test := range []struct{ name, text, complaint string }{
		{"a function", doc(header, "what it does   x.go   f"), ""},
		{"a method", doc(header, "what it does   x.go   T.m"), ""},
		{"a method with a pointer", doc(header, "what it does   x.go   T.p"), ""},
		{"a method of a generic type", doc(header, "what it does   x.go   G.m"), ""},
		{"a method of a type with two parameters", doc(header, "what it does   x.go   H.m"), ""},
		{"tabs", doc("rule\tfile\tfunction", "what it does\tx.go\tf"), ""},
		{"a file of a room", doc(header, "what it does   internal/conns/c.go   g"), ""},
		{"no comment", "package x\n", "has no table of rules"},
		{"no table", "// Package x is.\npackage x\n", "has no table of rules"},
		{"a table that is not indented", strings.Replace(good, "\trule", " rule", 1), "has no table of rules"},
		{"another header", doc("rule   file   type"), "has no table of rules"},
		{"too few", doc(header)[:strings.Index(doc(header), "\n//\tfiller 19")] + "\npackage x\n", "has 19 rules"},
		{"groups", strings.Replace(good, "//\tfiller 3 ", "//\n//\tfiller 3 ", 1), ""},
		{"prose in it", strings.Replace(good, "//\tfiller 3 ", "//\n// And:\n//\n//\tfiller 3 ", 1), "has 3 rules"},
		{"no doc.go", "", "protocol/doc.go: does not exist"},
		{"twice", doc(header, "what it does   x.go   f", "what it does   x.go   T.m"), `"what it does" twice`},
		{"no such file", doc(header, "what it does   y.go   f"), "there is no file y.go"},
		{"a test", doc(header, "what it does   x_test.go   f"), "there is no file x_test.go"},
		{"a file of another module", doc(header, "what it does   ../engine/x.go   f"), "there is no file ../engine/x.go"},
		{"no such function", doc(header, "what it does   x.go   g"), "x.go has no function g"},
		{"a function of another file", doc(header, "what it does   doc.go   f"), "doc.go has no function f"},
		{"a method without its type", doc(header, "what it does   x.go   m"), "x.go has no function m"},
		{"a type", doc(header, "what it does   x.go   T"), "x.go has no function T"},
		{"two columns", doc(header, "what it does   x.go f"), "2 columns"},
		{"four columns", doc(header, "what it does   x.go   f   here"), "4 columns"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"protocol/internal/conns/c.go": "package conns\n\nfunc g() {}\n"}
			for _, m := range ruled {
				files[m+"/go.mod"] = ""
				files[m+"/x.go"] = "package x\n\nfunc f() {}\n\nfunc (T) m() {}\n\nfunc (*T) p() {}\n\nfunc (*G[K]) m() {}\n\nfunc (H[K, V]) m() {}\n"
				files[m+"/x_test.go"] = "package x\n\nfunc f() {}\n"
				files[m+"/doc.go"] = good
			}
			files["protocol/doc.go"] = test.text
			if test.text == "" {
				delete(files, "protocol/doc.go")
			}
			requireComplaint(t, checkRules(fixture(t, files)), test.complaint)
		})
	}
}
