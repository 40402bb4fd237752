package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/metainfo"
)

// seedHint returns the command that shares what a torrent was made of, and "" if there is
// none. A torrent in a file finds content that has its name; other content, such as that
// behind a symlink of another name, is named itself, with the same flags.
func (cmd createCommand) seedHint(t *metainfo.Torrent, output string) string {
	command := shell.Program() + " seed "
	if dir, ok := contentFolder(t, cmd.Path); ok {
		return command + shell.Path(output) + " --dir " + shell.Path(dir)
	}
	if isTorrent(cmd.Path) && t.Info.Single {
		return "" // seed would read it
	}
	command += shell.Path(cmd.Path)
	for _, flag := range append(cmd.flagsFor(t.Info), "--output="+output) {
		command += " " + shell.Quote(flag)
	}
	return command
}

// contentFolder returns the folder in which the files of a torrent are where the torrent
// says, if there is one. Symlinks do not count, because files are never written through
// them.
func contentFolder(t *metainfo.Torrent, path string) (dir string, ok bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	dirs := []string{filepath.Dir(abs)}
	// The name that the user gave is shorter, but says nothing of the name of "..".
	if clean := filepath.Clean(path); filepath.IsLocal(clean) && clean != "." {
		dirs[0] = filepath.Dir(clean)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		dirs = append(dirs, filepath.Dir(real))
	}
	for _, dir := range dirs {
		if hasContent(dir, t, path) {
			return dir, true
		}
	}
	return "", false
}

// hasContent reports whether the content at path is that of the torrent in a folder.
func hasContent(dir string, t *metainfo.Torrent, path string) bool {
	content, err := os.Stat(path)
	if err != nil {
		return false
	}
	exists := func(path string) bool {
		_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(path)))
		return err == nil
	}
	for n, f := range t.Info.ExistingFiles(exists) {
		if f.Pad {
			continue
		}
		root, rest, nested := strings.Cut(f.Path, "/")
		_, builtFrom, _ := strings.Cut(t.BuiltFrom[n].Path, "/")
		found, err := os.Lstat(filepath.Join(dir, root))
		if err != nil || !os.SameFile(found, content) || (nested && rest != builtFrom) {
			return false
		}
	}
	return true
}

// flagsFor returns the flags that make the same torrent again.
func (f buildFlags) flagsFor(info *metainfo.Info) (flags []string) {
	each := func(name string, values ...string) {
		for _, value := range values {
			if value != "" {
				flags = append(flags, "--"+name+"="+value)
			}
		}
	}
	each("name", info.Name)
	each("format", strings.Replace(f.Format, "v1", "", 1))
	each("piece-length", strconv.FormatInt(info.PieceLength, 10))
	each("announce", f.Announce...)
	each("comment", f.Comment)
	if f.CreatedBy != "shoal "+version {
		flags = append(flags, "--created-by="+f.CreatedBy)
	}
	each("source", f.Source)
	each("web-seed", f.WebSeed...)
	each("node", f.Node...)
	each("exclude", f.Exclude...)
	for _, flag := range []struct {
		name string
		set  bool
	}{{"--private", f.Private}, {"--no-date", f.NoDate}, {"--no-hidden", f.NoHidden}} {
		if flag.set {
			flags = append(flags, flag.name)
		}
	}
	return slices.Clip(flags)
}
