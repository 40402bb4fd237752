package resume

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"

	"github.com/shoal-bt/shoal/swarm"
)

// A Probe describes the torrent to Check and gives access to its files.
type Probe struct {
	// Swarms, Geometry and Files are the torrent's. Files is empty if the
	// torrent is not stored in files. Check keeps none of the slices.
	Swarms   []swarm.ID
	Geometry swarm.Geometry
	Files    []swarm.File

	// Stat describes the file at a path of the torrent, without following a
	// symlink. If nothing exists there, the error must match
	// fs.ErrNotExist; any other error ends Check.
	Stat func(path string) (fs.FileInfo, error)

	// FileAt returns the path of the file that is at another name in Owned, such as
	// that of an incomplete file, or nothing if none is. It fits Names.FileAt of
	// package diskstore. Nil means that files are at their paths.
	FileAt func(name string) (path string)

	// Verify hashes pieces and reports whether all are good. An error ends
	// Check. If Verify is nil, Check trusts no open record that has pieces.
	Verify func(pieces []int) (good bool, err error)

	// Sample is the number of pieces of an open record to hash. The minimum
	// is 8, which is also what zero means. If fewer are held, all are hashed.
	Sample int

	// Rand chooses the sample. Nil means a randomly seeded generator.
	Rand *rand.Rand
}

const minSample = 8

// A Verdict is the result of Check. Its slices are the caller's.
type Verdict struct {
	// Record is the record to continue with. It has the pieces and blocks
	// that can be trusted, the files as they are now, and those owned paths
	// that are still ours.
	Record Record

	// Distrust says why the record cannot be trusted; Record then holds no
	// piece. Nil means that the record is trusted.
	Distrust error

	// Check has the pieces that Record does not hold but the files may
	// contain: all their bytes exist, and they may have been written after the
	// last save. Hashing them is optional and can save downloads.
	Check swarm.Bitfield
}

// Check decides whether a record can be trusted. A clean record is trusted if every
// file has the recorded size and modification time. An open record is trusted if
// every recorded file has its size or grew towards its length, none has an earlier
// modification time, and a random sample of the recorded pieces passes its hash check.
// Otherwise no piece is trusted. Of an open record, pieces in files that grew or have a
// later modification time are not trusted either: perhaps we wrote that file after the
// last save, perhaps another program did.
//
// Pieces with bytes in a part file are trusted if it has the recorded size and modification
// time. If it has not, these pieces are not trusted, and the others are.
//
// If there is no record, or a damaged one, call Check of a zero Record. An error
// means that Check could not examine the files.
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
	trusted := r.clone()
	var dropped swarm.Bitfield // pieces that need a part file or a file that is gone
	if r.checkTorrent(p, now) == nil {
		v.Record.Part, err = r.Part.now(p.Stat)
		if err != nil {
			return Verdict{}, err
		}
		dropped = trusted.dropPart(p, v.Record.Part)
	}
	if v.Distrust == nil && r.State == Open {
		trusted.dropModified(p, now)
		if v.Distrust, err = trusted.checkSample(p); err != nil {
			return Verdict{}, err
		}
	}
	if v.Distrust == nil {
		v.Record.State, v.Record.Pieces, v.Record.Spilled = trusted.State, trusted.Pieces, trusted.Spilled
	}
	v.Check = v.Record.worthHashing(p, dropped)
	return v, nil
}

// statAll describes the torrent's files as they are now.
func statAll(p Probe) ([]File, error) {
	var now []File
	for _, f := range onDisk(p.Files) {
		seen, err := statFile(p.Stat, f.Path, f.Length)
		if err != nil {
			return nil, err
		}
		now = append(now, seen)
	}
	return now, nil
}

// onDisk returns the files without pads and symlinks.
func onDisk(files []swarm.File) []swarm.File {
	var list []swarm.File
	for _, f := range files {
		if !f.Pad && f.Symlink == "" {
			list = append(list, f)
		}
	}
	return list
}

// statFile describes one file. Anything but a regular file counts as absent, because it
// holds no bytes of the torrent; so does a file below something that is no folder.
func statFile(f func(string) (fs.FileInfo, error), path string, length int64) (File, error) {
	file := File{Path: path, Length: length, Size: Absent}
	info, err := f(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
	case err != nil:
		return File{}, fmt.Errorf("resume: examining %s: %w", path, err)
	case info.Mode().IsRegular():
		file.Size, file.ModTime = info.Size(), info.ModTime()
	}
	return file, nil
}

// checkTorrent returns why r is not a record of the torrent; nil if it is.
func (r Record) checkTorrent(p Probe, now []File) error {
	switch {
	case len(r.Swarms) == 0:
		return errors.New("there is no record")
	case !slices.ContainsFunc(r.Swarms, func(id swarm.ID) bool { return slices.Contains(p.Swarms, id) }):
		return errors.New("the record belongs to another torrent")
	case r.Length != p.Geometry.Length || r.PieceLength != p.Geometry.PieceLength:
		return errors.New("the record has another length or piece length")
	case !slices.EqualFunc(r.Files, now, func(a, b File) bool { return a.Path == b.Path && a.Length == b.Length }):
		return errors.New("the record lists other files")
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

// checkFiles returns an error that names the first file that does not match r.
func (r Record) checkFiles(now []File) error {
	for i, was := range r.Files {
		is := now[i]
		switch {
		case r.State == Open && was.Size == Absent:
			// It may have been made since. It contains no recorded piece.
		case was.Size != is.Size && (r.State == Clean || !grew(was, is)):
			return fmt.Errorf("%s %s now, but %s in the record", is.Path, describeSize(is.Size), describeSize(was.Size))
		case is.Size == Absent, is.Size == was.Size && is.ModTime.Equal(was.ModTime):
		case r.State == Clean:
			return fmt.Errorf("%s was modified after the record was saved", is.Path)
		case is.ModTime.Before(was.ModTime):
			return fmt.Errorf("%s has an earlier modification time than in the record", is.Path)
		}
	}
	return nil
}

// grew reports whether a file may have been written to its end since was. dropModified
// clears its pieces.
func grew(was, is File) bool { return was.Size < is.Size && is.Size <= is.Length }

func describeSize(n int64) string {
	if n == Absent {
		return "is missing"
	}
	return fmt.Sprintf("has %d bytes", n)
}

// dropModified clears the pieces in files that were written to after r was saved.
func (r Record) dropModified(p Probe, now []File) {
	for i, f := range onDisk(p.Files) {
		same := r.Files[i].Size == now[i].Size && now[i].ModTime.Equal(r.Files[i].ModTime)
		if r.Files[i].Size == Absent || same {
			continue
		}
		r.clearPieces(r.Pieces, f.Offset, f.Offset+f.Length)
	}
}

// clearPieces clears the pieces that have bytes between two offsets in the torrent.
func (r Record) clearPieces(set swarm.Bitfield, from, to int64) {
	if from >= to {
		return
	}
	for piece := int(from / r.PieceLength); piece <= int((to-1)/r.PieceLength); piece++ {
		set.Clear(piece)
	}
}

// checkSample verifies some of the recorded pieces, spread over the torrent. It
// returns in distrust why they are not good.
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
		return errors.New("the recorded pieces cannot be verified"), nil
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
		return nil, fmt.Errorf("resume: verifying a sample: %w", err)
	}
	if !good {
		return fmt.Errorf("at least one of the recorded pieces %v failed its hash check", chosen), nil
	}
	return nil, nil
}

// rangeStart returns where range i begins if total items are divided into n ranges.
func rangeStart(total, n, i int) int { return int(int64(total) * int64(i) / int64(n)) }

// stillOwned returns the owned paths that still exist and may still be ours. If a file
// was never seen at full length, a crash may have cut it. If it was, and is shorter now,
// its bytes decide: another program has cut it, or has put another file in its place.
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
		file := path
		if p.FileAt != nil {
			file = cmp.Or(p.FileAt(path), path)
		}
		f, regular := is[file]
		switch {
		case !regular:
			_, err := p.Stat(strings.TrimSuffix(path, "/"))
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("resume: examining %s: %w", path, err)
			}
		case f.Size == Absent, f.Size > f.Length:
			continue
		case f.Size < f.Length && was[file].Size == f.Length:
			ours, err := r.isCut(p, f)
			if err != nil {
				return nil, err
			}
			if !ours {
				continue
			}
		}
		owned = append(owned, path)
	}
	return owned, nil
}

// isCut reports whether a file that is shorter than it was still begins with our bytes.
// One without any has none that could be lost.
func (r Record) isCut(p Probe, f File) (bool, error) {
	if f.Size == 0 {
		return true, nil
	}
	i := slices.IndexFunc(p.Files, func(of swarm.File) bool { return of.Path == f.Path })
	if i < 0 || p.Verify == nil || r.checkTorrent(p, r.Files) != nil {
		return false, nil
	}
	begin, end := p.Files[i].Offset, p.Files[i].Offset+f.Size
	sample := make([]int, 0, minSample)
	for piece := (begin + r.PieceLength - 1) / r.PieceLength; (piece+1)*r.PieceLength <= end && len(sample) < minSample; piece++ {
		if r.Pieces.Has(int(piece)) {
			sample = append(sample, int(piece))
		}
	}
	if len(sample) == 0 {
		return false, nil
	}
	good, err := p.Verify(sample)
	if err != nil {
		return false, fmt.Errorf("resume: verifying %s: %w", f.Path, err)
	}
	return good, nil
}

// worthHashing returns the pieces that r does not hold but its files may contain. A clean
// record lists all pieces that were written, so of the others only those are worth it that
// were dropped.
func (r Record) worthHashing(p Probe, dropped swarm.Bitfield) swarm.Bitfield {
	set := swarm.NewBitfield(r.pieces())
	if r.State == Clean {
		copy(set, dropped)
	} else {
		set.SetAll(r.pieces())
	}
	for i := range set {
		set[i] &^= r.Pieces[i]
	}
	for i, f := range onDisk(p.Files) {
		if !r.Part.has(i) {
			r.clearPieces(set, f.Offset+max(r.Files[i].Size, 0), f.Offset+f.Length)
		}
	}
	return set
}
