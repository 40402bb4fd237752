package load

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
)

// The messages of BEP 3 that the programs need.
// https://www.bittorrent.org/beps/bep_0003.html (section "peer messages")
const (
	choke      = 0
	unchoke    = 1
	interested = 2
	bitfield   = 5
	request    = 6
	piece      = 7
)

const (
	blockLen    = 16 << 10
	helloLen    = 68
	hashAt      = 28 // of the info hash in a handshake
	headerLen   = 13 // of a piece message, before its payload
	requestLen  = 17
	maxMessage  = 1 << 20
	readBuffer  = 64 << 10
	sinkBuffer  = 256 << 10
	floorBlocks = 32 // that arrive before as many are asked for
	dialing     = 16 // connections that are made at once
)

// A Torrent is what the tools know of one.
type Torrent struct {
	ID          [20]byte
	Length      int64 // bytes, a multiple of PieceLength
	PieceLength int64 // bytes, a multiple of 16 KiB
}

// hello returns a handshake that promises no extension. The name is made up of six
// letters and chance.
func hello(id [20]byte, name string) []byte {
	b := make([]byte, 0, helloLen)
	b = append(b, "\x13BitTorrent protocol\x00\x00\x00\x00\x00\x00\x00\x00"...)
	b = append(b, id[:]...)
	return fmt.Appendf(b, "-%6.6s-%012x", name, rand.Int64N(1<<48))
}

// state returns a message without a body.
func state(kind byte) []byte { return []byte{0, 0, 0, 1, kind} }

// appendRequest appends the request of the block at an offset in the torrent.
func appendRequest(dst []byte, t Torrent, off int64) []byte {
	dst = append(dst, 0, 0, 0, requestLen-4, request)
	dst = binary.BigEndian.AppendUint32(dst, uint32(off/t.PieceLength))
	dst = binary.BigEndian.AppendUint32(dst, uint32(off%t.PieceLength))
	return binary.BigEndian.AppendUint32(dst, blockLen)
}

// next reads the head of a message: its kind, and the number of bytes that follow.
// Keep-alives are passed over.
func next(r *bufio.Reader) (kind byte, rest int, err error) {
	for {
		head, err := r.Peek(4)
		if err != nil {
			return 0, 0, err
		}
		n := binary.BigEndian.Uint32(head)
		r.Discard(4)
		switch {
		case n == 0:
			continue
		case n > maxMessage:
			return 0, 0, fmt.Errorf("a message of %d bytes", n)
		}
		kind, err = r.ReadByte()
		return kind, int(n) - 1, err
	}
}

// place reads the first two numbers of a request or piece: where the block is in
// the torrent.
func place(r *bufio.Reader, t Torrent) (off int64, err error) {
	b, err := r.Peek(8)
	if err != nil {
		return 0, err
	}
	off = int64(binary.BigEndian.Uint32(b))*t.PieceLength + int64(binary.BigEndian.Uint32(b[4:]))
	if off < 0 || off >= t.Length {
		return 0, errors.New("a block outside the torrent")
	}
	r.Discard(8)
	return off, nil
}

// shakeHands sends our handshake and interest and reads the other's handshake.
func shakeHands(rw io.ReadWriter, r *bufio.Reader, id [20]byte, name string) error {
	if _, err := rw.Write(append(hello(id, name), state(interested)...)); err != nil {
		return err
	}
	_, err := r.Discard(helloLen)
	return err
}

// shakeHandsSlowly is shakeHands, but sends our interest after the other's handshake.
func shakeHandsSlowly(rw io.ReadWriter, r *bufio.Reader, id [20]byte, name string) error {
	if _, err := rw.Write(hello(id, name)); err != nil {
		return err
	}
	if _, err := r.Discard(helloLen); err != nil {
		return err
	}
	_, err := rw.Write(state(interested))
	return err
}
