package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
)

// A peer says with lt_donthave that it no longer has a piece
// (https://www.bittorrent.org/beps/bep_0054.html).

// dontHaveUnits is what it costs a peer to take a piece back: it may announce the piece
// again, which costs nothing.
const dontHaveUnits = 4

// receiveDontHave takes in that a peer lost a piece. What we requested of it is free for
// others; with the fast extension rejects follow, and otherwise no answer.
func (s *State) receiveDontHave(now time.Time, p *peer, body []byte) error {
	piece, err := peerwire.ParseDontHave(body, s.n)
	if err != nil {
		return err
	}
	p.Allowance.Spend(dontHaveUnits + s.n/8/allowance.BytesPerUnit) // a seed gets a bitfield of its own
	if !p.Has.Remove(piece, s.n) {
		return nil
	}
	for b := range p.Requests.MarkPiece(piece) {
		s.picker.Drop(p.ID, b)
		s.repick = true
	}
	s.picker.Have(p.ID, piece, false)
	s.updateInterest(now, p)
	return nil
}

// sendDontHave tells the peers that understand it that a piece cannot be served any more.
// Others will have their requests for it rejected. A peer that a Revealer does not show the
// piece to never heard of it.
func (s *State) sendDontHave(now time.Time, piece int) {
	for _, p := range s.order {
		if !p.Closing && s.viewers.MayKnow(p.ID, piece) {
			s.sendExtended(now, p, p.Extension.DontHave, peerwire.AppendDontHave(nil, piece))
		}
	}
}
