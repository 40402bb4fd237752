package player

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/shoal-bt/shoal/bench/internal/child"
)

// A Remote is a client in another process, which was told to go. It is a Source.
// It is for one goroutine.
type Remote struct {
	*child.Process
	reading bool // an answer to a read is still to come, because its context ended
}

// Read implements Source. If ctx ends, what is asked next waits until the bytes are there.
func (r *Remote) Read(ctx context.Context, n int) error {
	_, err := r.ask(ctx, "read", fmt.Sprint("read ", n))
	return err
}

// Seek says where the next bytes are to be read.
func (r *Remote) Seek(ctx context.Context, off int64) error {
	_, err := r.ask(ctx, "seek", fmt.Sprint("seek ", off))
	return err
}

// Loaded returns how many bytes of the torrent were downloaded so far.
func (r *Remote) Loaded(ctx context.Context) (n int64, err error) {
	text, err := r.ask(ctx, "loaded", "loaded")
	if err == nil {
		_, err = fmt.Sscan(text, &n)
	}
	return n, err
}

// ask sends a line and returns what comes behind the word of the answer.
func (r *Remote) ask(ctx context.Context, word, line string) (string, error) {
	if r.reading {
		if _, err := r.Expect(ctx, "read"); err != nil {
			return "", err
		}
		r.reading = false
	}
	if err := r.Say(line); err != nil {
		return "", err
	}
	text, err := r.Expect(ctx, word)
	r.reading = err != nil && word == "read"
	return text, err
}

// A Content is what a client plays from.
type Content struct {
	Open   func() (io.ReadSeekCloser, error) // is called when the first bytes are wanted
	Loaded func() int64                      // bytes that were downloaded
}

// Serve does what a Remote says, until the parent has enough.
func Serve(p *child.Parent, c Content) (err error) {
	var r io.ReadSeekCloser
	defer func() {
		if r != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	for {
		line, err := p.Hear()
		if err != nil {
			p.Rest()
			return nil // the parent has enough
		}
		word, rest, _ := strings.Cut(line, " ")
		var n int64
		if rest != "" {
			if _, err := fmt.Sscan(rest, &n); err != nil {
				return fmt.Errorf("%q: %w", line, err)
			}
		}
		if r == nil && word != "loaded" {
			if r, err = c.Open(); err != nil {
				return err
			}
		}
		answer := ""
		switch word {
		case "read":
			err = readAll(r, n)
		case "seek":
			_, err = r.Seek(n, io.SeekStart)
		case "loaded":
			answer = fmt.Sprint(c.Loaded())
		default:
			err = fmt.Errorf("what is %q?", line)
		}
		if p.Context().Err() != nil {
			p.Rest()
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.Say(word, answer); err != nil {
			return err
		}
	}
}

// readStep is how many bytes are asked for at a time, at most.
const readStep = 64 << 10

// readAll reads n bytes.
func readAll(r io.Reader, n int64) error {
	buf := make([]byte, min(n, readStep))
	for n > 0 {
		m, err := io.ReadFull(r, buf[:min(n, readStep)])
		if err != nil {
			return err
		}
		n -= int64(m)
	}
	return nil
}
