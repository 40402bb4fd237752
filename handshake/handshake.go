package handshake

import (
	"errors"
	"fmt"
	"io"
)

// Protocol is the name of the BitTorrent protocol, with which a handshake begins, see
// https://www.bittorrent.org/beps/bep_0003.html#peer-protocol.
const Protocol = "BitTorrent protocol"

// Len is the length in bytes of a handshake whose protocol is Protocol.
const Len = 1 + len(Protocol) + fixedLen

const (
	hashLen  = 20                    // bytes of an info hash, and of a peer id
	fixedLen = 8 + hashLen + hashLen // bytes after the protocol's name
)

// A Handshake is the first thing that each side of a connection sends, see
// https://www.bittorrent.org/beps/bep_0003.html#peer-protocol.
type Handshake struct {
	// Protocol is the name of the protocol, at most 255 bytes. When a handshake is
	// written, empty means the constant Protocol; one that was read has a name.
	Protocol string

	// Reserved says which extensions the sender supports.
	Reserved Reserved

	// InfoHash names the swarm. It is a v1 info hash, or a v2 info hash truncated to
	// 20 bytes.
	InfoHash [20]byte

	// PeerID is the peer id that the sender chose.
	PeerID [20]byte
}

// errLongProtocol means that the caller's protocol name does not fit its length byte.
var errLongProtocol = errors.New("the protocol name is longer than 255 bytes; use a shorter one")

// protocol returns the name that is sent.
func (h Handshake) protocol() string {
	if h.Protocol == "" {
		return Protocol
	}
	return h.Protocol
}

// AppendTo appends the encoded handshake to dst and returns the extended slice. It
// panics if the protocol name is longer than 255 bytes.
func (h Handshake) AppendTo(dst []byte) []byte {
	name := h.protocol()
	if len(name) > 255 {
		panic("handshake: " + errLongProtocol.Error())
	}
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	dst = append(dst, h.Reserved[:]...)
	dst = append(dst, h.InfoHash[:]...)
	return append(dst, h.PeerID[:]...)
}

// Write writes the handshake with one call of w.Write. The error is that of w, or says
// that the protocol name is longer than 255 bytes.
func Write(w io.Writer, h Handshake) error {
	if err := write(w, h); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	return nil
}

func write(w io.Writer, h Handshake) error {
	if len(h.protocol()) > 255 {
		return errLongProtocol
	}
	if _, err := w.Write(h.AppendTo(make([]byte, 0, Len))); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

// Read reads one handshake from r and not a byte more. The protocol must be one of
// protocols; if none is given, it must be the constant Protocol. For any other the error
// is a *ProtocolError, which comes as soon as the first wrong byte was read. If r ends
// within the handshake, the error matches io.ErrUnexpectedEOF; if it ends before the
// first byte, io.EOF.
//
// Read has no time limit: set a deadline on a connection first.
func Read(r io.Reader, protocols ...string) (Handshake, error) {
	p := Parser{Protocols: protocols}
	if err := readUntil(r, &p, PeerID); err != nil {
		return Handshake{}, fmt.Errorf("handshake: %w", err)
	}
	return p.Handshake(), nil
}

// readUntil reads from r until f is known. It reads no byte after the end of f.
func readUntil(r io.Reader, p *Parser, f Field) error {
	var buf [1 + 255 + fixedLen]byte
	for !p.Known().Has(f) {
		n, err := r.Read(buf[:p.wantUntil(f)])
		if n > 0 {
			if _, err := p.Feed(buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == nil || p.Known().Has(f):
		case errors.Is(err, io.EOF) && p.filled > 0:
			return fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)
		default:
			return fmt.Errorf("reading: %w", err)
		}
	}
	return nil
}
