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
// about its names: which are local, which belong to the package, and which are
// imports. Types from packages outside the workspace are unknown.
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
	p.types = siblings{t, map[string]*types.Package{}}.check(path.Dir(p.files[0].path), parsed, p.info)
	return p
}

// isChannel reports whether x is a channel. It does not know those whose type is from
// outside the workspace.
func (p *typedPackage) isChannel(x ast.Expr) bool {
	known := p.info.Types[x].Type
	if known == nil {
		return false
	}
	_, ok := known.Underlying().(*types.Chan)
	return ok
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

// siblings is an importer that reads the packages of the workspace. Of others it knows
// the name and nothing in them.
type siblings struct {
	tree   *tree
	loaded map[string]*types.Package // by folder; nil while a package is being read
}

var majorVersion = regexp.MustCompile(`/v\d+$`)

func (s siblings) Import(importPath string) (*types.Package, error) {
	folder, ours := strings.CutPrefix(importPath, prefix)
	var parsed []*ast.File
	if ours {
		for _, f := range s.tree.packages(s.tree.moduleOf(folder))[folder] {
			if !f.test() {
				parsed = append(parsed, f.syntax)
			}
		}
	}
	known, begun := s.loaded[folder]
	if len(parsed) == 0 || (begun && known == nil) {
		name := path.Base(majorVersion.ReplaceAllString(importPath, ""))
		return types.NewPackage(importPath, strings.ReplaceAll(name, "-", "_")), errors.New("not loaded")
	}
	if !begun {
		s.loaded[folder] = nil
		s.loaded[folder] = s.check(folder, parsed, nil)
	}
	return s.loaded[folder], nil
}

// check finds out what it can about the files of a package. Every import from outside the
// workspace is an error, and so is what follows from it, so errors are ignored.
func (s siblings) check(folder string, files []*ast.File, info *types.Info) *types.Package {
	config := types.Config{Importer: s, Error: func(error) {}}
	p, _ := config.Check(prefix+folder, s.tree.fset, files, info)
	return p
}
