package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/revealing"
)

// A Revealer chooses which pieces a peer is shown; see package revealing. It is the third of the
// classes of bip-rs. The first two, selection and queueing, are those of a picker, such as Order
// and Queue of package piecepicker.
type Revealer = revealing.Revealer

// NewSuperSeed returns a Revealer that shows each peer one piece at a time.
func NewSuperSeed(pieces int, seed uint64) Revealer { return revealing.NewSuperSeed(pieces, seed) }

// hidePieces has a peer that joins shown pieces by the Revealer alone, if Config.NewRevealer
// is set and every piece is held.
func (s *State) hidePieces(now time.Time, p *peer) {
	if s.complete() && s.config.NewRevealer != nil {
		s.viewers.Add(now, p.ID, s.n, s.config.NewRevealer)
	}
}

// sendHave announces a piece, unless the Revealer does not show it.
func (s *State) sendHave(now time.Time, p *peer, piece int) {
	if s.viewers.MayKnow(p.ID, piece) {
		s.send(now, p, peerwire.Message{Kind: peerwire.Have, Piece: piece})
	}
}

// revealPieces shows peers what the Revealer says.
func (s *State) revealPieces(now time.Time) {
	if !s.Running() || !s.viewers.TakeStale() {
		return
	}
	for _, p := range s.order {
		for _, piece := range s.viewers.Next(now, p.ID, &p.Has, p.GotFirst) {
			s.sendHave(now, p, piece)
		}
	}
}
