package resume

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// A Part is the part file of a torrent: it has bytes of files that are not wanted and do not
// exist.
type Part struct {
	Path    string    // relative, slash-separated; empty if there is no part file
	Size    int64     // on disk, in bytes
	ModTime time.Time // of the last write

	// Files are the indexes, in Record.Files, of the files that have bytes in it. Sorted.
	Files []int
}

// validate returns why p is not valid in a record of the given number of files.
func (p Part) validate(files int) error {
	if p.Path == "" && len(p.Files) > 0 {
		return errors.New("files are in a part file without a path")
	}
	if p.Path != "" && (!fs.ValidPath(p.Path) || p.Path == "." || p.Size < 0) {
		return fmt.Errorf("part file %q of %d bytes is not valid", p.Path, p.Size)
	}
	last := -1
	for _, i := range p.Files {
		if i <= last || i >= files {
			return fmt.Errorf("the index %d of a file in the part file is out of order or range", i)
		}
		last = i
	}
	return nil
}

// has reports whether the file with an index has bytes in p.
func (p Part) has(file int) bool {
	_, found := slices.BinarySearch(p.Files, file)
	return found
}

// equal reports whether nothing differs.
func (p Part) equal(q Part) bool {
	return p.Path == q.Path && p.Size == q.Size && p.ModTime.Equal(q.ModTime) && slices.Equal(p.Files, q.Files)
}

// now returns p as it is now; the zero Part if it does not exist.
func (p Part) now(stat func(string) (fs.FileInfo, error)) (Part, error) {
	if p.Path == "" {
		return Part{}, nil
	}
	f, err := statFile(stat, p.Path, 0)
	if err != nil || f.Size == Absent {
		return Part{}, err
	}
	p.Size, p.ModTime = f.Size, f.ModTime
	return p, nil
}

// dropPart clears the pieces, and the blocks of pieces, that need the part file but cannot be
// read from it as they were: now is the part file as it is. It also clears those that have
// bytes of a file that did not exist and was not in the part file. It returns what it
// cleared.
func (r *Record) dropPart(p Probe, now Part) swarm.Bitfield {
	needed := swarm.NewBitfield(r.pieces())
	fill := func(f swarm.File) {
		for piece := f.Offset / r.PieceLength; f.Length > 0 && piece <= (f.Offset+f.Length-1)/r.PieceLength; piece++ {
			needed.Set(int(piece))
		}
	}
	intact := now.equal(r.Part)
	for i, f := range onDisk(p.Files) {
		if r.Part.has(i) && !intact {
			fill(f)
		}
	}
	r.Spilled = slices.DeleteFunc(r.Spilled, func(s Spill) bool { return needed.Has(s.Piece) })
	for i, f := range onDisk(p.Files) {
		if r.Files[i].Size == Absent && !r.Part.has(i) {
			fill(f)
		}
	}
	for i := range needed {
		needed[i] &= r.Pieces[i]
		r.Pieces[i] &^= needed[i]
	}
	return needed
}

func appendPart(b []byte, p Part) []byte {
	b = bencode.AppendDict(b)
	b = bencode.AppendString(b, "files")
	b = bencode.AppendList(b)
	for _, i := range p.Files {
		b = bencode.AppendInt(b, int64(i))
	}
	b = bencode.AppendEnd(b)
	b = appendTime(b, "mtime", p.ModTime)
	b = bencode.AppendString(b, "path")
	b = bencode.AppendString(b, p.Path)
	b = appendInt(b, "size", p.Size)
	return bencode.AppendEnd(b)
}

// part returns the Part of a record with the given number of files; the zero Part if there is none or if
// it is not valid, which costs the pieces that need it.
func part(record bencode.Value, files int) Part {
	v, err := record.GetDict("part")
	if err != nil {
		return Part{}
	}
	d := decoder{dict: v}
	p := Part{Path: d.text("path"), Size: d.int("size"), ModTime: d.time("mtime")}
	for item := range d.list("files").List() {
		i, err := item.Int()
		p.Files = append(p.Files, index(required(&d, i, err)))
	}
	if d.err != nil || p.Path == "" || p.validate(files) != nil {
		return Part{}
	}
	return p
}
