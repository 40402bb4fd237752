package swarmsim

import (
	"sync"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// What an extension says from outside of the State (extension.Torrent.Say) comes from
// goroutines of its own, whenever the system lets them run. So the Results of equal Sims may
// differ if such extensions take part.

// sayings are what extensions have said since the last step.
type sayings struct {
	mu  sync.Mutex
	all []saying
}

// A saying is a message of an extension that a node is to send.
type saying struct {
	node *node
	say  protocol.Say
}

// say has a node send a message of an extension. Any goroutine may call it.
func (n *node) say(p swarm.Peer, name string, body []byte) {
	s := &n.world.said
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, saying{n, protocol.Say{Peer: p, Name: name, Body: body}})
}

// deliverSaid has the nodes send what was said, in the step that begins.
func (w *world) deliverSaid() {
	w.said.mu.Lock()
	all := w.said.all
	w.said.all = nil
	w.said.mu.Unlock()
	for _, s := range all {
		s.node.post(w.now, s.say)
	}
}
