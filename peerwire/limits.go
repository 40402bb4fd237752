package peerwire

import "github.com/shoal-bt/shoal/swarm"

const (
	defaultMaxExtended          = 1 << 20
	defaultMaxExtendedHandshake = 64 << 10
	defaultMaxUnknown           = 1 << 20
	defaultMaxPieces            = 2 << 20

	// maxLimit bounds every limit, so that no sum of lengths wraps, also where
	// an int has 32 bits.
	maxLimit = 1 << 30
)

// Limits say what a Decoder accepts. The zero value takes the messages of a
// torrent about which nothing is known yet, without the fast extension.
type Limits struct {
	// Geometry is that of the torrent. The zero Geometry stands for one that is
	// not known, as before the metadata of a magnet link is here: then indices
	// and offsets are taken as they come, if they are no more than 2^31-1, and
	// the spare bits of bitfields are not checked.
	Geometry swarm.Geometry

	// Fast says that both sides set the bit of the fast extension. Its messages
	// are errors otherwise (BEP 6).
	Fast bool

	// MaxExtended is the longest body of an extension's message, in bytes. Zero
	// means 1 MiB, a negative number that none is accepted, handshakes neither.
	MaxExtended int

	// MaxExtendedHandshake is the longest body of the extension protocol's
	// handshake, in bytes. Zero means 64 KiB, a negative number that none is
	// accepted.
	MaxExtendedHandshake int

	// MaxUnknown is the longest body of a message of unknown kind, in bytes. Zero
	// means 1 MiB, a negative number that none is accepted.
	MaxUnknown int

	// MaxPieces is the number of pieces a torrent of unknown geometry may have.
	// Zero or a negative number means 2,097,152.
	MaxPieces int
}

// withDefaults returns l with its defaults in place of zeros, -1 for what is off.
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

// resolveLimit returns the limit that a field of Limits stands for.
func resolveLimit(n, byDefault int) int {
	if n == 0 {
		return byDefault
	}
	return max(-1, min(n, maxLimit))
}
