package revealing

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/swarm"
)

// FirstBitfieldWait is how long a peer may take to say what it has, before it is shown
// anything. One that has nothing need not say so.
const FirstBitfieldWait = 4 * time.Second

// Viewers are the peers of a torrent to which a Revealer shows pieces. We say to such a peer
// that we have nothing, and then announce one piece after the other
// (https://www.bittorrent.org/beps/bep_0016.html). All other peers may know of every piece.
// The zero Viewers has none.
type Viewers struct {
	revealer Revealer // nil before the first viewer
	pieces   int      // of the torrent
	all      map[swarm.Peer]view
	isStale  bool  // peers came, left or got pieces, or time passed
	next     []int // used again by each call
}

// A view is what one peer was shown.
type view struct {
	shown    swarm.Bitfield
	joinedAt time.Time
}

// Add has a peer that joins a torrent with the given number of pieces shown pieces by the
// Revealer alone. The first has makeNew make the Revealer.
func (v *Viewers) Add(now time.Time, p swarm.Peer, pieces int, makeNew func(pieces int, seed uint64) Revealer) {
	if v.revealer == nil {
		v.revealer, v.pieces = makeNew(pieces, uint64(now.UnixNano())), pieces
		v.all = make(map[swarm.Peer]view)
	}
	v.all[p] = view{shown: swarm.NewBitfield(pieces), joinedAt: now}
}

// Has reports whether a peer is shown pieces by the Revealer.
func (v *Viewers) Has(p swarm.Peer) bool {
	_, ok := v.all[p]
	return ok
}

// MayKnow reports whether a peer may know that we have a piece.
func (v *Viewers) MayKnow(p swarm.Peer, piece int) bool {
	w, ok := v.all[p]
	return !ok || w.shown.Has(piece)
}

// Seen passes on to the Revealer that a peer got a piece.
func (v *Viewers) Seen(now time.Time, p swarm.Peer, piece int) {
	if v.Has(p) {
		v.revealer.Seen(now, p, piece)
		v.isStale = true
	}
}

// SeenAll passes on what a peer has, when it says so for the first time.
func (v *Viewers) SeenAll(now time.Time, p swarm.Peer, has *pieces.Set) {
	if !v.Has(p) {
		return
	}
	v.isStale = true
	for i := range v.pieces {
		if has.Has(i, v.pieces) {
			v.revealer.Seen(now, p, i)
		}
	}
}

// Remove takes out a peer that has left.
func (v *Viewers) Remove(p swarm.Peer) {
	if v.Has(p) {
		delete(v.all, p)
		v.revealer.Leave(p)
		v.isStale = true
	}
}

// Tick notes that time has passed, so that peers may be due for another piece.
func (v *Viewers) Tick() { v.isStale = v.revealer != nil }

// TakeStale reports whether peers may be due for another piece since it was called last.
func (v *Viewers) TakeStale() bool {
	isStale := v.isStale
	v.isStale = false
	return isStale
}

// Next returns the pieces to announce to a peer, which may know of them from now on, until
// the next call. has is what the peer has, if it said so already.
func (v *Viewers) Next(now time.Time, p swarm.Peer, has *pieces.Set, saidSo bool) []int {
	w, ok := v.all[p]
	mayHavePieces := !saidSo && now.Sub(w.joinedAt) < FirstBitfieldWait
	if !ok || mayHavePieces {
		return nil
	}
	v.next = v.revealer.Reveal(v.next[:0], now, p, has.Bitfield(v.pieces))
	for _, piece := range v.next {
		w.shown.Set(piece)
	}
	return v.next
}
