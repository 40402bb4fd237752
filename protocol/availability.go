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
		p.Has.Fill(s.n)
	case peerwire.HaveNone:
		p.Has.Clear()
	default:
		p.Has.Assign(swarm.Bitfield(m.Data).Clone(), s.n)
	}
	s.viewers.SeenAll(now, p.ID, &p.Has)
	s.addToPicker(now, p)
	s.offerFast(now, p)
}

// receiveLaterBitfield takes in what the peer has, behind other messages.
func (s *State) receiveLaterBitfield(now time.Time, p *peer, m peerwire.Message) error {
	has, units, err := p.Has.Later(m, s.n)
	p.Allowance.Spend(units)
	if has == nil {
		return err
	}
	for i := range p.Has.Missing(has, s.n) {
		s.receiveHave(now, p, i)
		if p.Closing {
			break
		}
	}
	return nil
}

func (s *State) receiveHave(now time.Time, p *peer, piece int) {
	if !p.Has.Add(piece, s.n) {
		p.Allowance.Spend(1)
		return
	}
	s.viewers.Seen(now, p.ID, piece)
	if !p.InPicker {
		s.addToPicker(now, p)
		return
	}
	s.picker.Have(p.ID, piece, true)
	s.updateInterest(now, p)
	s.closeIfUseless(now, p)
}

// addToPicker tells the picker of a peer as soon as it has said what it has.
func (s *State) addToPicker(now time.Time, p *peer) {
	s.picker.Join(p.ID, p.Has.Bitfield(s.n))
	p.InPicker = true
	s.updateInterest(now, p)
	s.closeIfUseless(now, p)
}

// closeIfUseless ends a connection between two that download nothing.
func (s *State) closeIfUseless(now time.Time, p *peer) {
	if s.isUseless(p) && !p.Closing {
		s.closePeer(now, p, ending.ErrUseless)
	}
}

// updateInterest tells the peer whether we want its pieces, if that changed
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol": interested).
func (s *State) updateInterest(now time.Time, p *peer) {
	want := p.InPicker && !p.Closing && (s.picker.Wants(p.ID) || (p.AmInterested && s.keepsSeeds()))
	if want == p.AmInterested || p.Closing {
		return
	}
	p.AmInterested = want
	p.LastInterest = now
	kind := peerwire.NotInterested
	if want {
		kind = peerwire.Interested
		s.reports.nothingWanted = false
	}
	s.send(now, p, peerwire.Message{Kind: kind})
}
