package metainfo

import (
	"fmt"
	"strconv"
	"strings"
)

// fold maps paths to the same string if a file system that ignores case may
// take them for one.
func fold(s string) string { return strings.ToLower(strings.ToUpper(s)) }

// distinct gives files whose paths collide, with each other or with a folder,
// a number before their extension. Folders keep their names, and of several
// files the first does, so that the outcome depends on nothing but the torrent.
func distinct(files []File) error {
	folders := make(map[string]bool)
	for i := range files {
		if files[i].Pad {
			continue
		}
		// Folding goes character by character, so the start of a folded path
		// is the folded start.
		key := fold(files[i].Path)
		for slash := strings.LastIndexByte(key, '/'); slash >= 0; slash = strings.LastIndexByte(key, '/') {
			key = key[:slash]
			if folders[key] {
				break // and so are its parents
			}
			folders[key] = true
		}
	}
	taken := make(map[string]bool, len(files))
	free := func(p string) bool {
		key := fold(p)
		return !taken[key] && !folders[key]
	}
	renamed := 0
	tried := make(map[string]int) // the last number given to a path, so that no chain is walked twice
	for i := range files {
		f := &files[i]
		if f.Pad {
			continue
		}
		if !free(f.Path) {
			if renamed++; renamed > maxDuplicates {
				return fmt.Errorf("file %d: more than %d paths are taken twice", i, maxDuplicates)
			}
			key := fold(f.Path)
			n := tried[key] + 1
			for !free(numbered(f.Path, n)) {
				n++
			}
			tried[key] = n
			f.Path = numbered(f.Path, n)
		}
		taken[fold(f.Path)] = true
	}
	return nil
}

// numbered puts a number before the extension of a path.
func numbered(p string, n int) string {
	dir, name := "", p
	if slash := strings.LastIndexByte(p, '/'); slash >= 0 {
		dir, name = p[:slash+1], p[slash+1:]
	}
	stem, ext := splitExt(name)
	mark := "." + strconv.Itoa(n)
	return dir + cutRunes(stem, maxName-len(mark)-len(ext)) + mark + ext
}
