package fetch

import (
	"bytes"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// An attempt collects the pieces of metadata of one size, from all peers of a group or
// from one of them. It takes memory only for pieces that have arrived.
type attempt struct {
	group     *group
	only      *peer     // the peer that is asked; nil for all of the group
	active    bool      // pieces are requested
	startedAt time.Time // when it became active
	tries     int       // times that it was stopped because others waited

	pieces  [][]byte // nil for those that are missing; it ends with the last that arrived
	got     int      // pieces that are not nil
	low     int      // no piece before this one is missing
	senders map[swarm.Peer]netip.AddrPort
}

// start has pieces requested from now on.
func (a *attempt) start(now time.Time) { a.active, a.startedAt = true, now }

// stop drops what has arrived.
func (a *attempt) stop() {
	a.active = false
	a.clear()
}

// clear drops what has arrived. The pieces are requested again if the attempt is active.
func (a *attempt) clear() { a.pieces, a.got, a.low, a.senders = nil, 0, 0, nil }

// has reports whether a piece has arrived.
func (a *attempt) has(piece int) bool { return piece < len(a.pieces) && a.pieces[piece] != nil }

// put keeps a copy of a piece that is missing.
func (a *attempt) put(from *peer, piece int, data []byte) {
	if piece >= len(a.pieces) {
		a.pieces = slices.Grow(a.pieces, piece+1-len(a.pieces))[:piece+1]
	}
	a.pieces[piece] = bytes.Clone(data)
	a.got++
	for a.has(a.low) {
		a.low++
	}
	if a.senders == nil {
		a.senders = make(map[swarm.Peer]netip.AddrPort)
	}
	a.senders[from.Peer] = from.Addr
}

// complete reports whether no piece is missing.
func (a *attempt) complete() bool { return a.got == pieceCount(a.group.size) }

// held returns how many bytes of pieces are held, rounded up to whole pieces.
func (a *attempt) held() int { return a.got * peerwire.MetadataPieceLen }

// peers returns who is asked.
func (a *attempt) peers() []*peer {
	if a.only != nil {
		return []*peer{a.only}
	}
	return a.group.peers
}
