package engine

import (
	"maps"
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// A torrent has a picker only while pieces are missing and it is active. What a
// picker must know lies in the state too, so one that is made is told all of it.

// noPicker stands for the picker of a torrent that asks for nothing.
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

// picks reports whether the torrent has a picker.
func (s *state) hasPicker() bool { return s.picker != noPicker{} }

// beginPicking makes a picker, if one is needed and there is none, and tells it
// what is held, what has arrived of other pieces, and who is connected.
func (s *state) startPicker() {
	if s.hasPicker() || !s.active() || s.complete() {
		return
	}
	s.picker = s.newPicker()
	for i := range s.n {
		if s.have.Has(i) {
			s.picker.Held(i)
		}
	}
	s.replayBlocks()
	for _, p := range s.order {
		if p.inPicker {
			s.picker.Join(p.id, p.bitfield(s.n))
		}
	}
}

// retell tells the picker which blocks are here. They come as if from a peer of
// their own, for a picker hears of blocks in no other way.
func (s *state) replayBlocks() {
	if len(s.assembly) == 0 {
		return
	}
	all := swarm.NewBitfield(s.n)
	all.SetAll(s.n)
	s.picker.Join(nobody, all)
	for _, piece := range slices.Sorted(maps.Keys(s.assembly)) {
		for k, here := range s.assembly[piece].arrived {
			if b := s.geo.Block(piece, k); here && s.geo.Contains(b) {
				s.picker.Arrive(nil, nobody, b)
			}
		}
	}
	s.picker.Leave(nobody)
}

// endPicking gives the picker up. Blocks that are on order count as late: if they
// come they are not wanted, or a later picker takes them all the same.
func (s *state) stopPicker() {
	s.picker = noPicker{}
	for _, p := range s.order {
		for i := range p.requests {
			p.requests[i].late = true
		}
	}
	s.forgetEmpty()
}
