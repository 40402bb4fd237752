package main

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// pack writes the four files that a proxy serves for m below folder, and returns
// the name of the zip. See https://go.dev/ref/mod#goproxy-protocol.
func (m module) pack(folder string) (string, error) {
	at := filepath.Join(folder, filepath.FromSlash(escape(m.path)), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return "", err
	}
	mod, err := os.ReadFile(filepath.Join(m.dir, "go.mod"))
	if err != nil {
		return "", err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{m.version, time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return "", err
	}
	files, err := m.files()
	if err != nil {
		return "", err
	}
	name := filepath.Join(at, m.version)
	return name + ".zip", errors.Join(
		os.WriteFile(filepath.Join(at, "list"), []byte(m.version+"\n"), 0o644),
		os.WriteFile(name+".mod", mod, 0o644),
		os.WriteFile(name+".info", info, 0o644),
		writeZip(name+".zip", m.path+"@"+m.version+"/", m.dir, files),
	)
}

// files returns the regular files of m that git tracks, without those of modules
// inside m. Names are slash-separated and start at the module.
func (m module) files() ([]string, error) {
	out, err := run(m.dir, "git", "ls-files", "-z", ".")
	if err != nil {
		return nil, err
	}
	var names, inner []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		info, err := os.Lstat(filepath.Join(m.dir, filepath.FromSlash(name)))
		if name == "" || errors.Is(err, fs.ErrNotExist) {
			continue // tracked, and deleted in the working tree
		}
		if err != nil {
			return nil, err
		}
		if dir, base := path.Split(name); base == "go.mod" && dir != "" {
			inner = append(inner, dir)
		}
		if info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	var own []string
	for _, name := range names {
		outside := false
		for _, dir := range inner {
			outside = outside || strings.HasPrefix(name, dir)
		}
		if !outside {
			own = append(own, name)
		}
	}
	return own, nil
}

// writeZip writes a zip of the named files of dir, each under prefix.
func writeZip(name, prefix, dir string, files []string) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	for _, file := range files {
		if err := addFile(z, prefix+file, filepath.Join(dir, filepath.FromSlash(file))); err != nil {
			return err
		}
	}
	return z.Close()
}

// addFile adds the file at source to z as name.
func addFile(z *zip.Writer, name, source string) error {
	src, err := os.Open(source)
	if err != nil {
		return err
	}
	defer src.Close()
	w, err := z.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, src)
	return err
}

// escape writes a module path as proxies do: an exclamation mark and the lower
// case for each capital letter.
func escape(path string) string {
	var b strings.Builder
	for _, r := range path {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
