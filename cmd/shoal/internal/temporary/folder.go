package temporary

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// prefix begins the names of folders.
	prefix = "shoal-temporary-"
	// markName is the name of the file in a folder that says what the folder is.
	markName = "DELETED-BY-SHOAL.txt"
	// contentName is the name of the folder in it that is for content.
	contentName = "content"
	// maxMark is the length of the file that is read, in bytes.
	maxMark = 16 << 10
	// maxEntries is how many entries of the place for temporary files are looked at.
	maxEntries = 100_000
)

// A Folder is a temporary folder.
type Folder struct {
	path string   // without symlinks
	mark *os.File // locked
}

// New makes a folder that only this user may enter. Call Remove at the end.
func New() (f *Folder, err error) {
	path, err := os.MkdirTemp("", prefix)
	if err != nil {
		return nil, err
	}
	f = &Folder{path: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Remove())
		}
	}()
	f.path, err = resolve(path)
	if err != nil {
		f.path = path
		return f, err
	}
	f.mark, err = os.OpenFile(filepath.Join(f.path, markName), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f, err
	}
	if canLock {
		if err = lock(f.mark); err != nil {
			return f, err
		}
	}
	// The text comes after the lock, so that nobody finds the text without the lock.
	if _, err = f.mark.WriteString(markOf(f.path)); err != nil {
		return f, err
	}
	return f, os.Mkdir(f.Content(), 0o700)
}

// resolve returns the absolute path of a folder, without symlinks.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// markOf returns what the file that marks a folder says. A copy of the folder has another path, so it
// is not deleted.
func markOf(path string) string {
	return "A command of shoal uses this folder, and deletes it with everything in it. If that command was killed,\n" +
		"a later one does. Copy what you want to keep. The folder was made as:\n" + path + "\n"
}

// Content returns the path of the folder for content.
func (f *Folder) Content() string { return filepath.Join(f.path, contentName) }

// Path returns the path of the folder.
func (f *Folder) Path() string { return f.path }

// Remove deletes the folder with everything in it. It is called once, when nothing in it is open.
func (f *Folder) Remove() error {
	entries, err := os.ReadDir(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // the user was quicker
	}
	for _, e := range entries {
		if e.Name() != markName { // which goes last, so that a part that stays is found again
			err = errors.Join(err, os.RemoveAll(filepath.Join(f.path, e.Name())))
		}
	}
	if f.mark != nil {
		err = errors.Join(err, f.mark.Close())
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(f.path)
}

// RemoveStale deletes the folders that commands which were killed left behind, and returns their
// paths. The error joins those of folders that could not be deleted.
func RemoveStale() (removed []string, err error) {
	if !canLock {
		return nil, nil
	}
	place, err := resolve(os.TempDir())
	if err != nil {
		return nil, nil // New says so
	}
	dir, err := os.Open(place)
	if err != nil {
		return nil, nil
	}
	defer dir.Close()
	for range maxEntries {
		entries, err2 := dir.ReadDir(1)
		if err2 != nil {
			return removed, err
		}
		e := entries[0]
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		f := openStale(filepath.Join(place, e.Name()))
		if f == nil {
			continue
		}
		if failed := f.Remove(); failed != nil {
			err = errors.Join(err, fmt.Errorf("a temporary folder of a command that was killed stays: %w", failed))
		} else {
			removed = append(removed, f.path)
		}
	}
	return removed, err
}

// openStale returns the folder at a path if it was made by New, and its command has ended; else nil.
func openStale(path string) *Folder {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || !isPrivate(info) {
		return nil
	}
	name := filepath.Join(path, markName)
	info, err = os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	mark, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(mark, maxMark))
	if err != nil || string(text) != markOf(path) || lock(mark) != nil {
		mark.Close()
		return nil
	}
	return &Folder{path: path, mark: mark}
}
