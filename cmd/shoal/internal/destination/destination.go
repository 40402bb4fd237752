// Package destination writes .torrent files where the user wants them, and replaces nothing
// else.
package destination

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/interrupt"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// A Destination is where a .torrent file goes.
type Destination struct {
	Path  string // as the user named it
	Force bool   // replace another .torrent file
	All   bool   // nothing of a folder is left out of the torrent
}

// Named returns the path of the torrent of that name in the current folder.
func Named(name string) string {
	const ext, longest = ".torrent", 255 // bytes that file systems allow
	for len(name)+len(ext) > longest {
		name = name[:len(name)-1]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(name, "/", ""), "") + ext
}

// Check returns an error if the torrent of some content cannot go there.
func (d Destination) Check(content string) error {
	fi, err := os.Stat(d.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d.checkFolder()
	case err != nil:
		return err
	}
	info, err := os.Stat(content)
	if err != nil {
		return err
	}
	if os.SameFile(info, fi) {
		return advice.New(fmt.Errorf("%s is the content", d.Path), "Choose another name with --output.")
	}
	if info.IsDir() && d.All && fi.Mode().IsRegular() && isWithin(d.Path, content) {
		return d.isContent()
	}
	return d.checkTarget(fi)
}

// CheckAlone returns an error if no torrent can go there, for when the torrent is not known
// yet.
func (d Destination) CheckAlone() error {
	fi, err := os.Stat(d.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d.checkFolder()
	case err != nil:
		return err
	}
	return d.checkTarget(fi)
}

// isWithin reports whether the file at path is in a folder.
func isWithin(path, folder string) bool {
	path, err := filepath.EvalSymlinks(path)
	folder, err2 := filepath.EvalSymlinks(folder)
	if err != nil || err2 != nil {
		return false
	}
	path, err = filepath.Abs(path)
	folder, err2 = filepath.Abs(folder)
	rel, err3 := filepath.Rel(folder, path)
	return err == nil && err2 == nil && err3 == nil && filepath.IsLocal(rel)
}

// checkFolder returns an error if there is no folder for a new file.
func (d Destination) checkFolder() error {
	fi, err := os.Stat(filepath.Dir(d.Path))
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return &fs.PathError{Op: "open", Path: d.Path, Err: pathErr.Err}
	}
	if err == nil && !fi.IsDir() {
		return advice.New(fmt.Errorf("%s: the folder is a file", d.Path), "Choose another name with --output.")
	}
	if link, lerr := os.Lstat(d.Path); lerr == nil && link.Mode()&fs.ModeSymlink != 0 {
		return advice.New(fmt.Errorf("%s is a symlink to nothing", d.Path), "Remove it, or choose another name with --output.")
	}
	return err
}

// checkTarget returns an error if what exists must not be replaced or written into.
func (d Destination) checkTarget(fi fs.FileInfo) error {
	other := "Choose another name with --output."
	switch mode := fi.Mode(); {
	case mode.IsDir():
		return advice.New(fmt.Errorf("%s is a folder", d.Path), other)
	case mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0:
		return advice.New(fmt.Errorf("%s is a disk", d.Path), other)
	case !mode.IsRegular():
		return nil // it is written into
	}
	if fi.Size() == 0 || strings.EqualFold(filepath.Ext(d.Path), ".torrent") {
		return nil
	}
	_, err := metainfo.ReadFile(d.Path)
	var invalid *metainfo.InvalidError
	if errors.As(err, &invalid) {
		return advice.New(fmt.Errorf("%s already exists and is not a .torrent file, so it is not replaced", d.Path), other)
	}
	return err
}

func (d Destination) isContent() error {
	return advice.New(fmt.Errorf("%s is part of the content", d.Path),
		"Choose another name with --output, or leave the file out with --exclude.")
}

// Save writes a torrent, whole or not at all. A torrent that is there and the same is left
// as it is, and wrote is false; another one is replaced only by force. What is not a file,
// such as a pipe, is written into. content is the folder that the torrent was built from.
func (d Destination) Save(ctx context.Context, t *metainfo.Torrent, content string) (wrote bool, err error) {
	b, err := t.Bytes()
	if err != nil {
		return false, err
	}
	path, fi := d.Path, fs.FileInfo(nil)
	if fi, err = os.Stat(d.Path); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if err = d.checkFolder(); err != nil {
			return false, err
		}
		return true, d.replace(path, b, 0o644)
	}
	switch {
	case d.isOneOf(fi, content, t.BuiltFrom):
		return false, d.isContent()
	case !fi.Mode().IsRegular():
		if err = d.checkTarget(fi); err != nil {
			return false, err
		}
		_, err = interrupt.Await(ctx, func() (struct{}, error) { return struct{}{}, writeInto(d.Path, b) })
		return err == nil, err
	}
	if old, err := metainfo.ReadFile(d.Path); err == nil && !d.Force && sameTorrent(old, t) {
		return false, nil
	}
	if !d.Force {
		return false, advice.New(fmt.Errorf("%s already exists, and its content is different", d.Path),
			"Choose another name with --output, or replace it with --force.")
	}
	if err = d.checkTarget(fi); err != nil {
		return false, err
	}
	// A symlink stays, and the file that it leads to is replaced.
	if path, err = filepath.EvalSymlinks(d.Path); err != nil {
		return false, err
	}
	return true, d.replace(path, b, fi.Mode().Perm())
}

// isOneOf reports whether the file is one of those in a folder.
func (d Destination) isOneOf(fi fs.FileInfo, folder string, files []swarm.File) bool {
	for _, f := range files {
		if f.Pad || f.Symlink != "" || (f.Length != fi.Size()) {
			continue
		}
		if other, err := os.Stat(filepath.Join(folder, filepath.FromSlash(f.Path))); err == nil && os.SameFile(other, fi) {
			return true
		}
	}
	return false
}

// writeInto writes into what is not a file. Opening a pipe waits until somebody reads it.
func writeInto(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// replace writes a new file and gives it its name when all of it is on disk.
func (d Destination) replace(path string, b []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".shoal-*.torrent")
	if err != nil {
		return d.named(err)
	}
	_, err = temporary.Write(b)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		os.Remove(temporary.Name())
		return d.named(err)
	}
	return nil
}

// named returns an error about the file that the user named, who knows nothing of
// temporary ones.
func (d Destination) named(err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	}
	err = &fs.PathError{Op: "open", Path: d.Path, Err: err}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return advice.New(err, "Choose another name with --output, or check who may write to that folder.")
	}
	return err
}

// sameTorrent reports whether two torrents are the same and also say the same about it,
// but for the date.
func sameTorrent(a, b *metainfo.Torrent) bool {
	if a.Info.HashV1 != b.Info.HashV1 || a.Info.HashV2 != b.Info.HashV2 {
		return false
	}
	undated := *b
	undated.CreationDate = a.CreationDate
	x, err := a.Bytes()
	y, err2 := undated.Bytes()
	return err == nil && err2 == nil && bytes.Equal(x, y)
}
