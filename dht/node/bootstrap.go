package node

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/lookup"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	fewNodes    = 8  // of which a node needs more to know enough
	maxRouters  = 16 // that are asked
	fillLookups = 2  // of targets by chance, after the first of our own id: they fill the table
)

// bootstrap is how the node gets to know others.
type bootstrap struct {
	task    *task            // the look-up of our own id; nil if it does not run
	routers []netip.AddrPort // not asked yet
	asked   map[netip.AddrPort]bool
	open    int // routers that were asked and have not answered
	fill    int // look-ups by chance that are still to begin
}

// isRunning reports whether tasks should wait.
func (b *bootstrap) isRunning() bool { return b.task != nil }

// Bootstrap gets to know other nodes: from some that were saved, and if these are few or do
// not answer, from routers, which never enter the routing table. A BootstrappedEvent
// follows; tasks wait for it. It may be called again, for instance when the network has
// changed.
func (s *State) Bootstrap(now time.Time, saved []krpc.Contact, routers []netip.AddrPort) {
	s.now = now
	if s.boot.task != nil {
		s.end(s.boot.task)
	}
	s.boot = bootstrap{asked: make(map[netip.AddrPort]bool), fill: fillLookups}
	for _, a := range routers {
		a = netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
		if s.isOurs(a) && len(s.boot.routers) < maxRouters {
			s.boot.routers = append(s.boot.routers, a)
		}
	}
	known := s.table.Closest(nil, s.self, beginWith, now)
	for _, c := range saved {
		if s.isOurs(c.Addr) {
			known = append(known, c)
		}
	}
	t := s.inside(s.self)
	t.lookup = lookup.New(s.lookupConfig(s.self), known)
	s.boot.task = t
	if len(known) < fewNodes {
		s.askRouters()
	}
}

// inside begins a look-up of the node itself, which has no nodes yet.
func (s *State) inside(target nodeid.ID) *task {
	t := &task{Request: Request{Method: krpc.FindNode, Target: target}, inside: true, target: target, began: s.now, tokens: map[netip.AddrPort]token{}}
	s.tasks.running = append(s.tasks.running, t)
	s.tasks.changed(t)
	return t
}

// askRouters asks the routers for the nodes nearest to us.
func (s *State) askRouters() {
	for _, a := range s.boot.routers {
		if s.boot.asked[a] {
			continue
		}
		s.boot.asked[a] = true
		s.boot.open++
		m := krpc.Message{Method: krpc.FindNode, Target: s.self, HasTarget: true}
		if s.other != nil {
			m.Want = krpc.Want4 | krpc.Want6
		}
		s.ask(&query{to: a, router: true}, &m)
	}
	s.boot.routers = nil
}

// routerAnswered takes in nodes that a router named.
func (s *State) routerAnswered(nodes []krpc.Contact) {
	if s.boot.task != nil {
		s.boot.task.lookup.Add(nodes[:min(len(nodes), 2*beginWith)])
		s.tasks.changed(s.boot.task)
	}
	s.routerDone()
}

// routerDone notes that a router has answered, or will not.
func (s *State) routerDone() {
	s.boot.open = max(s.boot.open-1, 0)
	if s.boot.task != nil {
		s.tasks.changed(s.boot.task)
	}
}

// insideDone goes on after a look-up of the node itself.
func (s *State) insideDone(t *task) {
	if t != s.boot.task {
		return
	}
	n := s.table.Len()
	if n < fewNodes && len(s.boot.routers) > 0 {
		s.askRouters()
	}
	if s.boot.open > 0 { // go on with what the routers name
		t.storing = false
		s.tasks.running = append(s.tasks.running, t)
		return
	}
	s.boot.task = nil
	if n == 0 {
		s.report(BootstrappedEvent{Err: ErrNoNodes})
		return
	}
	s.report(BootstrappedEvent{Nodes: n})
	s.upkeep.by(s.now)
}
