package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/swarm"
)

// receiveFirstBitfield takes in what the peer has, as its first message
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": bitfield).
func (s *State) receiveFirstBitfield(now time.Time, p *peer, m peerwire.Message) {
	switch m.Kind {
	case peerwire.HaveAll:
		p.has.Fill(s.n)
	case peerwire.HaveNone:
		p.has.Clear()
	default:
		p.has.Assign(swarm.Bitfield(m.Data).Clone(), s.n)
	}
	s.viewers.SeenAll(now, p.id, &p.has)
	s.addToPicker(now, p)
	s.offerFast(now, p)
}

// receiveLaterBitfield takes in what the peer has, behind other messages.
func (s *State) receiveLaterBitfield(now time.Time, p *peer, m peerwire.Message) error {
	has, units, err := p.has.Later(m, s.n)
	p.allowance.Spend(units)
	if has == nil {
		return err
	}
	for i := range p.has.Missing(has, s.n) {
		s.receiveHave(now, p, i)
		if p.closing {
			break
		}
	}
	return nil
}

func (s *State) receiveHave(now time.Time, p *peer, piece int) {
	if !p.has.Add(piece, s.n) {
		p.allowance.Spend(1)
		return
	}
	s.viewers.Seen(now, p.id, piece)
	if !p.inPicker {
		s.addToPicker(now, p)
		return
	}
	s.picker.Have(p.id, piece, true)
	s.updateInterest(now, p)
	s.closeIfUseless(now, p)
}

// addToPicker tells the picker of a peer as soon as it has said what it has.
func (s *State) addToPicker(now time.Time, p *peer) {
	s.picker.Join(p.id, p.has.Bitfield(s.n))
	p.inPicker = true
	s.updateInterest(now, p)
	s.closeIfUseless(now, p)
}

// closeIfUseless ends a connection between two that download nothing.
func (s *State) closeIfUseless(now time.Time, p *peer) {
	if s.isUseless(p) && !p.closing {
		s.closePeer(now, p, ending.ErrUseless)
	}
}

// updateInterest tells the peer whether we want its pieces, if that changed
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol": interested).
func (s *State) updateInterest(now time.Time, p *peer) {
	want := p.inPicker && !p.closing && s.picker.Wants(p.id)
	if want == p.amInterested || p.closing {
		return
	}
	p.amInterested = want
	p.lastInterest = now
	kind := peerwire.NotInterested
	if want {
		kind = peerwire.Interested
		s.reports.nothingWanted = false
	}
	s.send(now, p, peerwire.Message{Kind: kind})
}
