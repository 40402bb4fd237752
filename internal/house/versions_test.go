package house

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A version names one version of a module.
type version struct{ Path, Version string }

// A modFile is what go mod edit and go work edit say of a go.mod or go.work.
type modFile struct {
	Go      string
	Module  struct{ Path string }
	Require []version
	Use     []struct{ DiskPath string }
	Replace []struct{ Old, New version }
}

// readMod reads the go.mod of the given folder.
func readMod(t *testing.T, folder string) (m modFile) {
	t.Helper()
	edit(t, &m, "mod", filepath.Join(folder, "go.mod"))
	return m
}

// readWork reads the go.work of the given folder.
func readWork(t *testing.T, folder string) (m modFile) {
	t.Helper()
	edit(t, &m, "work", filepath.Join(folder, "go.work"))
	return m
}

func edit(t *testing.T, m *modFile, kind, file string) {
	t.Helper()
	out, err := exec.Command("go", kind, "edit", "-json", file).Output()
	require.NoError(t, err, file)
	require.NoError(t, json.Unmarshal(out, m), file)
}

// checkVersions complains about siblings that are not required as they will be
// published, which is at a version that only go.work maps to the tree.
// mods holds the go.mod of each folder.
func checkVersions(work modFile, mods map[string]modFile) (complaints []string) {
	bad := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	replaced := map[version]string{}
	for _, r := range work.Replace {
		replaced[r.Old] = r.New.Path
	}
	var used []string
	for _, u := range work.Use {
		used = append(used, strings.TrimPrefix(u.DiskPath, "./"))
	}
	for folder, m := range mods {
		if !slices.Contains(used, folder) {
			bad("go.work: does not use %s", folder)
		}
		if m.Go != work.Go {
			bad("%s/go.mod: go %s, but go.work says %s", folder, m.Go, work.Go)
		}
		if m.Module.Path != prefix+folder {
			bad("%s/go.mod: module is %s, want %s", folder, m.Module.Path, prefix+folder)
		}
		for _, r := range m.Replace {
			bad("%s/go.mod: replaces %s: nobody could install it", folder, r.Old.Path)
		}
		for _, r := range m.Require {
			sibling, ours := strings.CutPrefix(r.Path, prefix)
			switch {
			case !ours && folder == "swarm":
				bad("swarm/go.mod: requires %s, but swarm is standard library only", r.Path)
			case !ours:
			case strings.HasPrefix(r.Version, "v0.0.0"):
				bad("%s/go.mod: requires %s at %s, which will never be published", folder, sibling, r.Version)
			case replaced[r] != "./"+sibling:
				bad("%s/go.mod: requires %s at %s, which go.work does not map to ./%s", folder, sibling, r.Version, sibling)
			}
		}
	}
	slices.Sort(complaints)
	return complaints
}

// checkRequires complains about imports whose module the importer's go.mod does not
// require. The workspace hides that; an outsider cannot build it.
func checkRequires(w *tree, mods map[string]modFile) (complaints []string) {
	for _, f := range w.files {
		for _, spec := range f.syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			if err != nil || !strings.Contains(first, ".") || in(prefix+f.module, path) {
				continue
			}
			if !slices.ContainsFunc(mods[f.module].Require, func(r version) bool { return in(r.Path, path) }) {
				complaints = append(complaints, fmt.Sprintf("%s imports %s, which %s/go.mod does not require", f.path, path, f.module))
			}
		}
	}
	return complaints
}

// readMods reads the go.mod of every module of the workspace.
func readMods(t *testing.T, w *tree) map[string]modFile {
	t.Helper()
	mods := map[string]modFile{}
	for _, folder := range w.modules {
		mods[folder] = readMod(t, filepath.Join(root(), filepath.FromSlash(folder)))
	}
	return mods
}

func TestSiblingsAreVersioned(t *testing.T) {
	report(t, checkVersions(readWork(t, root()), readMods(t, workspace(t))), versionsSection, "a go.mod has no replace and requires a sibling at its next version, "+
		"such as v0.1.0, which a line of go.work maps to its folder: replace "+prefix+"swarm v0.1.0 => ./swarm")
}

func TestImportsAreRequired(t *testing.T) {
	w := workspace(t)
	report(t, checkRequires(w, readMods(t, w)), versionsSection, "a go.mod requires each module that the code imports. Add it by go mod edit -require, then run scripts/tidy")
}

func TestCheckVersions(t *testing.T) {
	const lib = "module " + prefix + "lib\n\ngo 1.26.0\n"
	const app = "module " + prefix + "app\n\ngo 1.26.0\n\nrequire " + prefix + "lib v0.1.0\n"
	const work = "go 1.26.0\n\nuse (\n\t./app\n\t./lib\n)\n\nreplace " + prefix + "lib v0.1.0 => ./lib\n"
	for _, test := range []struct{ name, lib, app, work, complaint string }{
		{"good", lib, app, work, ""},
		{"unpublished", lib, strings.Replace(app, "v0.1.0", "v0.0.0", 1), work, "never be published"},
		{"other version", lib, strings.Replace(app, "v0.1.0", "v0.2.0", 1), work, "does not map"},
		{"no line in go.work", lib, app, work[:strings.Index(work, "replace")], "does not map"},
		{"mapped elsewhere", lib, app, strings.Replace(work, "=> ./lib", "=> ./app", 1), "does not map"},
		{"replace in go.mod", lib, app + "\nreplace " + prefix + "lib => ../lib\n", work, "nobody could install it"},
		{"unused", lib, app, strings.Replace(work, "\t./lib\n", "", 1), "does not use lib"},
		{"older go", strings.Replace(lib, "1.26.0", "1.25.0", 1), app, work, "go 1.25.0"},
		{"other path", strings.Replace(lib, prefix+"lib", prefix+"other", 1), app, work, "module is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"lib/go.mod": test.lib, "app/go.mod": test.app, "go.work": test.work} {
				name = filepath.Join(dir, filepath.FromSlash(name))
				require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
				require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
			}
			got := checkVersions(readWork(t, dir), map[string]modFile{
				"app": readMod(t, filepath.Join(dir, "app")),
				"lib": readMod(t, filepath.Join(dir, "lib")),
			})
			requireComplaint(t, got, test.complaint)
		})
	}
}

func TestCheckRequires(t *testing.T) {
	w := fixture(t, map[string]string{
		"a/go.mod": "",
		"a/a.go":   "package a\n\nimport (\n\t_ \"fmt\"\n\t_ \"example.com/lib/sub\"\n\t_ \"" + prefix + "a/sub\"\n)\n",
	})
	require.Empty(t, checkRequires(w, map[string]modFile{"a": {Require: []version{{"example.com/lib", "v1.0.0"}}}}))
	requireComplaint(t, checkRequires(w, map[string]modFile{"a": {Require: []version{{"example.com/li", "v1.0.0"}}}}), "does not require")
}
