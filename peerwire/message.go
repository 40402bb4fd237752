package peerwire

import (
	"encoding/binary"

	"github.com/shoal-bt/shoal/swarm"
)

// A Message is any message after the handshake, as a value. Which fields mean
// something depends on Kind; the others are zero in what is decoded, and ignored in
// what is encoded.
type Message struct {
	Kind Kind

	// Piece is the index of the piece of Have, Suggest and AllowedFast.
	Piece int

	// Block is what Request, Cancel, Reject and Piece are about. For Piece its
	// Length is that of Data, in bytes.
	Block swarm.Block

	// Data is the payload of Piece, the bytes of Bitfield, and the body of
	// Extended (behind ExtID) and Unknown. In a decoded message it belongs to
	// whoever decoded it.
	Data []byte

	// Port is the UDP port of Port.
	Port uint16

	// ExtID is the number of the extension of Extended, 0 for its handshake, and
	// the message's byte of Unknown.
	ExtID uint8
}

const (
	prefixLen        = 4             // bytes of the length before each message
	haveLen          = 1 + 4         // length of a message with one index
	requestLen       = 1 + 4 + 4 + 4 // length of a message that names a block
	pieceOverhead    = 1 + 4 + 4     // length of Piece without its payload
	portLen          = 1 + 2         // length of Port
	extendedOverhead = 1 + 1         // length of Extended without its body
	headerLen        = prefixLen + 4*2 + 1
)

// PieceHeaderLen is the number of bytes that AppendPieceHeader appends.
const PieceHeaderLen = headerLen

// Len returns the number of bytes that AppendTo appends.
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

// AppendTo appends the message as it goes on the wire to dst and returns the
// extended slice. It checks nothing: numbers must fit in 32 bits.
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

// AppendPieceHeader appends the PieceHeaderLen bytes of a Piece message that come
// before its payload. The caller puts b.Length bytes of payload behind them.
func AppendPieceHeader(dst []byte, b swarm.Block) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(pieceOverhead+b.Length))
	dst = append(dst, byte(Piece))
	dst = binary.BigEndian.AppendUint32(dst, uint32(b.Piece))
	return binary.BigEndian.AppendUint32(dst, uint32(b.Begin))
}
