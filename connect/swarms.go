package connect

import (
	"errors"
	"net/netip"
	"sync"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
)

// errNotAdmitted says that Receiver.Admit was false.
var errNotAdmitted = errors.New("no place for one more connection of this swarm")

// A Receiver takes the connections that peers make to us for a swarm that is no torrent yet,
// such as that of a magnet link whose metadata is being fetched.
type Receiver struct {
	// Ours is what we answer. Its InfoHash is not used.
	Ours handshake.Handshake

	// Group is who takes the connections, as in a Request.
	Group any

	// Admit reports whether a peer of an address is answered; nil answers all. It must
	// not block.
	Admit func(netip.AddrPort) bool

	// Take gets a connection and owns it. It must not block.
	Take func(*Conn)
}

// Answer returns what to answer a peer, or an error if it is not admitted.
func (r Receiver) Answer(from netip.AddrPort) (handshake.Handshake, error) {
	if r.Admit != nil && !r.Admit(from) {
		return handshake.Handshake{}, errNotAdmitted
	}
	return r.Ours, nil
}

// swarms are the swarms that a peer may name who dials us.
type swarms struct {
	mu        sync.Mutex
	receivers map[swarm.ID]*Receiver
	marks     map[mark]swarm.ID
	uses      map[swarm.ID]int // calls of AddSwarm less those of RemoveSwarm
}

// A mark is what a peer that encrypts shows instead of a swarm's ID.
type mark struct {
	of    Secure
	shown [20]byte
}

// Receive has a Receiver take the connections for a swarm, until the function that it
// returns is called. Connections that were taken stay open, and those whose handshake is
// under way are still taken. A later Receiver of the same
// swarm replaces an earlier one. Those who accept connections look for a torrent first.
func (c *Connector) Receive(id swarm.ID, r Receiver) (stop func()) {
	c.AddSwarm(id)
	s := &c.swarms
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receivers == nil {
		s.receivers = make(map[swarm.ID]*Receiver)
	}
	s.receivers[id] = &r
	return sync.OnceFunc(func() {
		c.RemoveSwarm(id)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.receivers[id] == &r {
			delete(s.receivers, id)
		}
	})
}

// Receiver returns who takes the connections for a swarm.
func (c *Connector) Receiver(id swarm.ID) (r Receiver, ok bool) {
	c.swarms.mu.Lock()
	defer c.swarms.mu.Unlock()
	found := c.swarms.receivers[id]
	if found == nil {
		return Receiver{}, false
	}
	return *found, true
}

// AddSwarm says that we take part in a swarm, so that peers that encrypt can name it.
// RemoveSwarm takes that back. A swarm may be added several times.
func (c *Connector) AddSwarm(id swarm.ID) {
	s := &c.swarms
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secure := range c.options.Accepts {
		if secure == nil {
			continue
		}
		if s.marks == nil {
			s.marks, s.uses = make(map[mark]swarm.ID), make(map[swarm.ID]int)
		}
		s.marks[mark{secure, secure.Mark(id)}] = id
	}
	if s.uses != nil {
		s.uses[id]++
	}
}

// RemoveSwarm takes an AddSwarm back.
func (c *Connector) RemoveSwarm(id swarm.ID) {
	s := &c.swarms
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uses == nil {
		return
	}
	s.uses[id]--
	if s.uses[id] > 0 {
		return
	}
	delete(s.uses, id)
	for _, secure := range c.options.Accepts {
		if secure != nil {
			delete(s.marks, mark{secure, secure.Mark(id)})
		}
	}
}

// find returns the swarm with a mark.
func (s *swarms) find(of Secure, shown [20]byte) (id swarm.ID, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok = s.marks[mark{of, shown}]
	return id, ok
}
