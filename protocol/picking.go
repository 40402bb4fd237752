package protocol

import (
	"github.com/shoal-bt/shoal/protocol/standin"
	"github.com/shoal-bt/shoal/swarm"
)

// A torrent has a picker only while pieces are missing and it runs. What a picker must
// know is in the State as well, so a new one can learn all of it.

// nobody is the number of no connection.
const nobody = swarm.Peer(0)

// hasPicker reports whether the torrent has a picker.
func (s *State) hasPicker() bool { return s.picker != standin.Picker{} }

// startPicker makes a picker, if one is needed and there is none, and tells it what is
// held, what has arrived of other pieces, and who is connected.
func (s *State) startPicker() {
	if s.hasPicker() || !s.Running() || s.wantsNothing() {
		return
	}
	s.picker = s.newPicker()
	for i := range s.n {
		if s.have.Has(i) {
			s.picker.Held(i)
		}
	}
	s.wanted.Teach(s.picker)
	s.pieces.Replay(s.picker, nobody)
	for _, p := range s.order {
		if p.InPicker {
			s.picker.Join(p.ID, p.Has.Bitfield(s.n))
		}
	}
}

// stopPicker gives the picker up. Open requests count as late: if their blocks come they
// are not wanted, or a later picker takes them all the same.
func (s *State) stopPicker() {
	s.picker = standin.Picker{}
	for _, p := range s.order {
		for i := range p.Requests.Open() {
			p.Requests.Open()[i].Late = true
		}
	}
	s.pieces.ForgetEmpty()
}
