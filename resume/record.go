package resume

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A State says whether the torrent was stopped properly.
type State uint8

// A record is Open while its torrent runs and after a crash. It is Clean after the
// torrent was stopped properly and nothing was written since.
const (
	Open State = iota
	Clean
)

// String returns the state's name.
func (s State) String() string {
	if s == Clean {
		return "clean"
	}
	return "open"
}

// A Record is what is remembered of one torrent. It is a value. Its methods change
// nothing and may be called concurrently.
type Record struct {
	// Swarms are the torrent's IDs; a hybrid torrent has two.
	Swarms []swarm.ID

	// Length and PieceLength are those of the torrent's geometry, in bytes.
	Length, PieceLength int64

	State State

	// Pieces are the pieces that were verified, written and synced.
	Pieces swarm.Bitfield

	// Spilled are blocks that were written and synced before their piece was
	// complete, so they are not verified. Sorted by piece; each piece once.
	Spilled []Spill

	// Files are the torrent's files on disk, without pads and symlinks, in
	// the torrent's order. Empty if the torrent is not stored in files.
	Files []File

	// Part is the part file, which has bytes of some of Files.
	Part Part

	// Owned are the paths that we made or were about to make: files,
	// symlinks, and folders with a trailing slash. Sorted. No other path may
	// be overwritten or deleted.
	Owned []string

	Totals Totals
}

// A Spill is the unverified blocks of one piece in the storage.
type Spill struct {
	Piece  int
	Blocks []int // counted from zero within the piece; sorted, at least one
}

// A File is one file as it was last seen.
type File struct {
	Path    string    // relative, slash-separated
	Length  int64     // in the torrent, in bytes
	Size    int64     // on disk, in bytes; Absent if it did not exist
	ModTime time.Time // of the last write; zero if it did not exist
}

// Absent is the size of a file that does not exist.
const Absent = -1

// A Totals is what else a client restores. Nothing here depends on any of it.
type Totals struct {
	Uploaded, Downloaded, Wasted int64             // payload bytes over all runs
	Active                       time.Duration     // running time over all runs
	Added, Completed             time.Time         // zero if unknown, or not yet
	Paused                       bool              // the user paused the torrent
	Folder                       string            // the folder of the files
	Source                       string            // the path or URL that was added
	Trackers                     [][]string        // tiers of announce URLs; nil means the torrent's own
	Peers                        []netip.AddrPort  // the last peers
	Extra                        map[string]string // for the program
	Selection                    Selection         // what the user wants of it
}

// maxPieces bounds the pieces of a torrent, so that an int of 32 bits can count them.
const maxPieces = math.MaxInt32

// pieces returns the number of pieces, or -1 if the lengths are not valid.
func (r Record) pieces() int {
	if r.PieceLength < 1 || r.Length < 0 {
		return -1
	}
	n := r.Length / r.PieceLength
	if r.Length%r.PieceLength != 0 {
		n++
	}
	if n > maxPieces {
		return -1
	}
	return int(n)
}

// Owns reports whether a path is listed in Owned.
func (r Record) Owns(path string) bool {
	_, found := slices.BinarySearch(r.Owned, path)
	return found
}

// clone copies the slices that the Keeper changes in place.
func (r Record) clone() Record {
	r.Pieces = r.Pieces.Clone()
	r.Files = slices.Clone(r.Files)
	r.Owned = slices.Clone(r.Owned)
	r.Part.Files = slices.Clone(r.Part.Files)
	r.Spilled = slices.Clone(r.Spilled)
	for i := range r.Spilled {
		r.Spilled[i].Blocks = slices.Clone(r.Spilled[i].Blocks)
	}
	return r
}

// validate returns why r is not a valid record.
func (r Record) validate() error {
	n := r.pieces()
	switch {
	case len(r.Swarms) == 0:
		return errors.New("it names no swarm")
	case n < 0:
		return fmt.Errorf("length %d and piece length %d are not valid", r.Length, r.PieceLength)
	case !r.Pieces.Fits(n):
		return fmt.Errorf("its bitfield does not fit %d pieces", n)
	case r.State > Clean:
		return fmt.Errorf("unknown state %d", r.State)
	}
	if err := r.validateSpilled(n); err != nil {
		return err
	}
	for i, f := range r.Files {
		if !fs.ValidPath(f.Path) || f.Path == "." {
			return fmt.Errorf("file %d: path %q is not valid", i, f.Path)
		}
		if f.Length < 0 || f.Size < Absent {
			return fmt.Errorf("file %d: length %d or size %d is not valid", i, f.Length, f.Size)
		}
	}
	if !slices.IsSorted(r.Owned) {
		return errors.New("the owned paths are not sorted")
	}
	return r.Part.validate(len(r.Files))
}

func (r Record) validateSpilled(pieces int) error {
	last := -1
	blocks := (r.PieceLength-1)/swarm.BlockLen + 1
	for _, s := range r.Spilled {
		if s.Piece <= last || s.Piece >= pieces {
			return fmt.Errorf("spilled piece %d is out of order or range", s.Piece)
		}
		last = s.Piece
		if len(s.Blocks) == 0 {
			return fmt.Errorf("spilled piece %d has no block", s.Piece)
		}
		before := -1
		for _, b := range s.Blocks {
			if b <= before || int64(b) >= blocks || b >= maxBlocks {
				return fmt.Errorf("spilled piece %d: block %d is out of order or range", s.Piece, b)
			}
			before = b
		}
	}
	return nil
}
