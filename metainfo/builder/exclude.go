package builder

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// An exclusion says which files and folders are left out.
type exclusion struct {
	patterns []string
	noHidden bool
	report   func(path string)
}

// exclusion returns what the options exclude, and an error for a malformed pattern.
func (o Options) exclusion() (exclusion, error) {
	for _, pattern := range o.Exclude {
		if _, err := path.Match(pattern, ""); err != nil || strings.Trim(pattern, "/") == "" {
			return exclusion{}, fmt.Errorf("%q is not a pattern of names, such as *.tmp or sample/*", pattern)
		}
	}
	e := exclusion{patterns: o.Exclude, noHidden: o.NoHidden, report: o.Excluded}
	if e.report == nil {
		e.report = func(string) {}
	}
	return e, nil
}

// exception says in an error about a folder without files that some were left out.
func (e exclusion) exception() string {
	if e.noHidden || len(e.patterns) > 0 {
		return " except those that are left out"
	}
	return ""
}

// matches reports whether the entry at rel is left out.
func (e exclusion) matches(rel string, entry fs.DirEntry) bool {
	name := entry.Name()
	if e.noHidden && (strings.HasPrefix(name, ".") || isSystemFile(name)) {
		return true
	}
	for _, pattern := range e.patterns {
		pattern, foldersOnly := strings.CutSuffix(pattern, "/")
		if foldersOnly && !entry.IsDir() {
			continue
		}
		target := name
		if strings.Contains(pattern, "/") {
			target, pattern = rel, strings.TrimPrefix(pattern, "/")
		}
		if ok, _ := path.Match(pattern, target); ok {
			return true
		}
	}
	return false
}

// isSystemFile reports whether systems make files or folders of that name within users'
// folders without being asked.
func isSystemFile(name string) bool {
	switch strings.ToLower(name) {
	case "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "__macosx", "icon\r", "lost+found":
		return true
	}
	return false
}
