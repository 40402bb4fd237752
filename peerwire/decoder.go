package peerwire

import (
	"encoding/binary"
	"math"

	"github.com/shoal-bt/shoal/swarm"
)

// A Decoder decodes messages and checks them against Limits. It has no state beside
// these, so several goroutines may use one Decoder at once.
type Decoder struct {
	limits    Limits
	pieces    int // how many the torrent has; -1 if not known
	maxLength int // of a message in bytes, without its prefix
}

// NewDecoder returns a Decoder that accepts what l allows.
func NewDecoder(l Limits) *Decoder {
	d := &Decoder{limits: l.withDefaults(), pieces: -1}
	bitfieldLen := d.limits.MaxPieces/8 + 1
	if l.Geometry.PieceLength > 0 {
		d.pieces = l.Geometry.Pieces()
		bitfieldLen = (d.pieces + 7) / 8
	}
	d.maxLength = max(
		1+bitfieldLen,
		pieceOverhead+swarm.MaxRequest,
		extendedOverhead+d.limits.MaxExtended,
		extendedOverhead+d.limits.MaxExtendedHandshake,
		1+d.limits.MaxUnknown,
	)
	return d
}

// Decode decodes the message at the start of b. n is its length in bytes, prefix
// included; n is 0, without an error, if b does not hold the whole message yet. need
// is the length that the message will have, which Limits bound, or 0 if b is too short
// to say.
//
// Data of the message points into b. The error is a *ProtocolError. It comes as early
// as the bytes allow, so that no caller waits for a payload that would be refused. A
// message of unknown kind is not an error; the caller skips it. Any number of
// goroutines may call Decode at once.
func (d *Decoder) Decode(b []byte) (m Message, n, need int, err error) {
	if len(b) < prefixLen {
		return Message{}, 0, 0, nil
	}
	length := binary.BigEndian.Uint32(b)
	if length == 0 {
		// See https://www.bittorrent.org/beps/bep_0003.html#peer-protocol.
		return Message{Kind: KeepAlive}, prefixLen, prefixLen, nil
	}
	if uint64(length) > uint64(d.maxLength) {
		k := Unknown
		if len(b) > prefixLen {
			k = kindOf(b[prefixLen])
		}
		return Message{}, 0, 0, protocolErrorf(k, "%d bytes long, may be at most %d", length, d.maxLength)
	}
	need = prefixLen + int(length)
	if len(b) == prefixLen {
		return Message{}, 0, need, nil
	}
	body := b[prefixLen:min(len(b), need):min(len(b), need)]
	if err := d.checkLength(kindOf(body[0]), int(length)); err != nil {
		return Message{}, 0, 0, err
	}
	m, err = d.decode(body, int(length))
	if err != nil || len(body) < int(length) {
		return Message{}, 0, need, err
	}
	return m, need, need, nil
}

// PieceHeader returns the block of a Piece message of which b has the first PieceHeaderLen
// bytes or more, for a reader that has the payload elsewhere. It reports false for other
// messages, and for one that Decode does not accept.
func (d *Decoder) PieceHeader(b []byte) (swarm.Block, bool) {
	if kindOf(b[prefixLen]) != Piece {
		return swarm.Block{}, false
	}
	length := binary.BigEndian.Uint32(b)
	if uint64(length) > uint64(d.maxLength) || d.checkLength(Piece, int(length)) != nil {
		return swarm.Block{}, false
	}
	m, err := d.decode(b[prefixLen:PieceHeaderLen], int(length))
	return m.Block, err == nil
}

// checkLength checks the length of a message of kind k, without its prefix. See
// https://www.bittorrent.org/beps/bep_0003.html#peer-messages.
func (d *Decoder) checkLength(k Kind, length int) error {
	// Without the fast extension each of its messages ends the connection, see
	// https://www.bittorrent.org/beps/bep_0006.html#have-all-have-none.
	if k.fast() && !d.limits.Fast {
		return protocolErrorf(k, "sent without the fast extension")
	}
	low, high := 1, 1
	switch k {
	case Choke, Unchoke, Interested, NotInterested, HaveAll, HaveNone:
	case Have, Suggest, AllowedFast:
		low, high = haveLen, haveLen
	case Request, Cancel, Reject:
		low, high = requestLen, requestLen
	case Piece:
		low, high = pieceOverhead+1, pieceOverhead+swarm.MaxRequest
	case Port:
		low, high = portLen, portLen
	case Bitfield:
		high = 1 + (d.limits.MaxPieces+7)/8
		if d.pieces >= 0 {
			low = 1 + (d.pieces+7)/8
			high = low
		}
	case Extended:
		low, high = extendedOverhead, extendedOverhead+max(d.limits.MaxExtended, d.limits.MaxExtendedHandshake)
	default:
		high = 1 + d.limits.MaxUnknown
	}
	switch {
	case length >= low && length <= high:
		return nil
	case high < low:
		return protocolErrorf(k, "Limits do not allow this message")
	case low == high:
		return protocolErrorf(k, "%d bytes long, must be %d", length, low)
	}
	return protocolErrorf(k, "%d bytes long, must be %d to %d", length, low, high)
}

// decode decodes a message, without its prefix, from as many of its bytes as have
// arrived. length is that of the whole message. Without an error the message is
// complete only if all bytes have arrived.
func (d *Decoder) decode(b []byte, length int) (Message, error) {
	k, id := kindOf(b[0]), b[0]
	m := Message{Kind: k}
	b = b[1:]
	switch k {
	case Have, Suggest, AllowedFast:
		if len(b) < 4 {
			return m, nil
		}
		i := binary.BigEndian.Uint32(b)
		m.Piece = int(i & math.MaxInt32)
		return m, d.checkIndex(k, i)
	case Request, Cancel, Reject:
		if len(b) < 12 {
			return m, nil
		}
		return d.decodeBlock(m, b, binary.BigEndian.Uint32(b[8:]))
	case Piece:
		if len(b) < 8 {
			return m, nil
		}
		m.Data = b[8:]
		return d.decodeBlock(m, b, uint32(length-pieceOverhead))
	case Bitfield:
		m.Data = b
		if len(b) == length-1 && d.pieces >= 0 && !swarm.Bitfield(b).Fits(d.pieces) {
			// See https://www.bittorrent.org/beps/bep_0003.html#peer-messages.
			return m, protocolErrorf(k, "spare bits at the end are set, must be 0")
		}
	case Port:
		if len(b) >= 2 {
			m.Port = binary.BigEndian.Uint16(b)
		}
	case Extended:
		if len(b) >= 1 {
			m.ExtID, m.Data = b[0], b[1:]
			return m, d.checkExtended(m.ExtID, length-extendedOverhead)
		}
	case Unknown:
		m.ExtID, m.Data = id, b
	}
	return m, nil
}

// decodeBlock sets m.Block. b begins with the piece and the offset; length is that of
// the block.
func (d *Decoder) decodeBlock(m Message, b []byte, length uint32) (Message, error) {
	i, begin := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if err := d.checkIndex(m.Kind, i); err != nil {
		return m, err
	}
	if length < 1 || length > swarm.MaxRequest {
		return m, protocolErrorf(m.Kind, "the block has %d bytes, may have 1 to %d", length, swarm.MaxRequest)
	}
	if begin > math.MaxInt32-swarm.MaxRequest {
		return m, protocolErrorf(m.Kind, "offset %d in piece %d is too large", begin, i)
	}
	m.Block = swarm.Block{Piece: int(i), Begin: int(begin), Length: int(length)}
	if d.pieces >= 0 && !d.limits.Geometry.Serves(m.Block) {
		return m, protocolErrorf(m.Kind, "bytes %d to %d are not in piece %d, which has %d bytes",
			m.Block.Begin, m.Block.Begin+m.Block.Length, m.Block.Piece, d.limits.Geometry.PieceLen(m.Block.Piece))
	}
	return m, nil
}

// checkIndex checks the index of a piece.
func (d *Decoder) checkIndex(k Kind, i uint32) error {
	switch {
	case d.pieces >= 0 && uint64(i) >= uint64(d.pieces):
		return protocolErrorf(k, "there is no piece %d, the torrent has %d", i, d.pieces)
	case i > math.MaxInt32:
		return protocolErrorf(k, "the index %d is too large", i)
	}
	return nil
}

// checkExtended checks the length of the body of an extension's message.
func (d *Decoder) checkExtended(id uint8, length int) error {
	maxLength := d.limits.MaxExtended
	if id == 0 { // the handshake, https://www.bittorrent.org/beps/bep_0010.html#handshake-message
		maxLength = d.limits.MaxExtendedHandshake
	}
	if length > maxLength {
		return protocolErrorf(Extended, "message %d has a body of %d bytes, may have at most %d", id, length, maxLength)
	}
	return nil
}
