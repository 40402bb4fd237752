package peerwire

import (
	"encoding/binary"
	"math"

	"github.com/shoal-bt/shoal/swarm"
)

// A Decoder takes messages out of bytes and checks them. It keeps nothing of what
// it decoded, so one Decoder may be used by many goroutines at once.
type Decoder struct {
	limits    Limits
	pieces    int // of the torrent; -1 if not known
	maxLength int // the longest message, without the length before it
}

// NewDecoder returns a Decoder that accepts what l says.
func NewDecoder(l Limits) *Decoder {
	d := &Decoder{limits: l.withDefaults(), pieces: -1}
	bitfield := d.limits.MaxPieces/8 + 1
	if l.Geometry.PieceLength > 0 {
		d.pieces = l.Geometry.Pieces()
		bitfield = (d.pieces + 7) / 8
	}
	d.maxLength = max(
		1+bitfield,
		pieceOverhead+swarm.MaxRequest,
		extendedOverhead+d.limits.MaxExtended,
		extendedOverhead+d.limits.MaxExtendedHandshake,
		1+d.limits.MaxUnknown,
	)
	return d
}

// Decode decodes the first message of b. n is the number of bytes that it took; 0
// without an error means that b does not hold the whole message yet. need is then
// the number of bytes that the message takes in all, at most what the limits
// allow, or 0 if that cannot be told yet.
//
// The message borrows from b. The error is a *ProtocolError, and comes as early as
// the bytes allow: no payload is waited for that would be refused. A message of
// unknown kind is no error; it is to be skipped.
func (d *Decoder) Decode(b []byte) (m Message, n, need int, err error) {
	if len(b) < prefixLen {
		return Message{}, 0, 0, nil
	}
	length := binary.BigEndian.Uint32(b)
	if length == 0 {
		return Message{Kind: KeepAlive}, prefixLen, prefixLen, nil
	}
	if uint64(length) > uint64(d.maxLength) {
		k := Unknown
		if len(b) > prefixLen {
			k = kindOf(b[prefixLen])
		}
		return Message{}, 0, 0, protocolErrorf(k, "%d bytes are too long", length)
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

// checkLength checks the length of a message of kind k.
func (d *Decoder) checkLength(k Kind, length int) error {
	if k.fast() && !d.limits.Fast {
		return protocolErrorf(k, "the fast extension was not agreed upon")
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
		return protocolErrorf(k, "not accepted")
	case low == high:
		return protocolErrorf(k, "%d bytes long, must be %d", length, low)
	}
	return protocolErrorf(k, "%d bytes long, must be %d to %d", length, low, high)
}

// decode decodes a message from as many of its bytes as are there, without the
// length before it. What is returned without an error is good if all are there.
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
			return m, protocolErrorf(k, "spare bits are set")
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

// decodeBlock completes m, which is about a decodeBlock whose place b begins with.
func (d *Decoder) decodeBlock(m Message, b []byte, length uint32) (Message, error) {
	i, begin := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if err := d.checkIndex(m.Kind, i); err != nil {
		return m, err
	}
	if length < 1 || length > swarm.MaxRequest {
		return m, protocolErrorf(m.Kind, "a block of %d bytes, may be 1 to %d", length, swarm.MaxRequest)
	}
	if begin > math.MaxInt32-swarm.MaxRequest {
		return m, protocolErrorf(m.Kind, "piece %d has no byte %d", i, begin)
	}
	m.Block = swarm.Block{Piece: int(i), Begin: int(begin), Length: int(length)}
	if d.pieces >= 0 && !d.limits.Geometry.Serves(m.Block) {
		return m, protocolErrorf(m.Kind, "bytes %d to %d are not in piece %d, which has %d",
			m.Block.Begin, m.Block.Begin+m.Block.Length, m.Block.Piece, d.limits.Geometry.PieceLen(m.Block.Piece))
	}
	return m, nil
}

// checkIndex checks the index of a piece.
func (d *Decoder) checkIndex(k Kind, i uint32) error {
	switch {
	case d.pieces >= 0 && uint64(i) >= uint64(d.pieces):
		return protocolErrorf(k, "piece %d of %d", i, d.pieces)
	case i > math.MaxInt32:
		return protocolErrorf(k, "piece %d", i)
	}
	return nil
}

// checkExtended checks the length of the body of an extension's message.
func (d *Decoder) checkExtended(id uint8, length int) error {
	most := d.limits.MaxExtended
	if id == 0 {
		most = d.limits.MaxExtendedHandshake
	}
	if length > most {
		return protocolErrorf(Extended, "message %d has %d bytes, may have %d", id, length, most)
	}
	return nil
}
