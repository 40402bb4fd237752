package peerwire

import (
	"math"

	"github.com/shoal-bt/shoal/bencode"
)

// MetadataPieceLen is the length in bytes of every metadata piece except the last,
// which may be shorter, https://www.bittorrent.org/beps/bep_0009.html#metadata.
const MetadataPieceLen = 16 << 10

// A MetadataType is the type of a MetadataMessage.
type MetadataType uint8

// The types, see https://www.bittorrent.org/beps/bep_0009.html#extension-message.
const (
	// MetadataRequest asks for a metadata piece.
	MetadataRequest MetadataType = 0
	// MetadataData carries a metadata piece.
	MetadataData MetadataType = 1
	// MetadataReject says that a metadata piece will not be sent.
	MetadataReject MetadataType = 2
	// MetadataUnknown is any other type. The receiver ignores the message.
	MetadataUnknown MetadataType = 0xff
)

// A MetadataMessage is the body of a ut_metadata message. The extension transfers the
// info dictionary, cut into metadata pieces.
type MetadataMessage struct {
	Type MetadataType

	// Piece is the index of the metadata piece.
	Piece int

	// TotalSize is the length in bytes of the whole info dictionary. Only
	// MetadataData has it; 0 means that the sender does not say.
	TotalSize int

	// Data is the metadata piece itself. Only MetadataData has it. After parsing it
	// points into the slice that ParseMetadata was given.
	Data []byte
}

// metadataOptions bound the dictionary of a MetadataMessage.
var metadataOptions = bencode.Options{Lenient: true, MaxDepth: 8, MaxTokens: 256}

// ParseMetadata parses the body of a ut_metadata message. It allocates nothing. It
// checks the length of a metadata piece against TotalSize if the sender gives that.
// The error is a *ProtocolError.
func ParseMetadata(b []byte) (MetadataMessage, error) {
	v, rest, err := bencode.ScanPrefix(b, metadataOptions)
	if err != nil {
		return MetadataMessage{}, protocolErrorf(Extended, "metadata: %v", err)
	}
	kind, err := v.GetInt("msg_type")
	if err != nil {
		return MetadataMessage{}, protocolErrorf(Extended, "metadata: %v", err)
	}
	if kind < 0 || kind > int64(MetadataReject) {
		// A receiver must ignore it, see
		// https://www.bittorrent.org/beps/bep_0009.html#extension-message.
		return MetadataMessage{Type: MetadataUnknown}, nil
	}
	piece, err := v.GetInt("piece")
	if err != nil {
		return MetadataMessage{}, protocolErrorf(Extended, "metadata: %v", err)
	}
	if piece < 0 || piece > math.MaxInt32/MetadataPieceLen {
		return MetadataMessage{}, protocolErrorf(Extended, "metadata: the index %d is out of range", piece)
	}
	m := MetadataMessage{Type: MetadataType(kind), Piece: int(piece)}
	if m.Type != MetadataData {
		return m, nil
	}
	m.Data = rest
	if total, ok := v.Get("total_size"); ok {
		n, err := total.Int()
		if err != nil || n < 1 || n > math.MaxInt32 {
			return MetadataMessage{}, protocolErrorf(Extended, "metadata: total_size is not a number from 1 to %d", math.MaxInt32)
		}
		m.TotalSize = int(n)
	}
	return m, m.checkLength()
}

// checkLength checks the length of Data, see
// https://www.bittorrent.org/beps/bep_0009.html#data.
func (m MetadataMessage) checkLength() error {
	if len(m.Data) < 1 || len(m.Data) > MetadataPieceLen {
		return protocolErrorf(Extended, "metadata: the piece has %d bytes, may have 1 to %d", len(m.Data), MetadataPieceLen)
	}
	if m.TotalSize == 0 {
		return nil
	}
	want := min(m.TotalSize-m.Piece*MetadataPieceLen, MetadataPieceLen)
	if len(m.Data) != want {
		return protocolErrorf(Extended, "metadata: piece %d of %d bytes in all has %d bytes, must have %d", m.Piece, m.TotalSize, len(m.Data), want)
	}
	return nil
}

// AppendTo appends the body to dst and returns the extended slice. It copies Data.
func (m MetadataMessage) AppendTo(dst []byte) []byte {
	dst = bencode.AppendDict(dst)
	dst = bencode.AppendString(dst, "msg_type")
	dst = bencode.AppendInt(dst, int64(m.Type))
	dst = bencode.AppendString(dst, "piece")
	dst = bencode.AppendInt(dst, int64(m.Piece))
	if m.Type != MetadataData {
		return bencode.AppendEnd(dst)
	}
	if m.TotalSize != 0 {
		dst = bencode.AppendString(dst, "total_size")
		dst = bencode.AppendInt(dst, int64(m.TotalSize))
	}
	dst = bencode.AppendEnd(dst)
	return append(dst, m.Data...)
}
