package peerwire

import (
	"encoding/binary"
	"math"
)

// AppendDontHave appends to dst the body of an lt_donthave message, which says that
// the sender no longer has a piece, and returns the extended slice. See
// https://www.bittorrent.org/beps/bep_0054.html (section "protocol encoding").
func AppendDontHave(dst []byte, piece int) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(piece))
}

// ParseDontHave parses the body of an lt_donthave message and returns the index of the
// piece. pieces is the number of the torrent's pieces, negative if it is not known. The
// error is a *ProtocolError.
func ParseDontHave(b []byte, pieces int) (piece int, err error) {
	if len(b) != 4 {
		return 0, protocolErrorf(Extended, "lt_donthave: %d bytes long, must be 4", len(b))
	}
	i := binary.BigEndian.Uint32(b)
	if i > math.MaxInt32 || (pieces >= 0 && int(i) >= pieces) {
		return 0, protocolErrorf(Extended, "lt_donthave: there is no piece %d", i)
	}
	return int(i), nil
}
