package udpmux

import "encoding/binary"

// A Claim reports whether a datagram is for a user. It must be quick, must not keep or change
// the slice, and must not call the Mux.
type Claim func(datagram []byte) bool

// KRPC claims messages of the DHT: dictionaries
// (https://www.bittorrent.org/beps/bep_0005.html#krpc-protocol).
func KRPC(b []byte) bool {
	return len(b) >= 2 && b[0] == 'd' && b[1] >= '0' && b[1] <= '9'
}

// TrackerAnswer claims what UDP trackers answer: an action from connect to error, and a
// transaction id (https://www.bittorrent.org/beps/bep_0015.html).
func TrackerAnswer(b []byte) bool {
	const headerLength, lastAction = 8, 3
	return len(b) >= headerLength && binary.BigEndian.Uint32(b) <= lastAction
}

// UTP claims packets of uTP: version 1, and a type from ST_DATA to ST_SYN
// (https://www.bittorrent.org/beps/bep_0029.html#header-format).
func UTP(b []byte) bool {
	const headerLength, version, lastType = 20, 1, 4
	return len(b) >= headerLength && b[0]&0x0f == version && b[0]>>4 <= lastType
}
