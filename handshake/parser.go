package handshake

import (
	"slices"
)

// A Field is a set of parts of a handshake.
type Field uint8

// The parts, in the order in which they arrive, see
// https://www.bittorrent.org/beps/bep_0003.html#peer-protocol.
const (
	// Name is the name of the protocol.
	Name Field = 1 << iota
	// ReservedBits are the eight reserved bytes.
	ReservedBits
	// InfoHash is the info hash.
	InfoHash
	// PeerID is the peer id.
	PeerID

	// All is every part.
	All = Name | ReservedBits | InfoHash | PeerID
)

// Has reports whether all the parts in g are in f.
func (f Field) Has(g Field) bool {
	return f&g == g
}

// A Parser parses a handshake while its bytes arrive. It is for programs that act on the
// first parts: the info hash is known 20 bytes before the peer id, and some peers send
// their peer id only after they have received ours.
//
// The zero Parser is ready for use, for one handshake. Only one goroutine at a time may
// use it.
type Parser struct {
	// Protocols are the accepted protocol names, each of 1 to 255 bytes. Empty means
	// the constant Protocol alone. The Parser does not modify the slice.
	Protocols []string

	name   string // the protocol, once it is known
	filled int    // how many bytes of buf have arrived
	buf    [1 + 255 + fixedLen]byte
}

// Feed takes bytes from the start of b and returns how many: all of b, or those up to the
// end of the handshake. It copies them. The error is a *ProtocolError, and comes at the
// first byte that no accepted protocol has there.
func (p *Parser) Feed(b []byte) (n int, err error) {
	for p.name == "" && n < len(b) {
		p.buf[p.filled] = b[n]
		p.filled++
		n++
		if err := p.matchName(); err != nil {
			return n, err
		}
	}
	if p.name == "" {
		return n, nil
	}
	m := copy(p.buf[p.filled:p.end(PeerID)], b[n:])
	p.filled += m
	return n + m, nil
}

// matchName compares what has arrived with the accepted protocols, and sets name once
// it is complete. The first byte is the length of the name, see
// https://www.bittorrent.org/beps/bep_0003.html#peer-protocol.
func (p *Parser) matchName() error {
	got := p.buf[1:p.filled]
	possible := false
	for _, name := range p.protocols() {
		if len(name) != int(p.buf[0]) || len(name) == 0 || name[:len(got)] != string(got) {
			continue
		}
		if len(name) == len(got) {
			p.name = name
			return nil
		}
		possible = true
	}
	if !possible {
		return &ProtocolError{Start: slices.Clone(p.buf[:p.filled])}
	}
	return nil
}

// Known returns the parts that have arrived completely.
func (p *Parser) Known() Field {
	var f Field
	if p.name == "" {
		return f
	}
	for _, g := range [...]Field{Name, ReservedBits, InfoHash, PeerID} {
		if p.filled >= p.end(g) {
			f |= g
		}
	}
	return f
}

// Want returns how many bytes the handshake still needs at least. A program that reads
// no more than these at a time reads nothing that follows the handshake. Want is 0 once
// the handshake is complete.
func (p *Parser) Want() int {
	return p.wantUntil(PeerID)
}

// wantUntil returns how many bytes are needed, at least, until f is known. The length of
// the name is known from the first byte on, or before if only one name is accepted.
func (p *Parser) wantUntil(f Field) int {
	if p.name != "" {
		return max(0, p.end(f)-p.filled)
	}
	names := p.protocols()
	if len(names) == 1 {
		return 1 + len(names[0]) + endAfterName(f) - p.filled
	}
	if p.filled == 0 {
		return 1
	}
	return 1 + int(p.buf[0]) + endAfterName(f) - p.filled
}

// Handshake returns what has arrived. Parts that are not in Known are zero.
func (p *Parser) Handshake() Handshake {
	h := Handshake{Protocol: p.name}
	known := p.Known()
	if known.Has(ReservedBits) {
		copy(h.Reserved[:], p.buf[p.end(Name):])
	}
	if known.Has(InfoHash) {
		copy(h.InfoHash[:], p.buf[p.end(ReservedBits):])
	}
	if known.Has(PeerID) {
		copy(h.PeerID[:], p.buf[p.end(InfoHash):])
	}
	return h
}

// protocols returns the accepted names.
func (p *Parser) protocols() []string {
	if len(p.Protocols) == 0 {
		return defaultProtocols
	}
	return p.Protocols
}

// defaultProtocols are the accepted names if Protocols is empty.
var defaultProtocols = []string{Protocol}

// end returns the offset at which f ends. The name must be known.
func (p *Parser) end(f Field) int {
	return 1 + len(p.name) + endAfterName(f)
}

// endAfterName returns how many bytes there are between the name and the end of f.
func endAfterName(f Field) int {
	switch f {
	case ReservedBits:
		return 8
	case InfoHash:
		return 8 + hashLen
	case PeerID:
		return fixedLen
	}
	return 0
}
