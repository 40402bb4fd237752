package protocol

import "github.com/shoal-bt/shoal/swarm"

// A torrent has a picker only while pieces are missing and it runs. What a picker must
// know is in the State as well, so a new one can learn all of it.

// nobody is the number of no connection.
const nobody = swarm.Peer(0)

// noPicker stands for the picker of a torrent that has nothing to request.
type noPicker struct{}

func (noPicker) Join(swarm.Peer, swarm.Bitfield)                   {}
func (noPicker) Have(swarm.Peer, int, bool)                        {}
func (noPicker) Leave(swarm.Peer)                                  {}
func (noPicker) Wants(swarm.Peer) bool                             { return false }
func (noPicker) Pick(dst []swarm.Block, _ swarm.Ask) []swarm.Block { return dst }
func (noPicker) Drop(swarm.Peer, swarm.Block)                      {}
func (noPicker) Held(int)                                          {}
func (noPicker) Lose(int, []int)                                   {}
func (noPicker) Arrive(dst []swarm.Peer, _ swarm.Peer, _ swarm.Block) ([]swarm.Peer, bool) {
	return dst, false
}

// hasPicker reports whether the torrent has a picker.
func (s *State) hasPicker() bool { return s.picker != noPicker{} }

// startPicker makes a picker, if one is needed and there is none, and tells it what is
// held, what has arrived of other pieces, and who is connected.
func (s *State) startPicker() {
	if s.hasPicker() || !s.Running() || s.complete() {
		return
	}
	s.picker = s.newPicker()
	for i := range s.n {
		if s.have.Has(i) {
			s.picker.Held(i)
		}
	}
	s.pieces.Replay(s.picker, nobody)
	for _, p := range s.order {
		if p.inPicker {
			s.picker.Join(p.id, p.has.Bitfield(s.n))
		}
	}
}

// stopPicker gives the picker up. Open requests count as late: if their blocks come they
// are not wanted, or a later picker takes them all the same.
func (s *State) stopPicker() {
	s.picker = noPicker{}
	for _, p := range s.order {
		for i := range p.requests {
			p.requests[i].Late = true
		}
	}
	s.pieces.ForgetEmpty()
}
