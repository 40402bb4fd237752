package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/allowedfast"
	"github.com/shoal-bt/shoal/protocol/choking"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/protocol/revealing"
	"github.com/shoal-bt/shoal/protocol/urgent"
	"github.com/shoal-bt/shoal/protocol/waiting"
	"github.com/shoal-bt/shoal/swarm"
)

// A workingSet is what a State needs for the peers that are connected, for the pieces that
// are under way and for users who wait. A torrent without either has one only during its turns.
// Maps are made when something is put into them.
type workingSet struct {
	now    time.Time            // of the last Apply
	peers  map[swarm.Peer]*peer // connected, or closing
	order  []*peer              // those that are not closing, in order of joining: no decision depends on the order of a map
	places places.Count         // of order
	dirty  []*peer              // whose outbox was written to

	replacements places.Replacements

	pieces   pieces.Table // in progress
	blame    pieces.Blame
	buffers  bufferUse
	grants   allowedfast.Grants
	chokes   choking.Rounds
	timeouts timeoutChecks
	follow   following
	seek     urgent.Seek
	viewers  revealing.Viewers
	waiters  waiting.List
	lateErr  error // of the Storage, after Close

	effects []Effect
	outs    []*Outbox

	// What follows is used again by each call.
	picked     []swarm.Block
	duplicates []swarm.Peer
	oneBuf     [1][]byte
}

// emptySet stands for the workingSet of every torrent that has none. It is read and
// never written.
var emptySet = &workingSet{}

// attach gives the torrent a workingSet, if it has none.
func (s *State) attach() {
	if s.workingSet == emptySet {
		s.workingSet = &workingSet{pieces: pieces.New(s.geo), effects: make([]Effect, 0, 4)}
	}
}

// detach drops the workingSet if nothing is in it, and reports whether it did.
func (s *State) detach() bool {
	w := s.workingSet
	inUse := len(w.peers)+len(w.order)+w.pieces.Len()+w.blame.Len()+w.buffers.out+len(w.waiters) > 0
	if inUse || w.lateErr != nil || !w.follow.at.IsZero() || w.buffers.waiting || !w.chokes.Due().IsZero() || !w.timeouts.at.IsZero() {
		return false
	}
	s.workingSet = emptySet
	return true
}

// addPeer enters a peer that has joined.
func (w *workingSet) addPeer(p *peer) {
	if w.peers == nil {
		w.peers = make(map[swarm.Peer]*peer)
	}
	w.peers[p.ID] = p
	w.order = append(w.order, p)
	w.places.Add(p.Addr.Addr(), p.Outgoing)
}
