package load

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
)

// gathered is the number of requests that Blast answers with one write at most.
const gathered = 16

// A Blast is a seeder that has everything, chokes nobody, answers for any info
// hash and knows no limit: up to 16 waiting requests are read from the file one by
// one and sent in one write. It is the least that a seeder in user space does.
type Blast struct {
	Torrent Torrent
	File    string // holds the content, end to end
}

// Serve answers on listeners until ctx is done, and closes them.
func (b *Blast) Serve(ctx context.Context, listeners ...net.Listener) error {
	f, err := os.Open(b.File)
	if err != nil {
		return err
	}
	defer f.Close()
	var conns sync.Map
	stop := context.AfterFunc(ctx, func() {
		for _, l := range listeners {
			l.Close()
		}
		conns.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
	})
	defer stop()
	var all sync.WaitGroup
	for _, l := range listeners {
		all.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				conns.Store(c, nil)
				all.Go(func() {
					defer conns.Delete(c)
					defer c.Close()
					if ctx.Err() == nil {
						b.answer(c, f) // an error is the leecher's trouble
					}
				})
			}
		})
	}
	all.Wait()
	return nil
}

// answer serves one connection until it ends.
func (b *Blast) answer(c net.Conn, f io.ReaderAt) error {
	r := bufio.NewReaderSize(c, readBuffer)
	theirs, err := r.Peek(helloLen)
	if err != nil {
		return err
	}
	greeting := slices.Concat(hello([20]byte(theirs[hashAt:]), "XB0001"), b.claim(), state(unchoke))
	if _, err := c.Write(greeting); err != nil {
		return err
	}
	r.Discard(helloLen)
	return b.respond(c, r, f)
}

// Dial connects to a leecher and answers it until the connection ends or ctx is done.
// It calls asked when the first request comes. The handshake goes alone, because aria2
// bans a peer that sends more with it.
func (b *Blast) Dial(ctx context.Context, addr string, asked func()) error {
	f, err := os.Open(b.File)
	if err != nil {
		return err
	}
	defer f.Close()
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	r := bufio.NewReaderSize(c, readBuffer)
	if _, err := c.Write(hello(b.Torrent.ID, "XB0001")); err != nil {
		return err
	}
	if _, err := r.Discard(helloLen); err != nil {
		return err
	}
	if _, err := c.Write(append(b.claim(), state(unchoke)...)); err != nil {
		return err
	}
	if err := awaitRequest(r); err != nil {
		return err
	}
	asked()
	return b.respond(c, r, f)
}

// awaitRequest passes over messages until the next one is a request.
func awaitRequest(r *bufio.Reader) error {
	for {
		head, err := r.Peek(5)
		if err != nil {
			return err
		}
		if binary.BigEndian.Uint32(head) == 0 {
			r.Discard(4) // a keep-alive
			continue
		}
		if head[4] == request {
			return nil
		}
		_, rest, err := next(r)
		if err != nil {
			return err
		}
		if _, err := r.Discard(rest); err != nil {
			return err
		}
	}
}

// respond answers requests until the connection ends.
func (b *Blast) respond(c net.Conn, r *bufio.Reader, f io.ReaderAt) (err error) {
	out := make([]byte, 0, gathered*(headerLen+blockLen))
	for {
		out = out[:0]
		for n := 0; n < gathered && (n == 0 || whole(r)); {
			kind, rest, err := next(r)
			if err != nil {
				return err
			}
			if kind != request || rest != requestLen-5 {
				if _, err := r.Discard(rest); err != nil {
					return err
				}
				continue
			}
			if out, err = b.appendBlock(out, r, f); err != nil {
				return err
			}
			n++
		}
		if _, err := c.Write(out); err != nil {
			return err
		}
	}
}

// claim returns a bitfield that says that every piece is here.
func (b *Blast) claim() []byte {
	n := int(b.Torrent.Length / b.Torrent.PieceLength)
	size := (n + 7) / 8
	m := binary.BigEndian.AppendUint32(nil, uint32(size+1))
	m = append(m, bitfield)
	for i := range size {
		m = append(m, 0xff<<max(0, (i+1)*8-n))
	}
	return m
}

// whole reports whether a whole message waits in the buffer of r.
func whole(r *bufio.Reader) bool {
	if r.Buffered() < 4 {
		return false
	}
	head, err := r.Peek(4)
	return err == nil && int64(binary.BigEndian.Uint32(head)) <= int64(r.Buffered()-4)
}

// appendBlock reads the body of a request and appends the answer to it.
func (b *Blast) appendBlock(dst []byte, r *bufio.Reader, f io.ReaderAt) ([]byte, error) {
	body, err := r.Peek(requestLen - 5)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(body[8:]))
	if n <= 0 || n > blockLen {
		return nil, errors.New("a request of another length than 16 KiB")
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(headerLen-4+n))
	dst = append(append(dst, piece), body[:8]...)
	off, err := place(r, b.Torrent)
	if err != nil {
		return nil, err
	}
	r.Discard(4)
	at := len(dst)
	dst = dst[:at+n]
	_, err = f.ReadAt(dst[at:], off)
	return dst, err
}
