package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"testing"
)

// statefulImports are allowed packages whose values exist to be changed.
var statefulImports = []string{"math/rand/v2", "sync", "sync/atomic"}

// writableGlobals complains about variables of a package that are written, or
// that hold state by their kind. Errors, tables and other values that are set
// where they are declared are allowed. It does not see writes through a pointer
// that the variable holds.
func (t *tree) writableGlobals(p *typedPackage) (complaints []string) {
	bad := func(n ast.Node, format string, args ...any) {
		at := t.fset.Position(n.Pos())
		complaints = append(complaints, fmt.Sprintf("%s:%d ", at.Filename, at.Line)+fmt.Sprintf(format, args...)+", but pure code has no global state")
	}
	for _, f := range p.files {
		for _, d := range f.syntax.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR {
				continue
			}
			for _, s := range group.Specs {
				spec := s.(*ast.ValueSpec)
				if why := p.stateful(spec); why != "" {
					bad(spec, "declares %s %s", spec.Names[0].Name, why)
				}
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			for _, target := range p.written(n) {
				if id := p.global(target); id != nil {
					bad(n, "writes %s", id.Name)
				}
			}
			return true
		})
	}
	return complaints
}

// stateful says why the declared variables can only be meant to change, or "".
func (p *typedPackage) stateful(spec *ast.ValueSpec) (why string) {
	if !slices.ContainsFunc(spec.Names, func(id *ast.Ident) bool { return id.Name != "_" }) {
		return ""
	}
	if len(spec.Values) == 0 && !p.isArray(spec.Names[0]) {
		return "without a value"
	}
	ast.Inspect(spec, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.SelectorExpr:
			if slices.Contains(statefulImports, p.imported(n.X)) {
				why = "with state from " + p.imported(n.X)
			}
		}
		return true
	})
	for i, value := range spec.Values {
		if call, ok := ast.Unparen(value).(*ast.CallExpr); ok && why == "" && !p.harmless(call, spec.Names[i]) {
			why = "as the result of a function"
		}
	}
	return why
}

// harmless reports whether the result of call may stand in a variable of the
// package: a conversion, an array, or what another package made, such as an error.
func (p *typedPackage) harmless(call *ast.CallExpr, id *ast.Ident) bool {
	if p.info.Types[call.Fun].IsType() || p.isArray(id) {
		return true
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && p.imported(sel.X) != ""
}

// isArray reports whether the variable is an array: a table, even if it has no
// value or a function computes it.
func (p *typedPackage) isArray(id *ast.Ident) bool {
	v, ok := p.info.Defs[id].(*types.Var)
	if !ok {
		return false
	}
	_, ok = v.Type().Underlying().(*types.Array)
	return ok
}

// written returns what the statement or expression n changes, or lets others
// change by taking its address.
func (p *typedPackage) written(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		return n.Lhs
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		return []ast.Expr{n.Key, n.Value}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"clear", "copy", "delete"}, id.Name) {
			return n.Args[:1]
		}
	case *ast.SelectorExpr:
		if p.takesAddress(n) {
			return []ast.Expr{n.X}
		}
	}
	return nil
}

// takesAddress reports whether sel is a method with a pointer receiver on a value.
func (p *typedPackage) takesAddress(sel *ast.SelectorExpr) bool {
	s := p.info.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal || s.Indirect() {
		return false
	}
	_, value := s.Recv().Underlying().(*types.Pointer)
	_, method := s.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
	return method && !value
}

// global returns the variable of the package that the expression is, or is a
// part of; nil if it is none.
func (p *typedPackage) global(x ast.Expr) *ast.Ident {
	for {
		switch e := ast.Unparen(x).(type) {
		case *ast.IndexExpr:
			x = e.X
		case *ast.SelectorExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.Ident:
			v, ok := p.info.Uses[e].(*types.Var)
			if ok && v.Parent() == p.types.Scope() {
				return e
			}
			return nil
		default:
			return nil
		}
	}
}

func TestCheckGlobals(t *testing.T) {
	for _, test := range []struct{ name, text, complaint string }{
		{"an error", `var ErrFull = errors.New("full")`, ""},
		{"a table", `var waits = [...]int{1, 2}`, ""},
		{"a table to be computed", `var table = compute()` + "\n\nfunc compute() (t [256]byte) { return t }", ""},
		{"zeros", `var zeros [16]byte`, ""},
		{"names", `var names = map[int]string{1: "one"}`, ""},
		{"a prefix", `var local = netip.MustParsePrefix("10.0.0.0/8")`, ""},
		{"an interface that is satisfied", "type t struct{}\n\nvar _ error = (*t)(nil)", ""},
		{"a conversion", "type t int\n\nvar x = t(1)", ""},
		{"a shared empty value", "type set struct{ n int }\n\nvar none = &set{}\n\nfunc (s *set) len() int { return s.n }\n\nfunc f() int { return none.len() }", ""},
		{"a local of that name", "var x = 1\n\nfunc f() { x := 2; x++; _ = x }", ""},
		{"a field of that name", "var x = 1\n\nfunc f(s *struct{ x int }) { s.x++ }", ""},
		{"no value", `var count int`, "declares count without a value"},
		{"a lock", `var mu = sync.Mutex{}`, "with state from sync"},
		{"a counter", `var n = new(atomic.Int64)`, "with state from sync/atomic"},
		{"a random source", `var r = rand.New(rand.NewPCG(1, 2))`, "with state from math/rand/v2"},
		{"a constructor", "type pool struct{}\n\nvar all = newPool()\n\nfunc newPool() *pool { return nil }", "as the result of a function"},
		{"an assignment", "var x = 1\n\nfunc f() { x = 2 }", "writes x"},
		{"an increment", "var x = 1\n\nfunc f() { x++ }", "writes x"},
		{"an element", "var x = []int{1}\n\nfunc f() { x[0] = 2 }", "writes x"},
		{"a field", "var x = struct{ y []int }{}\n\nfunc f() { x.y[1] += 2 }", "writes x"},
		{"a deletion", "var x = map[int]int{}\n\nfunc f() { delete(x, 1) }", "writes x"},
		{"an address", "var x = 1\n\nfunc f() *int { return &x }", "writes x"},
		{"a loop", "var x = 1\n\nfunc f() { for x = range 3 { } }", "writes x"},
		{"a method with a pointer", "type t struct{ n int }\n\nvar x = t{}\n\nfunc (t *t) add() { t.n++ }\n\nfunc f() { x.add() }", "writes x"},
		{"a slice of an array", "var x [4]byte\n\nfunc f(b []byte) { copy(x[:], b) }", "writes x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			const imports = "import (\n\t\"errors\"\n\t\"math/rand/v2\"\n\t\"net/netip\"\n\t\"sync\"\n\t\"sync/atomic\"\n)\n\n"
			got := checkPurity(fixture(t, map[string]string{
				"protocol/go.mod":      "",
				"protocol/budget/b.go": "package b\n\n" + imports + test.text + "\n",
			}))
			requireComplaint(t, got, test.complaint)
		})
	}
}
