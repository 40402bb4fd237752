package builder

import (
	"context"
	"fmt"
	"io"
)

// A content reads the torrent's bytes from the inputs. It has one of them open at
// a time, and one goroutine at a time may use it.
type content struct {
	ctx    context.Context
	plan   *plan
	entry  int    // the file that source is of
	source source // nil while none is open
}

func (c *content) Close() {
	if c.source != nil {
		c.source.Close()
		c.source = nil
	}
}

// ReadAt fills b from offset off of the torrent.
func (c *content) ReadAt(b []byte, off int64) (int, error) {
	done := 0
	entries := c.plan.layout.Entries
	for n := c.plan.entryAt(off); done < len(b) && n < len(entries); n++ {
		if err := c.ctx.Err(); err != nil {
			return done, err
		}
		e := &entries[n]
		at := off + int64(done) - e.Offset
		inEntry := b[done:][:min(int64(len(b)-done), e.Length-at)]
		if len(inEntry) == 0 {
			continue
		}
		if e.Pad {
			clear(inEntry)
		} else if err := c.read(n, inEntry, at); err != nil {
			return done, err
		}
		done += len(inEntry)
	}
	if done < len(b) {
		return done, io.EOF
	}
	return done, nil
}

// read fills b from offset at of the input of entry n.
func (c *content) read(n int, b []byte, at int64) error {
	in := c.plan.files[n].input
	if c.source == nil || c.entry != n {
		c.Close()
		s, err := in.open()
		if err != nil {
			return err
		}
		c.source, c.entry = s, n
		if s.Size() != in.length {
			return changed(in, s.Size())
		}
	}
	m, err := c.source.ReadAt(b, at)
	switch {
	case m == len(b):
		return nil
	case err == nil || err == io.EOF:
		return fmt.Errorf("%s: it became shorter while it was read; %s", in.onDisk, whenQuiet)
	}
	return fmt.Errorf("%s: %w", in.onDisk, err)
}

// changed returns the error about an input that now has size bytes.
func changed(in *input, size int64) error {
	if size != in.length {
		return fmt.Errorf("%s: it had %d bytes and now has %d; %s", in.onDisk, in.length, size, whenQuiet)
	}
	return fmt.Errorf("%s: it was written to while it was read; %s", in.onDisk, whenQuiet)
}

const whenQuiet = "build again when nothing writes to it"

// checkUnchanged returns an error if an input is no longer as it was found, because its
// hashes may then be of a mixture.
func checkUnchanged(ctx context.Context, inputs []input) error {
	for n := range inputs {
		in := &inputs[n]
		if in.stat == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		fi, err := in.stat()
		if err != nil {
			return err
		}
		if fi.Size() != in.length || !fi.ModTime().Equal(in.modified) || !fi.Mode().IsRegular() {
			return changed(in, fi.Size())
		}
	}
	return nil
}
