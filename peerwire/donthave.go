package peerwire

import (
	"encoding/binary"
	"math"
)

// AppendDontHave appends the body of a message of the extension lt_donthave, which
// says that the sender no longer has a piece, to dst. See
// https://www.bittorrent.org/beps/bep_0054.html (section "protocol encoding").
func AppendDontHave(dst []byte, piece int) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(piece))
}

// ParseDontHave returns the index of the piece in the body of a message of
// lt_donthave. pieces is the number of the torrent's pieces, negative if it is not
// known. The error is a *ProtocolError.
func ParseDontHave(b []byte, pieces int) (piece int, err error) {
	if len(b) != 4 {
		return 0, protocolErrorf(Extended, "don't have: %d bytes long, must be 4", len(b))
	}
	i := binary.BigEndian.Uint32(b)
	if i > math.MaxInt32 || (pieces >= 0 && int(i) >= pieces) {
		return 0, protocolErrorf(Extended, "don't have: piece %d", i)
	}
	return int(i), nil
}
