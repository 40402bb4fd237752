// Package handover gives a torrent what fetches of its metadata, and their users, know.
//
// In come the results of fetches, and the torrent in the engine; a result keeps what the
// torrent does not take, and Close closes that. Not here: when a fetch ends.
package handover

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/client/internal/peeraddr"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/client/internal/wishes"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

// A Fetch is a fetch that has ended.
type Fetch struct {
	Winner bool             // it got the metadata; its owner closes Found
	Found  *magnet.Result   // what it hands over; nil for nothing
	Wishes wishes.Wishes    // that the torrent starts with
	Link   *metainfo.Magnet // with its trackers
}

// Fetches are those that end when a torrent starts. The sources of the first are those of the
// torrent.
type Fetches []Fetch

// Add adds a fetch. The sources of all but the first hear that we stopped, because the torrent
// announces again what they did.
func (all *Fetches) Add(f Fetch) {
	if len(*all) > 0 && f.Found != nil {
		conns := f.Found.Conns
		f.Found.Conns = nil
		f.Found.Close()
		f.Found.Conns = conns
	}
	*all = append(*all, f)
}

// Sources returns the sources that users added.
func (all Fetches) Sources() (sources []swarm.PeerSource) {
	for _, f := range all {
		sources = append(sources, f.Wishes.Sources()...)
	}
	return sources
}

// Trackers returns those of links that did not get the metadata.
func (all Fetches) Trackers() (urls []string) {
	for _, f := range all {
		if !f.Winner {
			urls = append(urls, f.Link.Trackers...)
		}
	}
	return urls
}

// Announced returns how far those of some sources are that were asked already. Those in early
// are called at once, because they have trackers that come before the one that answered.
func (all Fetches) Announced(sources, early []swarm.PeerSource) (states []engine.SourceStats) {
	if len(all) == 0 || all[0].Found == nil {
		return nil
	}
	for _, s := range all[0].Found.Sources {
		if !contains(sources, s.Source) {
			continue
		}
		if s.Registered && s.Errors == 0 && contains(early, s.Source) {
			s.Next, s.Earliest = time.Now(), time.Time{}
		}
		states = append(states, s)
	}
	return states
}

// Announces says that the torrent goes on with what Announced returned.
func (all Fetches) Announces(states []engine.SourceStats) {
	if len(states) == 0 {
		return
	}
	found := all[0].Found
	found.Sources = slices.DeleteFunc(found.Sources, func(s engine.SourceStats) bool {
		return slices.ContainsFunc(states, func(o engine.SourceStats) bool {
			return s.Swarm == o.Swarm && trackers.Same(s.Source, o.Source)
		})
	})
}

// Close closes what nobody took.
func (all Fetches) Close() {
	for _, f := range all {
		if !f.Winner {
			f.Found.Close()
		}
	}
}

func contains(all []swarm.PeerSource, s swarm.PeerSource) bool {
	return slices.ContainsFunc(all, func(o swarm.PeerSource) bool { return trackers.Same(o, s) })
}

// A Receiver is a torrent that takes what a fetch has.
type Receiver struct {
	Torrent *engine.Torrent
	Own     swarm.PeerSource // its own trackers; nil for none
	Private bool
}

// Take goes on with the connections and the peers that a fetch has, and with what its user did;
// now is that of the moment when the torrent took its place. Connections come first, so that
// their peers are not dialed again.
func (r Receiver) Take(f Fetch, now wishes.Wishes) {
	if f.Found != nil {
		r.takePeers(f.Found, now.Peers)
	}
	if len(now.Peers) > 0 {
		r.Torrent.AddPeers(peeraddr.Addresses(now.Peers)...)
	}
	for _, a := range now.Banned {
		r.Torrent.Ban(a)
	}
	if r.Private {
		return
	}
	added, removed := now.SourcesSince(f.Wishes)
	for _, s := range added {
		r.Torrent.AddSource(s)
	}
	for _, s := range removed {
		r.Torrent.RemoveSource(s)
	}
}

// takePeers takes the connections and peers of a fetch. user are the peers that the user named.
func (r Receiver) takePeers(found *magnet.Result, user []netip.AddrPort) {
	for _, b := range found.Banned {
		if !places.IsLocal(b.Addr()) { // there others may have the same address
			r.Torrent.Ban(b.Addr())
		}
	}
	conns := found.Conns
	found.Conns = nil
	for _, c := range conns {
		if !c.Outgoing || r.mayDial(c.Addr, c.Origin, user) {
			r.Torrent.AddConn(c.Conn) // it closes what it does not want
		} else {
			c.Close()
		}
	}
	for _, f := range r.addresses(found.Peers, user) {
		r.Torrent.AddFound(f)
	}
}

// mayDial reports whether the torrent may dial a peer that a fetch knows: a private one only peers
// that its own trackers or the user named, though it keeps those that dialed us. Peers that a link
// names are not the user's. https://www.bittorrent.org/beps/bep_0027.html
func (r Receiver) mayDial(addr netip.AddrPort, o magnet.Origin, user []netip.AddrPort) bool {
	named := r.Own != nil && slices.Contains(o.Sources, r.Own)
	return !r.Private || named || slices.Contains(user, addr)
}

// addresses returns those that the torrent may dial. Those that only a peer named stay apart, because
// they may be lies; the others count as named by a source, and what the user named comes again.
func (r Receiver) addresses(all []magnet.Peer, user []netip.AddrPort) (found []engine.Found) {
	index := make(map[netip.Addr]int) // in found, by the peer that named them; zero for none
	for _, p := range all {
		o := p.Origin
		if !r.mayDial(p.AddrPort, o, user) {
			continue
		}
		by := o.Peer
		if o.User || o.Incoming || len(o.Sources) > 0 {
			by = netip.Addr{}
		}
		i, ok := index[by]
		if !ok {
			i = len(found)
			index[by] = i
			found = append(found, engine.Found{By: by, FromSource: !by.IsValid()})
		}
		found[i].Addrs = append(found[i].Addrs, p.Address)
	}
	return found
}
