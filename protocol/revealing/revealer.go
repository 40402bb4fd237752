// Package revealing chooses which of a complete torrent's pieces each peer is shown.
//
// In come what peers have and when they leave; out come the pieces to show a peer by HAVE.
// [Revealer] is the contract, package revealtest its suite, and [NewSuperSeed] makes the
// super-seeder of BEP 16. [Viewers] are the peers of a torrent that a Revealer shows pieces,
// and what each was shown. Without a Revealer every peer is shown every piece. The package
// sends nothing, reads no clock and keeps no slice of its caller.
package revealing

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Revealer chooses which pieces a peer is shown, and when. Its calls never overlap and
// must not block. What it keeps of a peer ends with Leave.
type Revealer interface {
	// Reveal appends to dst pieces that a peer is shown from now on, in addition to those
	// before: each once, and none that the peer has, which have says. It is called after a
	// peer joined, after peers got pieces or left, and every few seconds. A peer must be
	// shown every piece in the end, whatever the others do.
	Reveal(dst []int, now time.Time, to swarm.Peer, have swarm.Bitfield) []int

	// Seen says that a peer has a piece. It comes again if the peer lost the piece meanwhile.
	Seen(now time.Time, from swarm.Peer, piece int)

	// Leave says that a peer has left. One of which nothing was said may leave too.
	Leave(p swarm.Peer)
}
