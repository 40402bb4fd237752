package handshake

import (
	"slices"
)

// A Field is a set of parts of a handshake.
type Field uint8

// The parts, in the order in which they arrive.
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

// A Parser takes a handshake in as its bytes arrive. It is for programs that
// learn what they need from the first parts: the info hash is known 20 bytes
// before the peer id is, and some peers send theirs only after they got ours.
//
// The zero Parser is ready for use, and good for one handshake. Its methods may
// not be called at the same time.
type Parser struct {
	// Protocols are the names that are accepted, each of 1 to 255 bytes; none
	// means the constant Protocol alone. It is not changed, nor kept beyond the
	// Parser.
	Protocols []string

	name   string // of the protocol, once it is known
	filled int    // bytes of buf that are filled
	buf    [1 + 255 + fixedLen]byte
}

// Feed takes bytes from the front of b and returns how many: all of them, or
// those up to the end of the handshake. What is left of b is not part of it. An
// error is a *ProtocolError, and comes at the first byte that no accepted
// protocol could have there.
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

// matchName compares what came so far with the accepted protocols, and sets name
// once it is whole.
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

// Known returns the parts that have arrived whole.
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

// Want returns how many bytes the handshake is known to need yet: a program that
// reads no more than these at a time takes nothing that follows. It is 0 once
// the handshake is whole.
func (p *Parser) Want() int {
	return p.wantUntil(PeerID)
}

// wantUntil returns how many bytes are missing until f is known, as far as can be
// told: the length of the name is in the first byte.
func (p *Parser) wantUntil(f Field) int {
	if p.name != "" {
		return max(0, p.end(f)-p.filled)
	}
	if names := p.protocols(); len(names) == 1 {
		return 1 + len(names[0]) + endAfterName(f) - p.filled
	}
	if p.filled == 0 {
		return 1
	}
	return 1 + int(p.buf[0]) + endAfterName(f) - p.filled
}

// Handshake returns what has arrived: parts that are not in Known are zero.
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

func (p *Parser) protocols() []string {
	if len(p.Protocols) == 0 {
		return defaultProtocols
	}
	return p.Protocols
}

var defaultProtocols = []string{Protocol}

// end returns the offset at which f ends. The name must be known.
func (p *Parser) end(f Field) int {
	return 1 + len(p.name) + endAfterName(f)
}

// endAfterName returns how many bytes lie between the name and the end of f.
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
