// Package wishes keeps what users do to a torrent whose metadata is being fetched.
//
// In come peers, sources and bans; out go copies of them, and what has changed since a copy was
// made, for the torrent that runs then. The caller locks. Not here: who is asked.
package wishes

import (
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/swarm"
)

// Wishes are what users did. The zero value is nothing. One goroutine at a time may use it.
type Wishes struct {
	Peers  []netip.AddrPort // that users named
	Banned []netip.Addr
	Paused bool

	sources []*source
}

// A source has an identity, which that of a user may not have.
type source struct{ swarm.PeerSource }

// Copy returns a copy that does not change.
func (w *Wishes) Copy() Wishes {
	c := *w
	c.Peers, c.Banned, c.sources = slices.Clone(w.Peers), slices.Clone(w.Banned), slices.Clone(w.sources)
	return c
}

// AddPeers adds peers that users named, each once: a record would grow with each run.
func (w *Wishes) AddPeers(all ...netip.AddrPort) {
	for _, p := range all {
		if !slices.Contains(w.Peers, p) {
			w.Peers = append(w.Peers, p)
		}
	}
}

// AddSources adds sources of peers.
func (w *Wishes) AddSources(all ...swarm.PeerSource) {
	for _, s := range all {
		w.sources = append(w.sources, &source{s})
	}
}

// RemoveSource removes a source. One whose type cannot be compared is not found.
func (w *Wishes) RemoveSource(s swarm.PeerSource) {
	w.sources = slices.DeleteFunc(w.sources, func(o *source) bool { return trackers.Same(o.PeerSource, s) })
}

// Sources returns the sources.
func (w *Wishes) Sources() (all []swarm.PeerSource) {
	for _, s := range w.sources {
		all = append(all, s.PeerSource)
	}
	return all
}

// SourcesSince returns which sources were added, and which removed, since before was copied.
func (w *Wishes) SourcesSince(before Wishes) (added, removed []swarm.PeerSource) {
	for _, s := range w.sources {
		if !slices.Contains(before.sources, s) {
			added = append(added, s.PeerSource)
		}
	}
	for _, s := range before.sources {
		if !slices.Contains(w.sources, s) {
			removed = append(removed, s.PeerSource)
		}
	}
	return added, removed
}

// Ban notes that an address was banned.
func (w *Wishes) Ban(a netip.Addr) {
	if !slices.Contains(w.Banned, a) {
		w.Banned = append(w.Banned, a)
	}
}
