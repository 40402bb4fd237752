package peerwire

import (
	"math"

	"github.com/shoal-bt/shoal/bencode"
)

// MetadataPieceLen is the length in bytes of every part of the metadata but the
// last, https://www.bittorrent.org/beps/bep_0009.html (section "metadata").
const MetadataPieceLen = 16 << 10

// A MetadataType says what a MetadataMessage is.
type MetadataType uint8

// The messages of ut_metadata.
const (
	// MetadataRequest asks for a part.
	MetadataRequest MetadataType = 0
	// MetadataData carries a part.
	MetadataData MetadataType = 1
	// MetadataReject says that a part will not be sent.
	MetadataReject MetadataType = 2
	// MetadataUnknown is any other message, which is to be ignored.
	MetadataUnknown MetadataType = 0xff
)

// A MetadataMessage is the body of a message of the extension ut_metadata, which
// transfers the info dictionary in parts.
type MetadataMessage struct {
	Type MetadataType

	// Piece is the index of the part.
	Piece int

	// TotalSize is the length in bytes of the whole metadata. Only MetadataData
	// has it; 0 if it is not said.
	TotalSize int

	// Data is the part itself, of MetadataData alone. What was parsed is a part of
	// the bytes given to ParseMetadata.
	Data []byte
}

// metadataOptions bound the dictionary of a MetadataMessage.
var metadataOptions = bencode.Options{Lenient: true, MaxDepth: 8, MaxTokens: 256}

// ParseMetadata parses the body of a message of ut_metadata. It allocates nothing.
// A part's length is checked against TotalSize if that is said. The error is a
// *ProtocolError.
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
		return MetadataMessage{Type: MetadataUnknown}, nil
	}
	piece, err := v.GetInt("piece")
	if err != nil {
		return MetadataMessage{}, protocolErrorf(Extended, "metadata: %v", err)
	}
	if piece < 0 || piece > math.MaxInt32/MetadataPieceLen {
		return MetadataMessage{}, protocolErrorf(Extended, "metadata: part %d", piece)
	}
	m := MetadataMessage{Type: MetadataType(kind), Piece: int(piece)}
	if m.Type != MetadataData {
		return m, nil
	}
	m.Data = rest
	if total, ok := v.Get("total_size"); ok {
		n, err := total.Int()
		if err != nil || n < 1 || n > math.MaxInt32 {
			return MetadataMessage{}, protocolErrorf(Extended, "metadata: the total size is not a sound number")
		}
		m.TotalSize = int(n)
	}
	return m, m.checkLength()
}

// checkLength checks the length of a part.
func (m MetadataMessage) checkLength() error {
	if len(m.Data) < 1 || len(m.Data) > MetadataPieceLen {
		return protocolErrorf(Extended, "metadata: a part of %d bytes, may be 1 to %d", len(m.Data), MetadataPieceLen)
	}
	if m.TotalSize == 0 {
		return nil
	}
	left := m.TotalSize - m.Piece*MetadataPieceLen
	if want := min(left, MetadataPieceLen); len(m.Data) != want {
		return protocolErrorf(Extended, "metadata: part %d of %d bytes has %d bytes", m.Piece, m.TotalSize, len(m.Data))
	}
	return nil
}

// AppendTo appends the body to dst and returns the extended slice.
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
