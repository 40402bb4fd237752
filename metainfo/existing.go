package metainfo

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shoal-bt/shoal/swarm"
)

// ExistingFiles is like Files, but for content that is already on disk. If the path of a
// file is without characters of its name in the torrent that this system could store, and
// exists reports that there is a file of that name, then the file has that name. exists
// gets paths in the form of File.Path. Such a file is safe to read, because its name was
// chosen before; do not make files by these names.
func (i *Info) ExistingFiles(exists func(path string) bool) []swarm.File {
	files := i.Files()
	c := systemCleaner()
	c.keepTurn = true
	taken := make(map[string]bool)
	moved := make(map[string]string)
	for n := range files {
		f := &files[n]
		own := i.ownPath(&i.Entries[n], c)
		if f.Pad || own == "" {
			continue
		}
		if len(taken) == 0 {
			for _, f := range files {
				taken[c.fold(f.Path)] = true
			}
		}
		if key := c.fold(own); !taken[key] && exists(own) {
			taken[key] = true
			moved[f.Path] = own
			f.Path = own
		}
	}
	for n := range files {
		if to, ok := moved[files[n].Symlink]; ok {
			files[n].Symlink = to
		}
	}
	return files
}

// ownPath returns the path of a file with the characters that File.Path does not have
// because they are dangerous, and "" if there are none.
func (i *Info) ownPath(f *File, c cleaner) string {
	names := append([]string{i.originalName}, f.Original...)
	if i.Single {
		names = names[:1]
	}
	turned := slices.ContainsFunc(names, func(s string) bool { return strings.IndexFunc(s, turnsText) >= 0 })
	legacy := slices.ContainsFunc(names, func(s string) bool { return !utf8.ValidString(s) })
	root := c.component(names[0])
	if !turned || legacy || root == "" {
		return ""
	}
	if i.Single {
		return root
	}
	return c.path(root, names[1:])
}
