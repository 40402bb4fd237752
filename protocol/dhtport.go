package protocol

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

// A peer says at which UDP port its node of the DHT listens
// (https://www.bittorrent.org/beps/bep_0005.html, "bittorrent protocol extension"). A private
// torrent neither sends such messages nor heeds them
// (https://www.bittorrent.org/beps/bep_0027.html).

// portEvery is the time between two messages of one peer about its node that are heeded.
const portEvery = time.Minute

// apply tells the peers that have a node where ours is now.
func (e DHTPort) apply(now time.Time, s *State) {
	if s.private || s.dhtPort == e.Port {
		return
	}
	s.dhtPort = e.Port
	for _, p := range s.order {
		s.sendPort(now, p)
	}
}

// sendPort tells a peer that has a node where ours is, if there is one.
func (s *State) sendPort(now time.Time, p *peer) {
	if p.DHT && s.dhtPort != 0 && !p.Closing {
		s.send(now, p, peerwire.Message{Kind: peerwire.Port, Port: s.dhtPort})
	}
}

// receivePort takes in where the peer's node is.
func (s *State) receivePort(now time.Time, p *peer, port uint16) {
	p.Allowance.Spend(1)
	if s.private || port == 0 || now.Before(p.PortAt) {
		p.Tally.Ignored.Add(1)
		return
	}
	p.PortAt = now.Add(portEvery)
	s.do(DHTNode{Addr: netip.AddrPortFrom(p.Addr.Addr().Unmap(), port)})
}
