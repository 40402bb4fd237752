package fetch

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

// portEvery is the time between two messages of one peer about its node of the DHT that are heeded.
const portEvery = time.Minute

// SetDHTPort says at which UDP port our node of the DHT listens; 0 for none. Peers that have a node
// hear of it (https://www.bittorrent.org/beps/bep_0005.html, "bittorrent protocol extension").
func (s *State) SetDHTPort(now time.Time, port uint16) {
	if s.dhtPort == port || s.Over() {
		return
	}
	s.dhtPort = port
	for _, p := range s.order {
		s.sendPort(now, p)
	}
}

// sendPort tells a peer that has a node where ours is, if there is one.
func (s *State) sendPort(now time.Time, p *peer) {
	if p.DHT && s.dhtPort != 0 {
		p.send(now, peerwire.Message{Kind: peerwire.Port, Port: s.dhtPort})
	}
}

// receivePort takes in where the peer's node is. The torrent reads it again.
func (s *State) receivePort(now time.Time, p *peer, port uint16) {
	p.allowance.Spend(1)
	p.replay.port = port
	if port == 0 || now.Before(p.portAt) {
		return
	}
	p.portAt = now.Add(portEvery)
	s.nodes = append(s.nodes, netip.AddrPortFrom(p.Addr.Addr().Unmap(), port))
}
