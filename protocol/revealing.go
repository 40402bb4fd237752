package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/revealing"
	"github.com/shoal-bt/shoal/swarm"
)

// A Revealer chooses which pieces a peer is shown; see package revealing.
type Revealer = revealing.Revealer

// NewSuperSeed returns a Revealer that shows each peer one piece at a time.
func NewSuperSeed(pieces int, seed uint64) Revealer { return revealing.NewSuperSeed(pieces, seed) }

// firstBitfieldWait is how long a peer may take to say what it has. One that has nothing
// need not say so.
const firstBitfieldWait = 4 * time.Second

// revelation is what peers are shown by a Revealer: peers that joined when every piece was
// held and Config.NewRevealer is set. We say to such a peer that we have nothing, and then of
// one piece after the other (https://www.bittorrent.org/beps/bep_0016.html).
type revelation struct {
	revealer Revealer // nil before the first such peer
	isStale  bool     // peers came, left or got pieces, or time passed
	pieces   []int    // used again by each call
}

// hidePieces has a peer that joins shown pieces by the Revealer alone, and reports whether
// it is.
func (s *State) hidePieces(now time.Time, p *peer) bool {
	if !s.complete() || s.config.NewRevealer == nil {
		return false
	}
	if s.revelation.revealer == nil {
		s.revelation.revealer = s.config.NewRevealer(s.n, uint64(now.UnixNano()))
	}
	p.shown = swarm.NewBitfield(s.n)
	return true
}

// shows reports whether a peer may know that we have a piece.
func (s *State) shows(p *peer, piece int) bool { return p.shown == nil || p.shown.Has(piece) }

// sendHave announces a piece, unless the Revealer does not show it.
func (s *State) sendHave(now time.Time, p *peer, piece int) {
	if s.shows(p, piece) {
		s.send(now, p, peerwire.Message{Kind: peerwire.Have, Piece: piece})
	}
}

// noteSeen tells the Revealer that a peer has a piece.
func (s *State) noteSeen(now time.Time, p *peer, piece int) {
	if p.shown != nil {
		s.revelation.revealer.Seen(now, p.id, piece)
		s.revelation.isStale = true
	}
}

// noteSeenAll does the same for all pieces of a peer that said for the first time what it
// has.
func (s *State) noteSeenAll(now time.Time, p *peer) {
	if p.shown == nil {
		return
	}
	s.revelation.isStale = true
	for i := range s.n {
		if p.has.Has(i, s.n) {
			s.noteSeen(now, p, i)
		}
	}
}

// forgetViewer tells the Revealer that a peer has left.
func (s *State) forgetViewer(p *peer) {
	if p.shown != nil {
		s.revelation.revealer.Leave(p.id)
		s.revelation.isStale = true
	}
}

// revealPieces shows peers what the Revealer says.
func (s *State) revealPieces(now time.Time) {
	r := &s.revelation
	if !r.isStale || !s.Running() {
		return
	}
	r.isStale = false
	for _, p := range s.order {
		mayHavePieces := !p.gotFirst && now.Sub(p.joinedAt) < firstBitfieldWait
		if p.shown == nil || mayHavePieces {
			continue
		}
		r.pieces = r.revealer.Reveal(r.pieces[:0], now, p.id, p.has.Bitfield(s.n))
		for _, piece := range r.pieces {
			p.shown.Set(piece)
			s.sendHave(now, p, piece)
		}
	}
}
