package discovery

import (
	"container/list"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxPeers        = 10_000 // in all; beyond it those are forgotten that have been silent longest
	maxPeersOfSwarm = 100    // the same for each swarm
	maxPeersOfAddr  = 1000   // beyond it, an address is not heard until others of its peers expire
	maxPortsOfAddr  = 4      // in one swarm
)

// peers are those that were heard.
type peers struct {
	order   list.List // of *heard, the longest silent first
	swarms  map[swarm.ID][]*list.Element
	ofAddrs map[netip.Addr]int
}

// A heard is a peer, and when it was last heard.
type heard struct {
	Peer
	at time.Time
}

// renew notes that a peer was heard again. It reports false if the peer is not known.
func (p *peers) renew(now time.Time, peer Peer) bool {
	for _, e := range p.swarms[peer.Swarm] {
		h := e.Value.(*heard)
		if h.Addr == peer.Addr {
			h.at = now
			p.order.MoveToBack(e)
			return true
		}
	}
	return false
}

// mayAdd reports whether the address of a peer may have one more.
func (p *peers) mayAdd(peer Peer) bool {
	addr, ports := peer.Addr.Addr(), 0
	for _, e := range p.swarms[peer.Swarm] {
		if e.Value.(*heard).Addr.Addr() == addr {
			ports++
		}
	}
	return ports < maxPortsOfAddr && p.ofAddrs[addr] < maxPeersOfAddr
}

// add takes in a peer that is not known.
func (p *peers) add(now time.Time, peer Peer) {
	p.makeRoom(peer.Swarm)
	if p.swarms == nil {
		p.swarms = make(map[swarm.ID][]*list.Element)
		p.ofAddrs = make(map[netip.Addr]int)
	}
	e := p.order.PushBack(&heard{peer, now})
	p.swarms[peer.Swarm] = append(p.swarms[peer.Swarm], e)
	p.ofAddrs[peer.Addr.Addr()]++
}

// makeRoom forgets who has been silent longest, for one more peer of a swarm.
func (p *peers) makeRoom(id swarm.ID) {
	if p.order.Len() >= maxPeers {
		p.remove(p.order.Front())
	}
	all := p.swarms[id]
	if len(all) < maxPeersOfSwarm {
		return
	}
	longest := all[0]
	for _, e := range all {
		if e.Value.(*heard).at.Before(longest.Value.(*heard).at) {
			longest = e
		}
	}
	p.remove(longest)
}

func (p *peers) remove(e *list.Element) {
	h := p.order.Remove(e).(*heard)
	all := p.swarms[h.Swarm]
	for i := range all {
		if all[i] == e {
			all[i] = all[len(all)-1]
			all[len(all)-1] = nil
			all = all[:len(all)-1]
			break
		}
	}
	p.swarms[h.Swarm] = all
	if len(all) == 0 {
		delete(p.swarms, h.Swarm)
	}
	p.ofAddrs[h.Addr.Addr()]--
	if p.ofAddrs[h.Addr.Addr()] == 0 {
		delete(p.ofAddrs, h.Addr.Addr())
	}
}

// expire forgets peers that have not been heard for long.
func (p *peers) expire(now time.Time) {
	for e := p.order.Front(); e != nil && now.Sub(e.Value.(*heard).at) > KeepFor; e = p.order.Front() {
		p.remove(e)
	}
}

// drop forgets the peers of a swarm.
func (p *peers) drop(id swarm.ID) {
	for len(p.swarms[id]) > 0 {
		p.remove(p.swarms[id][0])
	}
}

// of returns the peers of a swarm.
func (p *peers) of(id swarm.ID) (all []netip.AddrPort) {
	for _, e := range p.swarms[id] {
		all = append(all, e.Value.(*heard).Addr)
	}
	return all
}

func (p *peers) len() int { return p.order.Len() }
