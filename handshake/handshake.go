package handshake

import (
	"errors"
	"fmt"
	"io"
)

// Protocol is the name that BitTorrent peers begin with.
const Protocol = "BitTorrent protocol"

// Len is the number of bytes of a handshake whose protocol is Protocol.
const Len = 1 + len(Protocol) + fixedLen

const (
	hashLen  = 20                    // bytes of an info hash, and of a peer id
	fixedLen = 8 + hashLen + hashLen // bytes behind the protocol's name
)

// A Handshake is what a peer says first.
type Handshake struct {
	// Protocol is the name of the protocol that is to follow, at most 255
	// bytes. Empty means the constant Protocol; what is read always has a name.
	Protocol string

	// Reserved is what the sender says that it understands.
	Reserved Reserved

	// InfoHash names the swarm: a v1 info hash, or a v2 info hash cut to 20 bytes.
	InfoHash [20]byte

	// PeerID is the name that the sender gave itself.
	PeerID [20]byte
}

// errLongProtocol says that our own protocol's name does not fit its length byte.
var errLongProtocol = errors.New("the protocol's name is longer than 255 bytes")

// protocol returns the name that goes on the wire.
func (h Handshake) protocol() string {
	if h.Protocol == "" {
		return Protocol
	}
	return h.Protocol
}

// AppendTo appends the handshake to dst and returns the extended slice. A name
// longer than 255 bytes cannot be written, and panics.
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

// Write sends the handshake with one call of w.Write.
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

// Read takes one handshake off r and not a byte more. The protocol must be one
// of protocols; none given means the constant Protocol alone. A peer that says
// anything else gets a *ProtocolError as soon as the first wrong bytes are read.
// If r ends within the handshake the error matches io.ErrUnexpectedEOF, and if
// it ends before its first byte, io.EOF.
//
// Read waits as long as r does: give a connection a deadline first.
func Read(r io.Reader, protocols ...string) (Handshake, error) {
	p := Parser{Protocols: protocols}
	if err := readUntil(r, &p, PeerID); err != nil {
		return Handshake{}, fmt.Errorf("handshake: %w", err)
	}
	return p.Handshake(), nil
}

// readUntil reads what p wants from r, and no more, until f is known.
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
