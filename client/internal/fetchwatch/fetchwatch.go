// Package fetchwatch has what a fetch of metadata met so far.
//
// In come events of peers and replies of sources; out go the figures that a running torrent
// has of them. The caller owns what it gets. Not here: the fetch.
package fetchwatch

import (
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/swarm"
)

// maxReplies bounds what is kept of sources that cannot be compared.
const maxReplies = 1000

// A Watch has the figures of one fetch. It is used by one goroutine at a time.
type Watch struct {
	peers   []engine.PeerStats // that are connected, in order of joining
	replies []engine.SourceStats
}

// HandleEvent notes what became of a peer.
func (w *Watch) HandleEvent(e engine.Event) {
	switch e := e.(type) {
	case engine.PeerConnected:
		w.peers = append(w.peers, engine.PeerStats{
			Addr:     e.Addr,
			ID:       e.ID,
			Outgoing: e.Outgoing,
			Joined:   time.Now(),
		})
	case engine.PeerLost:
		w.forget(e.Addr)
	}
}

// forget removes the oldest connection of an address.
func (w *Watch) forget(a netip.AddrPort) {
	i := slices.IndexFunc(w.peers, func(p engine.PeerStats) bool { return p.Addr == a })
	if i >= 0 {
		w.peers = slices.Delete(w.peers, i, i+1)
	}
}

// HandleReply notes what a source said, and returns the event for it.
func (w *Watch) HandleReply(id swarm.ID, r magnet.Reply) engine.Event {
	said := engine.SourceStats{
		Source: r.Source,
		Swarm:  r.Swarm,
		Last:   time.Now(),
		Next:   r.Next,
		Answer: r.Answer,
		Err:    r.Err,
		Errors: r.Errors,
		Peers:  r.Peers,
	}
	i := slices.IndexFunc(w.replies, func(o engine.SourceStats) bool {
		return o.Swarm == r.Swarm && trackers.Same(o.Source, r.Source)
	})
	if i >= 0 {
		w.replies[i] = said
	} else if len(w.replies) < maxReplies {
		w.replies = append(w.replies, said)
	}
	if r.Err != nil {
		return engine.SourceError{Torrent: id, Source: r.Source, Err: r.Err, Errors: r.Errors}
	}
	return engine.SourceReply{Torrent: id, Source: r.Source, Answer: r.Answer, Peers: r.Peers}
}

// Peers returns the peers that are connected.
func (w *Watch) Peers() []engine.PeerStats { return slices.Clone(w.peers) }

// Sources returns how each of some sources is doing. One that has not answered has only its
// name; of those that cannot be compared, such as lists, it appears only if none has answered.
func (w *Watch) Sources(id swarm.ID, sources []swarm.PeerSource) []engine.SourceStats {
	all := slices.Clone(w.replies)
	for _, s := range sources {
		hasAnswered := func(o engine.SourceStats) bool {
			kind := reflect.TypeOf(s)
			return trackers.Same(o.Source, s) || (!kind.Comparable() && reflect.TypeOf(o.Source) == kind)
		}
		if !slices.ContainsFunc(all, hasAnswered) {
			all = append(all, engine.SourceStats{Source: s, Swarm: id, Answer: swarm.Answer{Seeds: -1, Leechers: -1}})
		}
	}
	return all
}
