package selection

import (
	"slices"
	"sort"

	"github.com/shoal-bt/shoal/swarm"
)

// The priorities of files and pieces go from 0, not wanted, to Highest.
const (
	Default = 4 // of files for which nobody chose one
	Highest = 7
	AsIs    = -1 // in a change: the priority stays
)

// unset stands for the priority of a piece that was not set by range.
const unset = 0xff

// A Run gives the pieces First to Last, both included, a priority.
type Run struct {
	First, Last int
	Priority    uint8
}

// A Selection is what the user wants of a torrent. A piece has the highest priority of its files.
// One that is set by range holds until one of its files gets the next.
type Selection struct {
	files     []file
	counts    [Highest + 1]int // files with bytes, by priority
	pieces    []uint8          // the priority of each piece
	byRange   []uint8          // priorities set by range, or unset; nil while there is none
	loose     swarm.Bitfield   // pieces without bytes of files; nil for none
	firstLast bool
	toggled   Toggled // since it was read last
}

// A file is the pieces that have bytes of it. first and last both grow with the index, so an
// empty file has those at its place.
type file struct {
	first, last int32
	isEmpty     bool // no bytes, or a pad
	isPad       bool
	priority    uint8
}

// New returns the selection of a torrent of which everything is wanted. It keeps no slice.
func New(files []swarm.File, g swarm.Geometry) *Selection {
	s := &Selection{files: make([]file, len(files)), pieces: slices.Repeat([]uint8{Default}, g.Pieces())}
	size, off, last := int64(g.PieceLength), int64(0), int32(-1)
	for i, f := range files {
		next := file{first: int32(off / size), isEmpty: f.Length == 0 || f.Pad, isPad: f.Pad, priority: Default}
		if !next.isEmpty {
			if next.first > last+1 {
				s.addLoose(int(last)+1, int(next.first)-1)
			}
			last = int32((off + f.Length - 1) / size)
			s.counts[Default]++
		}
		next.last = last
		s.files[i] = next
		off += f.Length
	}
	s.addLoose(int(last)+1, g.Pieces()-1)
	return s
}

// addLoose notes pieces that have no bytes of files. They are wanted as the file is that is
// wanted least, so they come only with all the rest.
func (s *Selection) addLoose(first, last int) {
	for i := first; i <= last; i++ {
		if s.loose == nil {
			s.loose = swarm.NewBitfield(len(s.pieces))
		}
		s.loose.Set(i)
	}
}

// SetFiles gives files priorities, one for each in the order of the torrent, or AsIs. Those of pads
// do not matter. The error is a *RangeError; then nothing has changed.
func (s *Selection) SetFiles(priorities []int) ([]Run, error) {
	if len(priorities) != len(s.files) {
		return nil, &RangeError{What: "number of priorities", Value: len(priorities), Min: len(s.files), Max: len(s.files)}
	}
	for _, p := range priorities {
		if err := checkPriority(max(p, 0)); err != nil {
			return nil, err
		}
	}
	for i, p := range priorities {
		if p >= 0 {
			s.setFile(&s.files[i], uint8(p))
		}
	}
	return s.update(0, len(s.pieces)-1), nil
}

// SetFile gives one file a priority. The error is a *RangeError; then nothing has changed.
func (s *Selection) SetFile(index, priority int) ([]Run, error) {
	err := checkPriority(priority)
	if err == nil {
		err = checkIndex("file", index, len(s.files))
	}
	if err != nil {
		return nil, err
	}
	f, least := &s.files[index], s.least()
	s.setFile(f, uint8(priority))
	if s.loose != nil && s.least() != least {
		return s.update(0, len(s.pieces)-1), nil
	}
	if f.isEmpty {
		return nil, nil
	}
	return s.update(int(f.first), int(f.last)), nil
}

// setFile gives a file a priority, which ends those that its pieces got by range.
func (s *Selection) setFile(f *file, priority uint8) {
	s.toggled.Wanted = s.toggled.Wanted || (f.priority == 0 && priority > 0)
	s.toggled.Unwanted = s.toggled.Unwanted || (f.priority > 0 && priority == 0)
	if f.isEmpty {
		f.priority = priority
		return
	}
	s.counts[f.priority]--
	f.priority = priority
	s.counts[f.priority]++
	if s.byRange != nil {
		for i := f.first; i <= f.last; i++ {
			s.byRange[i] = unset
		}
	}
}

// SetPieces gives the pieces first to last, both included, a priority. The error is a *RangeError;
// then nothing has changed.
func (s *Selection) SetPieces(first, last, priority int) ([]Run, error) {
	err := checkPriority(priority)
	if err == nil {
		err = checkRun(first, last, len(s.pieces))
	}
	if err != nil {
		return nil, err
	}
	if s.byRange == nil {
		s.byRange = slices.Repeat([]uint8{unset}, len(s.pieces))
	}
	for i := first; i <= last; i++ {
		s.byRange[i] = uint8(priority)
	}
	return s.update(first, last), nil
}

// Want has a piece wanted, because it has a deadline: with priority 1 if it was not. The error is a
// *RangeError.
func (s *Selection) Want(piece int) ([]Run, error) {
	if err := checkIndex("piece", piece, len(s.pieces)); err != nil {
		return nil, err
	}
	if s.pieces[piece] > 0 {
		return nil, nil
	}
	return s.SetPieces(piece, piece, 1)
}

// SetFirstLast says whether the first and the last piece of each file that is wanted have the
// highest priority, unless another one was set by range.
func (s *Selection) SetFirstLast(on bool) []Run {
	s.firstLast = on
	return s.update(0, len(s.pieces)-1)
}

// A Toggled says whether files became wanted or unwanted.
type Toggled struct{ Wanted, Unwanted bool }

// Any reports whether any file did.
func (t Toggled) Any() bool { return t.Wanted || t.Unwanted }

// Toggled returns what happened since the last call.
func (s *Selection) Toggled() Toggled {
	toggled := s.toggled
	s.toggled = Toggled{}
	return toggled
}

// FirstLast reports what SetFirstLast said.
func (s *Selection) FirstLast() bool { return s.firstLast }

// All returns the priority of each piece as runs.
func (s *Selection) All() (runs []Run) {
	for i, p := range s.pieces {
		if n := len(runs); n > 0 && runs[n-1].Priority == p {
			runs[n-1].Last = i
		} else {
			runs = append(runs, Run{i, i, p})
		}
	}
	return runs
}

// update finds the priorities of the pieces first to last, and returns what has changed.
func (s *Selection) update(first, last int) (runs []Run) {
	if last < first {
		return nil
	}
	priorities := s.byFile(first, last)
	for i, p := range priorities {
		piece := first + i
		if s.loose != nil && s.loose.Has(piece) {
			p = s.least()
		}
		if s.byRange != nil && s.byRange[piece] != unset {
			p = s.byRange[piece]
		}
		if s.pieces[piece] == p {
			continue
		}
		s.pieces[piece] = p
		if n := len(runs); n > 0 && runs[n-1].Last == piece-1 && runs[n-1].Priority == p {
			runs[n-1].Last = piece
		} else {
			runs = append(runs, Run{piece, piece, p})
		}
	}
	return runs
}

// byFile returns the priorities that the pieces first to last have by their files.
func (s *Selection) byFile(first, last int) []uint8 {
	priorities := make([]uint8, last-first+1)
	raise := func(piece int, p uint8) {
		if piece >= first && piece <= last {
			priorities[piece-first] = max(priorities[piece-first], p)
		}
	}
	from := sort.Search(len(s.files), func(i int) bool { return int(s.files[i].last) >= first })
	for _, f := range s.files[from:] {
		if int(f.first) > last {
			break
		}
		if f.isEmpty || f.priority == 0 {
			continue
		}
		for piece := max(int(f.first), first); piece <= min(int(f.last), last); piece++ {
			raise(piece, f.priority)
		}
		if s.firstLast {
			raise(int(f.first), Highest)
			raise(int(f.last), Highest)
		}
	}
	return priorities
}

// least returns the lowest priority of a file with bytes.
func (s *Selection) least() uint8 {
	for p, n := range s.counts {
		if n > 0 {
			return uint8(p)
		}
	}
	return Default
}

// File returns the priority of a file, which must exist.
func (s *Selection) File(index int) int { return int(s.files[index].priority) }

// Piece returns the priority of a piece, which must exist.
func (s *Selection) Piece(index int) int { return int(s.pieces[index]) }

// Has reports whether a piece is wanted. One that does not exist is not.
func (s *Selection) Has(piece int) bool {
	return piece >= 0 && piece < len(s.pieces) && s.pieces[piece] > 0
}

// Pieces returns the priority of each piece; nil if each has Default. The slice is the caller's.
func (s *Selection) Pieces() []uint8 {
	if !slices.ContainsFunc(s.pieces, func(p uint8) bool { return p != Default }) {
		return nil
	}
	return slices.Clone(s.pieces)
}

// Unwanted reports which files are not wanted, in the order of the torrent; nil for none. Pads are
// never unwanted. The slice is the caller's.
func (s *Selection) Unwanted() []bool {
	var unwanted []bool
	for i, f := range s.files {
		if f.priority > 0 || f.isPad {
			continue
		}
		if unwanted == nil {
			unwanted = make([]bool, len(s.files))
		}
		unwanted[i] = true
	}
	return unwanted
}
