package metainfo

import (
	"context"
	"fmt"
	"io"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// A plan is a torrent in the making: what its pieces are made of, and the hashes
// as far as they are known.
type plan struct {
	info   *Info // without hashes
	files  []rawFile
	inputs []*input   // for each entry of info; nil for pads
	total  int64      // bytes of content
	one    []byte     // v1 hashes, 20 bytes for each piece
	two    [][32]byte // v2 hashes of pieces
}

func newPlan(info *Info, files []rawFile, inputs []input, total int64) *plan {
	p := &plan{info: info, files: files, inputs: make([]*input, len(files)), total: total}
	next := 0
	for n := range files {
		if !files[n].pad {
			p.inputs[n] = &inputs[next]
			next++
		}
	}
	if info.v1 {
		p.one = make([]byte, 20*info.Pieces())
	}
	if info.v2 {
		p.two = make([][32]byte, info.Pieces())
	}
	return p
}

// layer returns the v2 hashes of the pieces of an entry.
func (p *plan) layer(entry int) [][32]byte {
	first, end := p.info.Entries[entry].Pieces()
	return p.two[first:end]
}

// setRoots computes the pieces roots from the hashes of the pieces.
func (p *plan) setRoots() {
	for n := range p.files {
		f := &p.files[n]
		switch layer := p.layer(n); {
		case f.pad || f.length == 0:
		case f.length <= p.info.PieceLength:
			f.root = layer[0]
		default:
			f.root = piecehash.Root(layer, piecehash.PieceLayer(p.info.PieceLength))
		}
	}
}

// putLayers hands the piece layers on to the Info that was parsed.
func (p *plan) putLayers(info *Info) error {
	if !info.HasV2() {
		return nil
	}
	for n := range p.files {
		if f := &p.files[n]; !f.pad && f.length > info.PieceLength {
			if err := info.setPieceLayer(f.root, p.layer(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// onDisk returns the files as they were found.
func (p *plan) onDisk() []swarm.File {
	files := p.info.Files()
	for n, in := range p.inputs {
		if in == nil {
			continue // a pad is nowhere
		}
		files[n].Path, files[n].Symlink = in.disk, in.target
	}
	return files
}

// A content reads the torrent's bytes from the inputs, one open at a time. It
// is for one goroutine.
type content struct {
	ctx   context.Context
	plan  *plan
	entry int // of file
	file  source
}

func (c *content) Close() {
	if c.file != nil {
		c.file.Close()
		c.file = nil
	}
}

// ReadAt fills b from offset off of the torrent.
func (c *content) ReadAt(b []byte, off int64) (int, error) {
	done := 0
	for n := c.plan.info.entryAt(off); done < len(b) && n < len(c.plan.info.Entries); n++ {
		if err := c.ctx.Err(); err != nil {
			return done, err
		}
		e := &c.plan.info.Entries[n]
		at := off + int64(done) - e.Offset
		part := b[done:][:min(int64(len(b)-done), e.Length-at)]
		if len(part) == 0 {
			continue
		}
		if e.Pad {
			clear(part)
		} else if err := c.read(n, part, at); err != nil {
			return done, err
		}
		done += len(part)
	}
	if done < len(b) {
		return done, io.EOF
	}
	return done, nil
}

// read fills b from offset at of the input of entry n.
func (c *content) read(n int, b []byte, at int64) error {
	in := c.plan.inputs[n]
	if c.file == nil || c.entry != n {
		c.Close()
		f, err := in.open()
		if err != nil {
			return err
		}
		c.file, c.entry = f, n
		if f.Size() != in.length {
			return fmt.Errorf("%s: it had %d bytes and now has %d", in.disk, in.length, f.Size())
		}
	}
	if m, err := c.file.ReadAt(b, at); m < len(b) {
		if err == nil || err == io.EOF {
			return fmt.Errorf("%s: it became shorter while it was read", in.disk)
		}
		return fmt.Errorf("%s: %w", in.disk, err)
	}
	return nil
}
