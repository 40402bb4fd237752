package house

import (
	"errors"
	"go/ast"
	"go/types"
	"path"
	"regexp"
	"strings"
)

// A typedPackage is a package without its tests, with what go/types finds out
// about its names although no import is loaded: which are local, which belong to
// the package, and which are imports. Types from other packages are unknown.
type typedPackage struct {
	files []goFile
	types *types.Package
	info  *types.Info
}

// packages returns the files of each package of a module, by folder.
func (t *tree) packages(module string) map[string][]goFile {
	found := map[string][]goFile{}
	for _, f := range t.files {
		if f.module == module {
			found[path.Dir(f.path)] = append(found[path.Dir(f.path)], f)
		}
	}
	return found
}

// resolve looks up the names in the files that are not tests. It is nil if there
// are no such files.
func (t *tree) resolve(files []goFile) *typedPackage {
	p := &typedPackage{info: &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	var parsed []*ast.File
	for _, f := range files {
		if !f.test() {
			p.files = append(p.files, f)
			parsed = append(parsed, f.syntax)
		}
	}
	if len(parsed) == 0 {
		return nil
	}
	config := types.Config{Importer: noImports{}, Error: func(error) {}} // every import is an error
	p.types, _ = config.Check(path.Dir(p.files[0].path), t.fset, parsed, p.info)
	return p
}

// imported returns the path of the package that x names, or "".
func (p *typedPackage) imported(x ast.Expr) string {
	id, ok := x.(*ast.Ident)
	if !ok {
		return ""
	}
	name, ok := p.info.Uses[id].(*types.PkgName)
	if !ok {
		return ""
	}
	return name.Imported().Path()
}

// noImports is an importer that knows the names of packages and nothing in them.
type noImports struct{}

var majorVersion = regexp.MustCompile(`/v\d+$`)

func (noImports) Import(importPath string) (*types.Package, error) {
	name := path.Base(majorVersion.ReplaceAllString(importPath, ""))
	return types.NewPackage(importPath, strings.ReplaceAll(name, "-", "_")), errors.New("not loaded")
}
