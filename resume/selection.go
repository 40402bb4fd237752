package resume

import (
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/bencode"
)

// A Selection is what the user wants of a torrent. Only its form is checked: the caller
// compares it with the torrent.
type Selection struct {
	// Files are the priorities of the torrent's files, by index, from 0 for unwanted to 7.
	// Nil means that nobody chose.
	Files []uint8

	// Pieces are priorities of pieces that were set by range, in the order in which they
	// apply.
	Pieces []PriorityRun

	// Deadlines are the times at which pieces are wanted.
	Deadlines map[int]time.Time

	Sequential bool // pieces are wanted in order
	FirstLast  bool // the first and the last piece of each file are wanted first
}

// A PriorityRun is a range of pieces and their priority.
type PriorityRun struct {
	First, Last int // both are in the range
	Priority    uint8
}

// maxPriority is the highest priority of a file or a piece.
const maxPriority = 7

// IsZero reports whether nobody chose anything.
func (s Selection) IsZero() bool {
	chose := s.Files != nil || len(s.Pieces) > 0 || len(s.Deadlines) > 0
	return !chose && !s.Sequential && !s.FirstLast
}

// valid reports whether priorities and ranges are in their limits.
func (s Selection) valid() bool {
	for _, p := range s.Files {
		if p > maxPriority {
			return false
		}
	}
	for _, r := range s.Pieces {
		if r.First < 0 || r.Last < r.First || r.Last >= maxPieces || r.Priority > maxPriority {
			return false
		}
	}
	for piece := range s.Deadlines {
		if piece < 0 || piece >= maxPieces {
			return false
		}
	}
	return true
}

// appendSelection appends s as a dictionary with the keys of what is set. Lists of numbers
// are flat, because there may be many of them.
func appendSelection(b []byte, s Selection) []byte {
	b = bencode.AppendDict(b)
	if len(s.Deadlines) > 0 {
		b = bencode.AppendString(b, "deadlines") // piece, seconds, nanoseconds
		b = bencode.AppendList(b)
		for _, piece := range slices.Sorted(maps.Keys(s.Deadlines)) {
			at := s.Deadlines[piece]
			b = bencode.AppendInt(b, int64(piece))
			b = bencode.AppendInt(b, at.Unix())
			b = bencode.AppendInt(b, int64(at.Nanosecond()))
		}
		b = bencode.AppendEnd(b)
	}
	if s.Files != nil {
		b = bencode.AppendString(b, "files")
		b = bencode.AppendBytes(b, s.Files)
	}
	if s.FirstLast {
		b = appendInt(b, "first last", 1)
	}
	if len(s.Pieces) > 0 {
		b = bencode.AppendString(b, "pieces") // first, last, priority
		b = bencode.AppendList(b)
		for _, r := range s.Pieces {
			b = bencode.AppendInt(b, int64(r.First))
			b = bencode.AppendInt(b, int64(r.Last))
			b = bencode.AppendInt(b, int64(r.Priority))
		}
		b = bencode.AppendEnd(b)
	}
	if s.Sequential {
		b = appendInt(b, "sequential", 1)
	}
	return bencode.AppendEnd(b)
}

// selection returns the Selection in a dictionary of Totals; the zero value if there is none
// or if it is not valid, because nothing else of the record depends on it.
func selection(totals bencode.Value) Selection {
	v, err := totals.GetDict("selection")
	if err != nil {
		return Selection{}
	}
	d := decoder{dict: v}
	s := Selection{Sequential: d.flag("sequential"), FirstLast: d.flag("first last")}
	files, err := v.GetBytes("files")
	if err == nil {
		s.Files = append([]uint8{}, files...)
	}
	optional(&d, files, err)
	d.triples("pieces", func(first, last, priority int64) {
		r := PriorityRun{First: index(first), Last: index(last), Priority: math.MaxUint8}
		if priority >= 0 && priority <= maxPriority {
			r.Priority = uint8(priority)
		}
		s.Pieces = append(s.Pieces, r)
	})
	d.triples("deadlines", func(piece, seconds, nanoseconds int64) {
		if s.Deadlines == nil {
			s.Deadlines = make(map[int]time.Time)
		}
		s.Deadlines[index(piece)] = time.Unix(seconds, nanoseconds)
	})
	if d.err != nil || !s.valid() {
		return Selection{}
	}
	return s
}

// index returns n as an index of a piece; -1 if it is none.
func index(n int64) int {
	if n < 0 || n >= maxPieces {
		return -1
	}
	return int(n)
}

// flag returns whether the number of an optional key is not zero.
func (d *decoder) flag(key string) bool {
	n, err := d.dict.GetInt(key)
	return optional(d, n, err) != 0
}

// triples calls take with each three numbers of an optional list.
func (d *decoder) triples(key string, take func(a, b, c int64)) {
	v, err := d.dict.GetList(key)
	v = optional(d, v, err)
	if v.Kind() != bencode.List {
		return
	}
	var numbers []int64
	for item := range v.List() {
		n, err := item.Int()
		numbers = append(numbers, required(d, n, err))
		if len(numbers) == 3 {
			take(numbers[0], numbers[1], numbers[2])
			numbers = numbers[:0]
		}
	}
	if len(numbers) > 0 {
		d.fail(errors.New("a list of a selection has a number too many or too few"))
	}
}
