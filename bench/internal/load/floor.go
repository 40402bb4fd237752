package load

import (
	"bufio"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// A Floor is the least that a leecher in Go can do: one connection, requests in
// order, bytes that are read straight into the buffer of a piece, and on another
// goroutine SHA-1 of the standard library and one write a piece.
type Floor struct {
	Torrent Torrent
	Addr    string // of the seeder
	Depth   int    // requests under way
	File    string // to write; it is made
	Hashes  [][20]byte

	c     net.Conn
	r     *bufio.Reader
	asked int64 // bytes
	out   []byte
}

// pieceBuffers is the number of pieces that Floor has in memory.
const pieceBuffers = 8

// A filled is a piece that is complete.
type filled struct {
	piece int64
	bytes []byte
}

// Run downloads the torrent.
func (f *Floor) Run(ctx context.Context) error {
	file, err := os.Create(f.File)
	if err != nil {
		return err
	}
	defer file.Close()
	var dialer net.Dialer
	f.c, err = dialer.DialContext(ctx, "tcp", f.Addr)
	if err != nil {
		return err
	}
	defer f.c.Close()
	defer context.AfterFunc(ctx, func() { f.c.Close() })()
	f.r = bufio.NewReaderSize(f.c, readBuffer)
	if err := shakeHands(f.c, f.r, f.Torrent.ID, "XF0001"); err != nil {
		return err
	}
	free, full := make(chan []byte, pieceBuffers), make(chan filled, pieceBuffers)
	for range pieceBuffers {
		free <- make([]byte, f.Torrent.PieceLength)
	}
	kept := make(chan error, 1)
	go func() { kept <- f.keep(file, full, free) }()
	err = f.receive(full, free)
	close(full)
	return errors.Join(err, <-kept)
}

// keep hashes and writes pieces. After an error it goes on taking them.
func (f *Floor) keep(file io.WriterAt, full <-chan filled, free chan<- []byte) (first error) {
	for p := range full {
		var err error
		if sha1.Sum(p.bytes) != f.Hashes[p.piece] {
			err = fmt.Errorf("piece %d is wrong", p.piece)
		} else {
			_, err = file.WriteAt(p.bytes, p.piece*f.Torrent.PieceLength)
		}
		if first == nil {
			first = err
		}
		free <- p.bytes
	}
	return first
}

// receive asks for all blocks in order and fills pieces with them.
func (f *Floor) receive(full chan<- filled, free <-chan []byte) error {
	t, buf := f.Torrent, <-free
	arrived, some := 0, min(floorBlocks, f.Depth)
	for got := int64(0); got < t.Length; {
		kind, rest, err := next(f.r)
		if err != nil {
			return err
		}
		switch kind {
		case unchoke:
			err = f.ask(f.Depth)
		case piece:
			off, e := place(f.r, t)
			if e != nil {
				return e
			}
			if off != got || rest-8 != blockLen {
				return errors.New("a block that was not asked for")
			}
			if _, err = io.ReadFull(f.r, buf[off%t.PieceLength:][:blockLen]); err != nil {
				return err
			}
			got += blockLen
			if arrived++; arrived == some {
				arrived = 0
				err = f.ask(some)
			}
			if got%t.PieceLength == 0 {
				full <- filled{off / t.PieceLength, buf}
				buf = <-free
			}
		default:
			_, err = f.r.Discard(rest)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask requests the next n blocks with one write.
func (f *Floor) ask(n int) error {
	f.out = f.out[:0]
	for ; n > 0 && f.asked < f.Torrent.Length; n-- {
		f.out = appendRequest(f.out, f.Torrent, f.asked)
		f.asked += blockLen
	}
	_, err := f.c.Write(f.out)
	return err
}
