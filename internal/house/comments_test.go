package house

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// checkComments complains about exported names without a comment. Error and Unwrap
// need none: every reader knows what they do.
func checkComments(w *tree) (complaints []string) {
	for _, f := range w.files {
		if f.test() {
			continue
		}
		for i, d := range f.syntax.Decls {
			if i > 0 && w.sameRun(f.syntax.Decls[i-1], d) {
				continue // the comment above the first method covers the run
			}
			for _, name := range uncommented(d) {
				complaints = append(complaints, fmt.Sprintf("%s: %s has no comment", f.path, name))
			}
			for _, name := range commentedByGroup(d) {
				complaints = append(complaints, fmt.Sprintf("%s: %s has no comment of its own, so go doc shows that of its group", f.path, name))
			}
		}
	}
	return complaints
}

// uncommented returns the exported names that d declares without a comment. In a
// group the comment may be above the group, above the name or beside it.
func uncommented(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		wellKnown := d.Recv != nil && (d.Name.Name == "Error" || d.Name.Name == "Unwrap")
		if d.Name.IsExported() && !wellKnown && receiverExported(d) && empty(d.Doc) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && empty(d.Doc) && empty(s.Doc) && empty(s.Comment) {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() && empty(d.Doc) && empty(s.Doc) && empty(s.Comment) {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// commentedByGroup returns the exported types that d declares in a group with a comment
// and that have none of their own.
func commentedByGroup(d ast.Decl) (names []string) {
	g, ok := d.(*ast.GenDecl)
	if !ok || !g.Lparen.IsValid() || empty(g.Doc) {
		return nil
	}
	for _, spec := range g.Specs {
		s, ok := spec.(*ast.TypeSpec)
		if ok && s.Name.IsExported() && empty(s.Doc) && empty(s.Comment) {
			names = append(names, s.Name.Name)
		}
	}
	return names
}

// sameRun reports whether two declarations are methods with the same name on
// consecutive lines. Such a run shares the comment above it.
func (t *tree) sameRun(a, b ast.Decl) bool {
	f, ok := a.(*ast.FuncDecl)
	g, ok2 := b.(*ast.FuncDecl)
	return ok && ok2 && f.Recv != nil && g.Recv != nil && f.Name.Name == g.Name.Name && g.Doc == nil &&
		t.fset.Position(f.End()).Line+1 == t.fset.Position(g.Pos()).Line
}

// receiverExported reports whether fn is a function or a method of an exported
// type.
func receiverExported(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(fn.Recv.List[0].Type, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			exported = exported || n.IsExported()
		case *ast.IndexExpr:
			ast.Inspect(n.X, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				exported = exported || (ok && id.IsExported())
				return true
			})
			return false // its type parameter is not the receiver
		}
		return true
	})
	return exported
}

func empty(g *ast.CommentGroup) bool { return g == nil || strings.TrimSpace(g.Text()) == "" }

func TestExportedNamesHaveComments(t *testing.T) {
	report(t, checkComments(workspace(t)), codeSection, "every exported name has a comment above it or beside it, but for Error and Unwrap; "+
		"a comment above a group is enough for its constants and variables, and one above a run of methods for all of them")
}

func TestCheckComments(t *testing.T) {
	for _, test := range []struct{ name, text, complaint string }{
		{"function", "func F() {}", "F has no comment"},
		{"function with one", "// F is.\nfunc F() {}", ""},
		{"directive only", "//go:noinline\nfunc F() {}", "F has no comment"},
		{"unexported", "func f() {}", ""},
		{"method", "// T is.\ntype T int\n\nfunc (t *T) M() {}", "M has no comment"},
		{"method of a generic type", "// T is.\ntype T[K any] int\n\nfunc (t *T[K]) M() {}", "M has no comment"},
		{"method of an unexported type", "type t int\n\nfunc (t t) M() {}", ""},
		{"method of an unexported generic type", "type t[K any] int\n\nfunc (t t[K]) M() {}", ""},
		{"well known", "func (E) Error() string { return \"\" }", ""},
		{"of that name only", "func Error() {}", "Error has no comment"},
		{"run of methods", "// M is.\nfunc (T) M() {}\nfunc (U) M() {}", ""},
		{"run of methods without", "func (T) M() {}\nfunc (U) M() {}", "M has no comment"},
		{"broken run", "// M is.\nfunc (T) M() {}\n\nfunc (U) M() {}", "M has no comment"},
		{"two methods", "// M is.\nfunc (T) M() {}\nfunc (T) N() {}", "N has no comment"},
		{"type", "type T int", "T has no comment"},
		{"constant", "const C = 1", "C has no comment"},
		{"group", "// Limits.\nconst (\n\tC = 1\n\tD = 2\n)", ""},
		{"name in a group", "const (\n\t// C is.\n\tC = 1\n\tD = 2\n)", "D has no comment"},
		{"group of types", "// Kinds.\ntype (\n\t// T is.\n\tT int\n\n\tt int\n)", ""},
		{"type in a group", "// Kinds.\ntype (\n\t// T is.\n\tT int\n\tU int\n)", "U has no comment of its own"},
		{"beside", "var (\n\tV int // is\n)", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			requireComplaint(t, checkComments(fixture(t, map[string]string{"a/go.mod": "", "a/a.go": "package a\n\n" + test.text + "\n"})), test.complaint)
		})
	}
}
