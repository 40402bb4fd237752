package engine

import (
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A crowd is what a torrent needs for the peers that are connected, and for the
// pieces that are under way. A torrent without either has one only during its turns.
type workingSet struct {
	peers          map[swarm.Peer]*peerState
	order          []*peerState // in order of joining, so that answers do not depend on a map
	byID           map[swarm.PeerID]*peerState
	dirty          []*peerState
	waitsForMemory bool // waits for memory
	assembly       map[int]*assembly
	evidence       map[int]*evidence

	choker  Choker
	chokeAt time.Time // next round
	scanAt  time.Time // next look at the peers' clocks

	effects    []effect
	picked     []swarm.Block
	duplicates []swarm.Peer
	rates      []PeerRate
	coming     map[int]int
	chosen     []swarm.Peer
}

// crowds are kept for whoever has a turn.
var workingSets = sync.Pool{New: func() any {
	return &workingSet{
		peers:    make(map[swarm.Peer]*peerState),
		byID:     make(map[swarm.PeerID]*peerState),
		assembly: make(map[int]*assembly),
		evidence: make(map[int]*evidence),
	}
}}

// rise begins a turn.
func (s *state) attach() {
	if s.workingSet == nil {
		s.workingSet = workingSets.Get().(*workingSet)
	}
}

// lie ends a turn, whose effects were carried out. It reports whether the torrent
// has no crowd any more.
func (s *state) detach() bool {
	c := s.workingSet
	if len(c.peers)+len(c.order)+len(c.dirty)+len(c.assembly)+len(c.evidence)+len(c.effects) > 0 ||
		c.waitsForMemory || !c.chokeAt.IsZero() || !c.scanAt.IsZero() {
		return false
	}
	c.choker = nil
	s.workingSet = nil
	workingSets.Put(c)
	return true
}
