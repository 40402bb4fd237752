package main

import (
	"archive/zip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gitFolder writes files below a new folder under git, and returns the folder.
func gitFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		if _, err := run(dir, "git", args...); err != nil {
			t.Skip("needs git:", err)
		}
	}
	return dir
}

func TestPack(t *testing.T) {
	dir := gitFolder(t, map[string]string{
		"go.mod":          "module example.com/Own/a\n",
		"a.go":            "package a\n",
		"sub/b.go":        "package sub\n",
		"inner/go.mod":    "module example.com/Own/a/inner\n",
		"inner/c.go":      "package inner\n",
		"gone.go":         "package a\n",
		"testdata/x":      "data",
		"testdata/.dotty": "data",
	})
	require.NoError(t, os.Remove(filepath.Join(dir, "gone.go")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "untracked.go"), []byte("package a\n"), 0o644))

	folder := t.TempDir()
	name, err := module{path: "example.com/Own/a", dir: dir, version: "v0.2.0"}.pack(folder)
	require.NoError(t, err)
	at := filepath.Join(folder, "example.com", "!own", "a", "@v")
	require.Equal(t, filepath.Join(at, "v0.2.0.zip"), name)

	list, err := os.ReadFile(filepath.Join(at, "list"))
	require.NoError(t, err)
	require.Equal(t, "v0.2.0\n", string(list))
	mod, err := os.ReadFile(filepath.Join(at, "v0.2.0.mod"))
	require.NoError(t, err)
	require.Equal(t, "module example.com/Own/a\n", string(mod))
	var info struct {
		Version string
		Time    time.Time
	}
	text, err := os.ReadFile(filepath.Join(at, "v0.2.0.info"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &info))
	require.Equal(t, "v0.2.0", info.Version)

	z, err := zip.OpenReader(name)
	require.NoError(t, err)
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	const prefix = "example.com/Own/a@v0.2.0/"
	require.ElementsMatch(t, []string{prefix + "go.mod", prefix + "a.go", prefix + "sub/b.go", prefix + "testdata/x", prefix + "testdata/.dotty"}, names)
}

func TestSorted(t *testing.T) {
	order, err := sorted([]module{{path: "c", needs: []string{"b", "a", "other"}}, {path: "b", needs: []string{"a"}}, {path: "a"}})
	require.NoError(t, err)
	var paths []string
	for _, m := range order {
		paths = append(paths, m.path)
	}
	require.Equal(t, []string{"a", "b", "c"}, paths)

	_, err = sorted([]module{{path: "a", needs: []string{"b"}}, {path: "b", needs: []string{"a"}}})
	require.Error(t, err)
}

func TestNextVersion(t *testing.T) {
	name := filepath.Join(t.TempDir(), "CHANGELOG.md")
	require.NoError(t, os.WriteFile(name, []byte("# Changelog\n\n## v0.2.0, unreleased\n\n## v0.1.0\n"), 0o644))
	version, err := nextVersion(name)
	require.NoError(t, err)
	require.Equal(t, "v0.2.0", version)

	require.NoError(t, os.WriteFile(name, []byte("# Changelog\n"), 0o644))
	_, err = nextVersion(name)
	require.ErrorContains(t, err, "names no version")
}
