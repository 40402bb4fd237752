package discovery

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// KeepFor is how long a swarm is announced after the last Join, and how long a peer is
// remembered after it was last heard: three announces.
const KeepFor = 15 * time.Minute

// A Config configures a State.
type Config struct {
	// Cookie is text of at most 16 bytes without spaces by which we know our own datagrams.
	// It must differ between programs; empty means that none is sent.
	Cookie string
}

// A State is what we announce, and what we have heard. See the package comment for the order
// of calls.
type State struct {
	cookie   string
	torrents map[swarm.ID]*torrent
	joined   uint64 // torrents that ever joined
	links    []*link
	gone     map[LinkID]time.Time // when the last datagram was sent on a link that is gone
	limits   limits
	peers    peers
	stats    Stats
	expireAt time.Time

	send  []Datagram
	found []Peer
}

// A torrent is a swarm that we are in.
type torrent struct {
	id      swarm.ID
	number  uint64 // by the order of joining
	port    uint16 // 0 if we accept no connections
	renewed time.Time
}

// A Turn is what to do. Its slices are the caller's until the next call of the State; the
// bytes of the datagrams are the caller's for good.
type Turn struct {
	Send  []Datagram
	Found []Peer    // not heard of within KeepFor
	Next  time.Time // when to call Settle again at the latest; zero for never
}

// A Datagram is to be sent to the group of its link's family.
type Datagram struct {
	Link  Link
	Bytes []byte
}

// A Peer is somebody on the local network who is in a swarm of ours.
type Peer struct {
	Swarm swarm.ID
	Addr  netip.AddrPort // with a zone if it is link-local
}

// Stats are counts of datagrams since New, and sizes now.
type Stats struct {
	Links  int
	Swarms int // that we announce or listen for
	Peers  int // remembered, counted once in each swarm

	Sent      int64
	Received  int64 // all of the following together, and those that were useful
	Own       int64
	OffLink   int64 // from a sender that is not on the link
	Dropped   int64 // over the limits
	Malformed int64
	Foreign   int64 // for swarms that we are not in
}

// New returns a State without swarms and links.
func New(c Config) *State {
	return &State{
		cookie:   c.Cookie,
		torrents: make(map[swarm.ID]*torrent),
		gone:     make(map[LinkID]time.Time),
	}
}

// Join announces a swarm from now on, or goes on with it. It must be repeated within
// KeepFor. With port 0 it is not announced, but its peers are heard.
func (s *State) Join(now time.Time, id swarm.ID, port uint16) {
	t := s.torrents[id]
	if t == nil {
		s.joined++
		t = &torrent{id: id, number: s.joined}
		s.torrents[id] = t
	}
	t.renewed = now
	if t.port == port {
		return
	}
	t.port = port
	for _, l := range s.links {
		delete(l.due, id)
		l.wakeAt = earlier(l.wakeAt, l.nextAt(now.Add(gather)))
	}
}

// Leave forgets a swarm and its peers.
func (s *State) Leave(id swarm.ID) {
	delete(s.torrents, id)
	for _, l := range s.links {
		delete(l.due, id)
	}
	s.peers.drop(id)
}

// Peers returns the peers of a swarm that were heard within KeepFor. The slice is the
// caller's.
func (s *State) Peers(now time.Time, id swarm.ID) []netip.AddrPort {
	s.peers.expire(now)
	return s.peers.of(id)
}

// Len returns the number of swarms.
func (s *State) Len() int { return len(s.torrents) }

// Stats returns counts and sizes.
func (s *State) Stats() Stats {
	t := s.stats
	t.Links, t.Swarms, t.Peers = len(s.links), len(s.torrents), s.peers.len()
	return t
}

// Settle ends a run of other calls and returns what to do.
func (s *State) Settle(now time.Time) Turn {
	s.expire(now)
	s.send = s.send[:0]
	for _, l := range s.links {
		s.announce(now, l)
	}
	turn := Turn{Send: s.send, Found: s.found}
	s.found = s.found[len(s.found):]
	if len(s.torrents) > 0 {
		turn.Next = s.expireAt
	}
	for _, l := range s.links {
		turn.Next = earlier(turn.Next, l.wakeAt)
	}
	return turn
}

// expire forgets, once a minute, the swarms that nobody renews and the peers that are silent.
func (s *State) expire(now time.Time) {
	if now.Before(s.expireAt) {
		return
	}
	s.expireAt = now.Add(time.Minute)
	for id, t := range s.torrents {
		if now.Sub(t.renewed) > KeepFor {
			s.Leave(id)
		}
	}
	for id, at := range s.gone {
		if now.Sub(at) >= between {
			delete(s.gone, id)
		}
	}
	s.peers.expire(now)
	s.limits.expire(now)
}

// earlier returns the earlier of two times. The zero time means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
