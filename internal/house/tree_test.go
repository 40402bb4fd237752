package house

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// prefix is the part that all module paths of the workspace share.
const prefix = "github.com/shoal-bt/shoal/"

// A tree is what the checks read. Paths in it are slash-separated and start at
// the root of the workspace.
type tree struct {
	fsys    fs.FS
	fset    *token.FileSet
	modules []string // folders with a go.mod
	files   []goFile // all but those under testdata
	names   []string // every file
}

// A goFile is one parsed Go file.
type goFile struct {
	path   string
	module string // the folder of its module; empty outside all modules
	lines  int
	syntax *ast.File
}

func (f goFile) test() bool { return strings.HasSuffix(f.path, "_test.go") }

// load reads a tree without .git and bin, which git ignores.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{fsys: fsys, fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "bin"):
			return fs.SkipDir
		case !d.Type().IsRegular() || name == ".git": // a file in a linked work tree
			return nil
		}
		t.names = append(t.names, name)
		if path.Base(name) == "go.mod" && !underTestdata(name) {
			t.modules = append(t.modules, path.Dir(name))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(t.modules)
	for _, name := range t.names {
		if path.Ext(name) != ".go" || underTestdata(name) {
			continue
		}
		src, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since it was listed
		}
		if err != nil {
			return nil, err
		}
		syntax, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		t.files = append(t.files, goFile{name, t.moduleOf(name), strings.Count(string(src), "\n"), syntax})
	}
	return t, nil
}

// moduleOf returns the innermost module that holds name.
func (t *tree) moduleOf(name string) string {
	best := ""
	for _, m := range t.modules {
		if in(m, name) && len(m) > len(best) {
			best = m
		}
	}
	return best
}

// file returns the Go file of that name.
func (t *tree) file(name string) (goFile, bool) {
	i := slices.IndexFunc(t.files, func(f goFile) bool { return f.path == name })
	if i < 0 {
		return goFile{}, false
	}
	return t.files[i], true
}

// read returns the text of a file, empty if there is none.
func (t *tree) read(name string) string {
	b, err := fs.ReadFile(t.fsys, name)
	if err != nil {
		return ""
	}
	return string(b)
}

func underTestdata(name string) bool { return strings.Contains("/"+name, "/testdata/") }

// in reports whether the slash-separated name is folder, or is inside it.
func in(folder, name string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

// root returns the folder where the checks read the workspace. That is the link
// (see the package comment) where the system has symbolic links.
var root = sync.OnceValue(func() string {
	const link = "testdata/tree"
	if info, err := os.Stat(link); err == nil && info.IsDir() {
		return link
	}
	return "../.."
})

var loaded = sync.OnceValues(func() (*tree, error) { return load(os.DirFS(root())) })

// workspace returns the tree that this test belongs to.
func workspace(t *testing.T) *tree {
	t.Helper()
	w, err := loaded()
	require.NoError(t, err)
	require.NotEmpty(t, w.modules)
	return w
}

func TestLoad(t *testing.T) {
	w := fixture(t, map[string]string{
		"a/go.mod":             "module x/a\n",
		"a/a.go":               "package a\n",
		"a/b/go.mod":           "module x/a/b\n",
		"a/b/c/c_test.go":      "package c\n",
		"a/testdata/broken.go": "not Go",
		".git/x.go":            "not Go",
	})
	require.Equal(t, []string{"a", "a/b"}, w.modules)
	require.Len(t, w.files, 2)
	require.Equal(t, "a", w.files[0].module)
	require.False(t, w.files[0].test())
	require.Equal(t, "a/b", w.files[1].module)
	require.True(t, w.files[1].test())
	require.Contains(t, w.names, "a/testdata/broken.go")
}
