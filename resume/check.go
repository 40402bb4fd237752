package resume

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/swarm"
)

// A Probe is how Check looks at a torrent as it is now.
type Probe struct {
	// Swarms, Geometry and Files are the torrent's. Files is empty if it is
	// not kept in files.
	Swarms   []swarm.ID
	Geometry swarm.Geometry
	Files    []swarm.File

	// Stat describes what is at a path of the torrent, without following a
	// symlink. For nothing the error matches fs.ErrNotExist; another one
	// ends Check.
	Stat func(path string) (fs.FileInfo, error)

	// Verify hashes pieces and reports whether all are good. An error ends
	// Check. Nil trusts no open record that holds a piece.
	Verify func(pieces []int) (good bool, err error)

	// Sample is how many pieces of an open record are hashed; at least 8,
	// which zero means, or all if fewer are held.
	Sample int

	// Rand chooses the sample. Nil means a generator seeded at random.
	Rand *rand.Rand
}

const minSample = 8

// A Verdict is what Check found.
type Verdict struct {
	// Record is the one to go on with: with the pieces and blocks that can
	// be trusted, the files as they are, and of what we owned the rest.
	Record Record

	// Distrust says why nothing in the record can be relied upon, and
	// Record holds no piece. Nil means that it was right.
	Distrust error

	// Check has the pieces that Record does not hold but the files might:
	// they exist whole, and may have been written after the last save. To
	// hash them can only save downloading.
	Check swarm.Bitfield
}

// Check decides what of a record still holds. A clean one does if every file
// has the recorded size and modification time. An open one does if every file
// that existed has its size, was not set back to an earlier time, and a random
// sample of the recorded pieces hashes. Otherwise all is to be checked.
//
// For want of a record, because there was none or it was damaged, Check of a
// zero Record tells the rest. An error says that Check could not look.
func (r Record) Check(p Probe) (Verdict, error) {
	now, err := statAll(p)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Record: Record{
		Swarms:      slices.Clone(p.Swarms),
		Length:      p.Geometry.Length,
		PieceLength: p.Geometry.PieceLength,
		Pieces:      swarm.NewBitfield(p.Geometry.Pieces()),
		Files:       now,
	}}
	if slices.ContainsFunc(r.Swarms, func(id swarm.ID) bool { return slices.Contains(p.Swarms, id) }) {
		v.Record.Totals = r.Totals
		if v.Record.Owned, err = r.stillOwned(p, now); err != nil {
			return Verdict{}, err
		}
	}
	v.Distrust = r.checkTorrent(p, now)
	if v.Distrust == nil {
		v.Distrust = r.checkFiles(now)
	}
	if v.Distrust == nil && r.State == Open {
		if v.Distrust, err = r.checkSample(p); err != nil {
			return Verdict{}, err
		}
	}
	if v.Distrust == nil {
		c := r.clone()
		v.Record.State, v.Record.Pieces, v.Record.Spilled = c.State, c.Pieces, c.Spilled
	}
	v.Check = v.Record.worthHashing(p)
	return v, nil
}

// statAll describes the torrent's files as they are.
func statAll(p Probe) ([]File, error) {
	var now []File
	for _, f := range onDisk(p.Files) {
		seen, err := stat(p.Stat, f.Path, f.Length)
		if err != nil {
			return nil, err
		}
		now = append(now, seen)
	}
	return now, nil
}

// onDisk returns the files that a store makes, symlinks left out.
func onDisk(files []swarm.File) []swarm.File {
	var list []swarm.File
	for _, f := range files {
		if !f.Pad && f.Symlink == "" {
			list = append(list, f)
		}
	}
	return list
}

// stat describes one file. What is no regular file counts as absent: no bytes
// of the torrent are in it.
func stat(f func(string) (fs.FileInfo, error), path string, length int64) (File, error) {
	file := File{Path: path, Length: length, Size: Absent}
	info, err := f(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return File{}, fmt.Errorf("resume: looking at %s: %w", path, err)
	case info.Mode().IsRegular():
		file.Size, file.ModTime = info.Size(), info.ModTime()
	}
	return file, nil
}

// checkTorrent says why r is not the record of the torrent at all.
func (r Record) checkTorrent(p Probe, now []File) error {
	switch {
	case len(r.Swarms) == 0:
		return errors.New("there is no record")
	case !slices.ContainsFunc(r.Swarms, func(id swarm.ID) bool { return slices.Contains(p.Swarms, id) }):
		return errors.New("the record is of another torrent")
	case r.Length != p.Geometry.Length || r.PieceLength != p.Geometry.PieceLength:
		return errors.New("the record is of other pieces")
	case !slices.EqualFunc(r.Files, now, func(a, b File) bool { return a.Path == b.Path && a.Length == b.Length }):
		return errors.New("the record is of other files")
	}
	if err := r.validate(); err != nil {
		return err
	}
	for _, s := range r.Spilled {
		if s.Blocks[len(s.Blocks)-1] >= p.Geometry.BlockCount(s.Piece) {
			return fmt.Errorf("the record has spilled blocks outside piece %d", s.Piece)
		}
	}
	return nil
}

// checkFiles says which file speaks against r.
func (r Record) checkFiles(now []File) error {
	for i, was := range r.Files {
		is := now[i]
		switch {
		case r.State == Open && was.Size == Absent:
			// It may have been made since; no recorded piece is in it.
		case was.Size != is.Size:
			return fmt.Errorf("%s has %s, not the %s recorded", is.Path, size(is.Size), size(was.Size))
		case is.Size == Absent || is.ModTime.Equal(was.ModTime):
		case r.State == Clean:
			return fmt.Errorf("%s was changed", is.Path)
		case is.ModTime.Before(was.ModTime):
			return fmt.Errorf("%s was set back", is.Path)
		}
	}
	return nil
}

func size(n int64) string {
	if n == Absent {
		return "no size, being absent"
	}
	return fmt.Sprintf("%d bytes", n)
}

// checkSample has some of the recorded pieces hashed, spread over the torrent.
func (r Record) checkSample(p Probe) (distrust, err error) {
	held := make([]int, 0, r.Pieces.Count())
	for i := range r.pieces() {
		if r.Pieces.Has(i) {
			held = append(held, i)
		}
	}
	if len(held) == 0 {
		return nil, nil
	}
	if p.Verify == nil {
		return errors.New("no piece can be hashed"), nil
	}
	intn := rand.IntN
	if p.Rand != nil {
		intn = p.Rand.IntN
	}
	n := min(max(p.Sample, minSample), len(held))
	chosen := make([]int, n)
	for i := range chosen {
		first, end := rangeStart(len(held), n, i), rangeStart(len(held), n, i+1)
		chosen[i] = held[first+intn(end-first)]
	}
	good, err := p.Verify(chosen)
	if err != nil {
		return nil, fmt.Errorf("resume: hashing a sample: %w", err)
	}
	if !good {
		return fmt.Errorf("a recorded piece is not good; hashed were %v", chosen), nil
	}
	return nil, nil
}

// rangeStart returns where the ith of parts of total begins.
func rangeStart(total, parts, i int) int { return int(int64(total) * int64(i) / int64(parts)) }

// stillOwned returns what of Owned is still there and may still be ours. A file
// that was once made whole and has another size is someone else's by now; one
// that never was seen whole may be cut short by a crash.
func (r Record) stillOwned(p Probe, now []File) ([]string, error) {
	was := make(map[string]File, len(r.Files))
	for _, f := range r.Files {
		was[f.Path] = f
	}
	is := make(map[string]File, len(now))
	for _, f := range now {
		is[f.Path] = f
	}
	var owned []string
	for _, path := range r.Owned {
		f, regular := is[path]
		switch {
		case !regular:
			_, err := p.Stat(strings.TrimSuffix(path, "/"))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("resume: looking at %s: %w", path, err)
			}
		case f.Size == Absent, f.Size > f.Length:
			continue
		case f.Size < f.Length && was[path].Size == f.Length:
			continue
		}
		owned = append(owned, path)
	}
	return owned, nil
}

// worthHashing returns the pieces that r does not hold but its files may have whole.
func (r Record) worthHashing(p Probe) swarm.Bitfield {
	set := swarm.NewBitfield(r.pieces())
	if r.State == Clean {
		return set // what was there was noted
	}
	set.SetAll(r.pieces())
	for i := range set {
		set[i] &^= r.Pieces[i]
	}
	for i, f := range onDisk(p.Files) {
		if r.Files[i].Size == f.Length || f.Length == 0 {
			continue
		}
		first, last := f.Offset/r.PieceLength, (f.Offset+f.Length-1)/r.PieceLength
		for piece := int(first); piece <= int(last); piece++ {
			set.Clear(piece)
		}
	}
	return set
}
