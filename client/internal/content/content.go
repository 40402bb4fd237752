// Package content relates the files of a torrent to its pieces.
//
// In come a torrent's files, what a record says of them, and the folder that they are in; out
// goes what is there, by piece and by file. Nothing is written. Not here: the rules
// by which a torrent starts.
package content

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// StatIn returns the function with which package resume looks at files below dir.
func StatIn(dir string) func(string) (fs.FileInfo, error) {
	return func(name string) (fs.FileInfo, error) { return os.Lstat(filepath.Join(dir, filepath.FromSlash(name))) }
}

// Present returns the pieces of which all bytes exist. If full is set, the files must
// have their sizes, too.
func Present(geometry swarm.Geometry, files []swarm.File, seen []resume.File, full bool) swarm.Bitfield {
	set := swarm.NewBitfield(geometry.Pieces())
	set.SetAll(geometry.Pieces())
	sizes := make(map[string]int64, len(seen))
	for _, f := range seen {
		if f.Size == f.Length || !full {
			sizes[f.Path] = f.Size
		}
	}
	for _, f := range files {
		if f.Pad || f.Symlink != "" {
			continue
		}
		missing := f.Offset + max(sizes[f.Path], 0)
		for i := missing / geometry.PieceLength; missing < f.Offset+f.Length && i <= (f.Offset+f.Length-1)/geometry.PieceLength; i++ {
			set.Clear(int(i))
		}
	}
	return set
}

// Held returns how many of the length bytes at off are in pieces that are held.
func Held(geometry swarm.Geometry, have swarm.Bitfield, off, length int64) (held int64) {
	if length == 0 {
		return 0
	}
	size := geometry.PieceLength
	for i := off / size; i <= (off+length-1)/size; i++ {
		if have.Has(int(i)) {
			held += min((i+1)*size, off+length) - max(i*size, off)
		}
	}
	return held
}

// Incomplete reports whether a file or symlink below dir does not exist. If every piece is held it is
// one without bytes, which a record may not list.
func Incomplete(dir string, files []swarm.File, noSymlinks bool) bool {
	stat := StatIn(dir)
	return slices.ContainsFunc(files, func(f swarm.File) bool {
		noLink := f.Symlink != "" && noSymlinks
		if f.Pad || f.Length > 0 || noLink {
			return false
		}
		_, err := stat(f.Path)
		return errors.Is(err, fs.ErrNotExist)
	})
}

// WithPart returns files that were seen as if those that have bytes in the part file were there.
func WithPart(seen []resume.File, part resume.Part) []resume.File {
	seen = slices.Clone(seen)
	for _, i := range part.Files {
		seen[i].Size = max(seen[i].Size, seen[i].Length)
	}
	return seen
}

// ModTimes returns the modification times of files that were seen, for a store.
func ModTimes(seen []resume.File, part resume.Part) func(string) (time.Time, bool) {
	times := make(map[string]time.Time, len(seen)+1)
	if part.Path != "" {
		times[part.Path] = part.ModTime
	}
	for _, f := range seen {
		if f.Size != resume.Absent {
			times[f.Path] = f.ModTime
		}
	}
	return func(path string) (time.Time, bool) {
		at, known := times[path]
		return at, known
	}
}

// WrittenAt returns a description of a file with another modification time.
func WrittenAt(info fs.FileInfo, at time.Time) fs.FileInfo { return writtenAt{info, at} }

// A writtenAt is a description of a file with another modification time.
type writtenAt struct {
	fs.FileInfo
	at time.Time
}

func (i writtenAt) ModTime() time.Time { return i.at }

// VerifySample returns the function with which package resume checks some of the
// recorded pieces, to decide whether it believes the others.
func VerifySample(ctx context.Context, verify func([]swarm.Verdict), s swarm.Storage, blocks func(int) int) func([]int) (bool, error) {
	return func(pieces []int) (bool, error) {
		for _, piece := range pieces {
			if ctx.Err() != nil {
				return false, context.Cause(ctx)
			}
			batch := []swarm.Verdict{{Piece: piece, Blocks: make([][]byte, blocks(piece)), Stored: s}}
			verify(batch)
			if batch[0].Err != nil {
				return false, batch[0].Err
			}
			if !batch[0].OK {
				return false, nil
			}
		}
		return true, nil
	}
}

// Continue returns the record with which a torrent continues that was idle: every piece is
// still held if every file has its size. willCheck says that all pieces are about to be checked,
// so that missing files are no error.
func Continue(old resume.Record, willCheck bool, p resume.Probe) (resume.Record, error) {
	v, err := old.Check(p)
	if err != nil {
		return old, err
	}
	r := v.Record
	if v.Distrust == nil {
		r.Files = old.Files // with their times, so that a change meanwhile is noticed
		return r, nil
	}
	r.State = resume.Open
	if willCheck {
		return r, nil
	}
	for _, f := range r.Files {
		switch f.Size {
		case f.Length:
		case resume.Absent:
			return r, fmt.Errorf("%s: %w", f.Path, fs.ErrNotExist)
		default:
			return r, &diskstore.SizeError{Path: f.Path, Want: f.Length, Have: f.Size}
		}
	}
	same := func(a, b resume.File) bool { return a.Path == b.Path && a.Length == b.Length && a.Size == b.Size }
	sameTorrent := len(old.Swarms) > 0 && old.Length == r.Length && old.PieceLength == r.PieceLength
	if sameTorrent && slices.EqualFunc(old.Files, r.Files, same) {
		// Its times are kept, so that the next run checks the files that were touched.
		return old, nil
	}
	// The record is gone. Every file has its size, so the pieces count as held, and are
	// hashed before the record says so.
	for i := range r.Files {
		r.Files[i].ModTime = time.Time{}
	}
	return r, nil
}
