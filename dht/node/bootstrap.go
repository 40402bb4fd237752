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
	round   int              // which it is, the first is 1
	task    *task            // the look-up of our own id; nil if it does not run
	routers []netip.AddrPort // not asked yet
	asked   map[netip.AddrPort]bool
	open    int  // nodes and routers that were asked by address and have not answered
	fill    int  // look-ups by chance that are still to begin
	isAlone bool // it was reported that no node answers
	hasMet  bool // one has answered after that: a peer or the program named it, it asked us, or it is back

	// What it began with, to begin again if our id turns out not to fit our address, or if
	// nobody answers.
	saved      []krpc.Contact
	nodes      []netip.AddrPort
	allRouters []netip.AddrPort
	answered   int64 // our queries that were answered before
	isRenamed  bool  // we have taken another id since
	isSecond   bool  // nobody answered the first time

	refusal *krpc.Error // by one that was asked
}

// isRunning reports whether tasks should wait.
func (b *bootstrap) isRunning() bool { return b.round == 0 || b.task != nil }

// Bootstrap gets to know other nodes: from some that were saved, from some of which only
// the address is known, and if these are few, from routers, which never enter the routing
// table. A BootstrappedEvent follows. Tasks wait for it, so Bootstrap must be called, if
// without any node. It may be called again, for instance when the network has changed.
func (s *State) Bootstrap(now time.Time, saved []krpc.Contact, nodes, routers []netip.AddrPort) {
	s.now = now
	if s.boot.task != nil {
		s.end(s.boot.task)
	}
	s.boot = bootstrap{
		round:      s.boot.round + 1,
		routers:    s.usable(routers),
		asked:      make(map[netip.AddrPort]bool),
		fill:       fillLookups,
		saved:      saved,
		nodes:      nodes,
		allRouters: routers,
		answered:   s.stats.Answered,
	}
	s.knowRouters()
	known := s.table.Closest(nil, s.self, beginWith, now)
	for _, c := range saved {
		if s.isOurs(c.Addr) {
			known = append(known, c)
		}
	}
	s.findSelf(known)
	for _, a := range s.usable(nodes) {
		s.askByAddr(a)
	}
	if len(known)+len(nodes) < fewNodes {
		s.askRouters()
	}
}

// knowRouters notes which addresses are routers. They stay out of the table until Bootstrap is
// called with others; a bootstrap without routers keeps them.
func (s *State) knowRouters() {
	if len(s.boot.routers) == 0 {
		return
	}
	s.routers = make(map[netip.AddrPort]bool)
	for _, a := range s.boot.routers {
		s.routers[a] = true
	}
}

// usable returns the addresses that are of our family, as far as they may be asked.
func (s *State) usable(all []netip.AddrPort) (usable []netip.AddrPort) {
	for _, a := range all {
		a = netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
		if s.isOurs(a) && len(usable) < maxRouters {
			usable = append(usable, a)
		}
	}
	return usable
}

// findSelf begins the look-up of a bootstrap, which makes us known to our neighbors.
func (s *State) findSelf(known []krpc.Contact) {
	t := s.inside(s.self)
	t.lookup = lookup.New(s.lookupConfig(s.self), known)
	s.boot.task = t
}

// inside begins a look-up of the node itself, which has no nodes yet.
func (s *State) inside(target nodeid.ID) *task {
	t := &task{Request: Request{Method: krpc.FindNode, Target: target}, inside: true, target: target, began: s.now, tokens: map[netip.AddrPort]token{}}
	s.tasks.running = append(s.tasks.running, t)
	s.tasks.changed(t)
	return t
}

// askRouters asks the routers.
func (s *State) askRouters() {
	for _, a := range s.boot.routers {
		s.askByAddr(a)
	}
	s.boot.routers = nil
}

// askByAddr asks a node whose id is not known for the nodes nearest to us, once.
func (s *State) askByAddr(a netip.AddrPort) {
	if s.boot.asked[a] {
		return
	}
	s.boot.asked[a] = true
	s.boot.open++
	m := krpc.Message{Method: krpc.FindNode, Target: s.self, HasTarget: true, Want: s.wantForOther()}
	s.ask(&query{to: a, first: s.boot.round}, &m)
}

// wantForOther asks for nodes of both families while one of ours knows few
// (https://www.bittorrent.org/beps/bep_0032.html, "Bootstrapping" and "Steady-state operation").
func (s *State) wantForOther() krpc.Want {
	isNeeded := s.other != nil && (s.boot.isRunning() || s.other.table.Len() < fewNodes)
	if !isNeeded {
		return 0
	}
	return krpc.Want4 | krpc.Want6
}

// firstAnswered takes in nodes that a node or router named that was asked by its address.
// The node itself may be near, too.
func (s *State) firstAnswered(o *query, from krpc.Contact, nodes []krpc.Contact) {
	if s.boot.task != nil && o.first == s.boot.round {
		if !s.routers[o.to] {
			s.boot.task.lookup.Add([]krpc.Contact{from})
		}
		s.boot.task.lookup.Add(nodes[:min(len(nodes), 2*beginWith)])
		s.tasks.changed(s.boot.task)
	}
	s.firstDone(o)
}

// firstDone notes that somebody who was asked by address has answered, or will not. Those
// of an earlier bootstrap do not matter any more.
func (s *State) firstDone(o *query) {
	if o.first != s.boot.round {
		return
	}
	s.boot.open--
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
	isRenamed := s.boot.isRenamed || (n == 0 && s.renameByFew())
	isRefused := isRenamed && (n == 0 || s.boot.refusal != nil)
	switch {
	case isRefused: // by those who do not answer an id that does not fit
		s.boot.task = nil
		s.bootstrapAgain()
		return
	case s.isSilent():
		s.boot.task = nil
		s.bootstrapAgain()
		s.boot.isSecond = true
		return
	case n > 0 && t.target != s.self: // our new neighbors should know us
		s.findSelf(s.table.Closest(nil, s.self, beginWith, s.now))
		return
	}
	s.boot.task = nil
	s.upkeep.by(s.now) // tasks that waited begin, or fail
	if n == 0 {
		s.reportAlone(s.stats.Answered > s.boot.answered)
		if s.other != nil {
			s.other.look(s.now, s.other.self) // its nodes may know some of ours
		}
		return
	}
	s.report(BootstrappedEvent{Nodes: n})
}

// isSilent reports whether somebody was asked and nobody has answered, for the first time. The
// first datagrams get lost easily, for instance while a kernel still looks for who has an
// address.
func (s *State) isSilent() bool {
	isAsked := len(s.boot.asked)+len(s.boot.saved) > 0
	return isAsked && !s.boot.isSecond && s.table.Len() == 0 && s.stats.Answered == s.boot.answered
}

// bootstrapAgain begins again with what the bootstrap began with.
func (s *State) bootstrapAgain() {
	s.Bootstrap(s.now, s.boot.saved, s.boot.nodes, s.boot.allRouters)
}

// reportAlone reports that no node is known that answers, once until the next bootstrap. answered
// says that some of those that were asked did answer.
func (s *State) reportAlone(answered bool) {
	if !s.boot.isAlone {
		s.boot.isAlone = true
		s.report(BootstrappedEvent{Err: ErrNoNodes, Answered: answered, Refusal: s.boot.refusal})
	}
}
