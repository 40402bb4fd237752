package metainfo

import (
	"fmt"
	"strconv"
	"strings"
)

// fold returns the same string for paths that a file system without case may take for
// the same.
func fold(s string) string { return strings.ToLower(strings.ToUpper(s)) }

// distinct puts a number before the extension of each file whose path collides with
// another file or with a folder. Folders keep their names, and so does the first of
// several files, so the result depends on the torrent alone.
func distinct(files []File) error {
	folders := make(map[string]bool)
	for i := range files {
		if files[i].Pad {
			continue
		}
		// fold works character by character, so a prefix of a folded path is the
		// folded prefix.
		key := fold(files[i].Path)
		for slash := strings.LastIndexByte(key, '/'); slash >= 0; slash = strings.LastIndexByte(key, '/') {
			key = key[:slash]
			if folders[key] {
				break // its parents are there too
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
	tried := make(map[string]int) // the last number given to a path, where the search continues
	for i := range files {
		f := &files[i]
		if f.Pad {
			continue
		}
		if !free(f.Path) {
			renamed++
			if renamed > maxDuplicates {
				return fmt.Errorf("file %d: more than %d paths collide with others", i, maxDuplicates)
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
