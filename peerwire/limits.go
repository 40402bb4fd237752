package peerwire

import "github.com/shoal-bt/shoal/swarm"

const (
	defaultMaxExtended          = 1 << 20
	defaultMaxExtendedHandshake = 64 << 10
	defaultMaxUnknown           = 1 << 20
	defaultMaxPieces            = 2 << 20

	// maxLimit bounds every limit, so that sums of lengths do not overflow an int of
	// 32 bits.
	maxLimit = 1 << 30
)

// Limits say what a Decoder accepts. The zero value is for a torrent whose metadata is
// not known yet, on a connection without the fast extension.
type Limits struct {
	// Geometry is that of the torrent. The zero Geometry means that it is not known,
	// for example before the metadata of a magnet link has arrived. Then indices and
	// offsets may be anything up to 2^31-1, and the spare bits of a bitfield are not
	// checked.
	Geometry swarm.Geometry

	// Fast says that both sides set the bit of the fast extension. Without it the
	// messages of https://www.bittorrent.org/beps/bep_0006.html are errors.
	Fast bool

	// MaxExtended is the longest body of an Extended message, in bytes. Zero means 1
	// MiB. A negative number means that no Extended message is accepted, not even the
	// handshake.
	MaxExtended int

	// MaxExtendedHandshake is the longest body of an extension handshake, in bytes.
	// Zero means 64 KiB. A negative number means that none is accepted.
	MaxExtendedHandshake int

	// MaxUnknown is the longest body of a message of unknown kind, in bytes. Zero
	// means 1 MiB. A negative number means that none is accepted.
	MaxUnknown int

	// MaxPieces is how many pieces a torrent of unknown geometry may have. Zero or a
	// negative number means 2,097,152.
	MaxPieces int
}

// withDefaults returns l with each zero replaced by its default, and -1 for what is not
// accepted.
func (l Limits) withDefaults() Limits {
	l.MaxExtended = resolveLimit(l.MaxExtended, defaultMaxExtended)
	l.MaxExtendedHandshake = resolveLimit(l.MaxExtendedHandshake, defaultMaxExtendedHandshake)
	if l.MaxExtended < 0 {
		l.MaxExtendedHandshake = -1
	}
	l.MaxUnknown = resolveLimit(l.MaxUnknown, defaultMaxUnknown)
	if l.MaxPieces <= 0 {
		l.MaxPieces = defaultMaxPieces
	}
	l.MaxPieces = min(l.MaxPieces, maxLimit)
	return l
}

// resolveLimit returns the limit in bytes that a field of Limits means, -1 for none
// accepted.
func resolveLimit(n, byDefault int) int {
	if n == 0 {
		return byDefault
	}
	return max(-1, min(n, maxLimit))
}
