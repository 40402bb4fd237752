package node

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/bloom"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	maxPeersOfAnswer = 200   // that are believed of one node
	maxPeersOfTask   = 5_000 // that a look-up passes on
)

// take takes in what a node has for a task.
func (s *State) take(t *task, from netip.AddrPort, m *krpc.Message) {
	switch t.Method {
	case krpc.GetPeers, krpc.AnnouncePeer:
		s.takePeers(t, from, m)
	case krpc.Get, krpc.Put:
		s.takeItem(t, m)
	case krpc.SampleInfohashes:
		s.takeSamples(t, from, m)
	}
}

// takePeers counts and passes on the peers that are no more local than the node that named them.
func (s *State) takePeers(t *task, from netip.AddrPort, m *krpc.Message) {
	m.Values = slices.DeleteFunc(m.Values, func(a netip.AddrPort) bool { return !s.believes(a.Addr(), from.Addr()) })
	t.count(m)
	var peers []netip.AddrPort
	for _, a := range m.Values {
		isWanted := len(peers) < maxPeersOfAnswer && t.values < maxPeersOfTask
		if isWanted {
			peers = append(peers, a)
			t.values++
		}
	}
	if len(peers) > 0 {
		s.report(PeersEvent{t.id, from, peers})
	}
}

// count adds what a node says of the swarm. Of a node that does not count, it keeps the peers that
// the node names.
func (t *task) count(m *krpc.Message) {
	if !t.Scrape {
		return
	}
	if t.seeds == nil {
		t.seeds, t.peers = new(bloom.Filter), new(bloom.Filter)
	}
	if m.Seeds == nil && m.Peers == nil {
		for _, a := range m.Values[:min(len(m.Values), maxPeersOfTask-len(t.uncounted))] {
			t.uncounted = append(t.uncounted, a.Addr())
		}
		return
	}
	if m.Seeds != nil {
		t.seeds.Union((*bloom.Filter)(m.Seeds))
	}
	if m.Peers != nil {
		t.peers.Union((*bloom.Filter)(m.Peers))
	}
}

// countRest counts the peers that nodes named which do not count, at the end, because only then
// all seeds are known (https://www.bittorrent.org/beps/bep_0033.html, "Handling legacy responses").
func (t *task) countRest() {
	for _, a := range t.uncounted {
		if !t.seeds.Has(a) {
			t.peers.Add(a)
		}
	}
	t.uncounted = nil
}

// takeSamples passes the hashes of a node on.
func (s *State) takeSamples(t *task, from netip.AddrPort, m *krpc.Message) {
	if !m.Sampled {
		return
	}
	e := SamplesEvent{Task: t.id, From: from, Num: int(min(m.Num, 1<<30)), Interval: time.Duration(min(m.Interval, 21600)) * time.Second}
	for b := m.Samples; len(b) >= 20; b = b[20:] {
		e.Hashes = append(e.Hashes, nodeid.ID(b[:20]))
	}
	s.report(e)
}
