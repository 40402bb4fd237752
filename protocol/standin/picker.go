package standin

import "github.com/shoal-bt/shoal/swarm"

// A Picker stands for the swarm.Picker of a torrent that has nothing to request. It knows
// nobody and picks nothing.
type Picker struct{}

// Join forgets the peer.
func (Picker) Join(swarm.Peer, swarm.Bitfield) {}

// Have forgets the piece.
func (Picker) Have(swarm.Peer, int, bool) {}

// Leave does nothing.
func (Picker) Leave(swarm.Peer) {}

// Wants returns false.
func (Picker) Wants(swarm.Peer) bool { return false }

// Pick picks nothing.
func (Picker) Pick(dst []swarm.Block, _ swarm.Ask) []swarm.Block { return dst }

// Drop does nothing.
func (Picker) Drop(swarm.Peer, swarm.Block) {}

// Held does nothing.
func (Picker) Held(int) {}

// Lose does nothing.
func (Picker) Lose(int, []int) {}

// Arrive says that the block is not missing.
func (Picker) Arrive(dst []swarm.Peer, _ swarm.Peer, _ swarm.Block) ([]swarm.Peer, bool) {
	return dst, false
}
