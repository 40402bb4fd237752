package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/diskstore"
)

// NamingSymlink returns err, or, if it is about a file below dir that is behind a symlink,
// an error that names the link. Shoal reads through a link that the user names, such as
// dir, but through no other, because a file could be written through it.
func NamingSymlink(dir string, err error) error {
	var file *diskstore.Error
	if !errors.As(err, &file) {
		return err
	}
	path := ""
	for name := range strings.SplitSeq(file.Path, "/") {
		path = filepath.Join(path, name)
		full := filepath.Join(dir, path)
		fi, lerr := os.Lstat(full)
		if lerr != nil {
			return err
		}
		if fi.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		target, lerr := filepath.EvalSymlinks(full)
		if lerr != nil {
			return leadsNowhere(path)
		}
		hint := "Replace the link by what it leads to. Shoal reads through a link only if you name it."
		if path == name && filepath.Base(target) == name {
			hint = "Say where the content is: --dir " + shell.Path(filepath.Dir(target))
		}
		return advice.New(fmt.Errorf("%s is a symlink to %s, and Shoal does not write through it", terminal.Sanitize(path), terminal.Sanitize(target)), hint)
	}
	return err
}

// isSymlink reports whether there is a symlink at a path.
func isSymlink(path string) bool {
	fi, err := os.Lstat(path)
	return err == nil && fi.Mode()&fs.ModeSymlink != 0
}

// leadsNowhere returns the error about a symlink to something that does not exist.
func leadsNowhere(path string) error {
	return advice.New(fmt.Errorf("%s is a symlink to nothing", terminal.Sanitize(path)), "Remove it, or choose another folder with --dir.")
}
