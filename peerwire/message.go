package peerwire

import (
	"encoding/binary"

	"github.com/shoal-bt/shoal/swarm"
)

// A Message is any message after the handshake. Kind says which fields have a meaning;
// decoding leaves the others zero, and encoding ignores them.
type Message struct {
	Kind Kind

	// Piece is the index of the piece of Have, Suggest and AllowedFast.
	Piece int

	// Block is the block of Request, Cancel, Reject and Piece. For Piece, Length is
	// the number of bytes in Data.
	Block swarm.Block

	// Data is the payload of Piece, the bits of Bitfield, and the body of Extended
	// (after ExtID) and Unknown. In a decoded message it points into the buffer of
	// the Decoder's caller or of the Reader.
	Data []byte

	// Port is the UDP port in a Port message.
	Port uint16

	// ExtID is the number of the extension in Extended, 0 for the extension
	// handshake; in Unknown it is the first byte of the message.
	ExtID uint8
}

// Lengths in bytes, without the prefix, see
// https://www.bittorrent.org/beps/bep_0003.html#peer-messages.
const (
	prefixLen        = 4             // the prefix of each message: its length
	haveLen          = 1 + 4         // Have and others with one index
	requestLen       = 1 + 4 + 4 + 4 // Request and others that name a block
	pieceOverhead    = 1 + 4 + 4     // Piece without its payload
	portLen          = 1 + 2         // Port
	extendedOverhead = 1 + 1         // Extended without its body
)

// PieceHeaderLen is how many bytes AppendPieceHeader appends.
const PieceHeaderLen = prefixLen + pieceOverhead

// Len returns how many bytes AppendTo appends.
func (m Message) Len() int {
	switch m.Kind {
	case KeepAlive:
		return prefixLen
	case Have, Suggest, AllowedFast:
		return prefixLen + haveLen
	case Request, Cancel, Reject:
		return prefixLen + requestLen
	case Piece:
		return prefixLen + pieceOverhead + len(m.Data)
	case Port:
		return prefixLen + portLen
	case Extended:
		return prefixLen + extendedOverhead + len(m.Data)
	case Bitfield, Unknown:
		return prefixLen + 1 + len(m.Data)
	}
	return prefixLen + 1
}

// AppendTo appends the encoded message to dst and returns the extended slice. It copies
// Data. It checks nothing: the caller sees to it that numbers fit in 32 bits.
func (m Message) AppendTo(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(m.Len()-prefixLen))
	switch m.Kind {
	case KeepAlive:
		return dst
	case Unknown:
		dst = append(dst, m.ExtID)
		return append(dst, m.Data...)
	}
	dst = append(dst, byte(m.Kind))
	switch m.Kind {
	case Have, Suggest, AllowedFast:
		dst = binary.BigEndian.AppendUint32(dst, uint32(m.Piece))
	case Request, Cancel, Reject:
		dst = binary.BigEndian.AppendUint32(dst, uint32(m.Block.Piece))
		dst = binary.BigEndian.AppendUint32(dst, uint32(m.Block.Begin))
		dst = binary.BigEndian.AppendUint32(dst, uint32(m.Block.Length))
	case Piece:
		dst = binary.BigEndian.AppendUint32(dst, uint32(m.Block.Piece))
		dst = binary.BigEndian.AppendUint32(dst, uint32(m.Block.Begin))
		dst = append(dst, m.Data...)
	case Port:
		dst = binary.BigEndian.AppendUint16(dst, m.Port)
	case Extended:
		dst = append(dst, m.ExtID)
		dst = append(dst, m.Data...)
	case Bitfield:
		dst = append(dst, m.Data...)
	}
	return dst
}

// AppendPieceHeader appends to dst the PieceHeaderLen bytes of a Piece message that come
// before the payload, and returns the extended slice. The caller appends the b.Length
// bytes of payload.
func AppendPieceHeader(dst []byte, b swarm.Block) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(pieceOverhead+b.Length))
	dst = append(dst, byte(Piece))
	dst = binary.BigEndian.AppendUint32(dst, uint32(b.Piece))
	return binary.BigEndian.AppendUint32(dst, uint32(b.Begin))
}
