package node

import (
	"errors"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// Receive takes a datagram in. b is the caller's again when Receive returns. What is no
// message, comes from an address of the other family, or is over the limits, is dropped
// without an answer.
func (s *State) Receive(now time.Time, from netip.AddrPort, b []byte) {
	s.now = now
	from = netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())
	if !s.isOurs(from) {
		s.stats.Ignored++
		return
	}
	// Answers that we wait for are read in any case, so that a flood does not stop us.
	o := s.queries.quoted(b, from)
	if o == nil && !s.allow(from) {
		return
	}
	m, err := krpc.Parse(b)
	isAnswer := err == nil && m.Kind != krpc.Query
	if o != nil && (!isAnswer || !o.isOf(m.Transaction)) {
		// It ends the query. Otherwise who was asked could have any number of them read.
		s.stats.Ignored++
		s.queries.close(o)
		s.failed(o)
		return
	}
	var wrong *krpc.Error
	if err != nil && !errors.As(err, &wrong) {
		s.stats.Ignored++
		return
	}
	if isAnswer {
		if o == nil {
			o = s.queries.find(m.Transaction, from)
		}
		s.receiveAnswer(o, &m)
		return
	}
	if wrong != nil {
		s.refuse(from, &m, wrong)
		return
	}
	s.serve(from, &m)
}

// allow reports whether one more datagram of a stranger may be read.
func (s *State) allow(from netip.AddrPort) bool {
	if s.config.ReadOnly {
		s.stats.Ignored++
		return false
	}
	ok := s.limits.allow(s.now, from.Addr(), s.config.QueriesPerAddr, s.config.Queries)
	if !ok {
		s.stats.Dropped++
	}
	return ok
}

// receiveAnswer takes in an answer or an error to a query; nil means that it answers none.
func (s *State) receiveAnswer(o *query, m *krpc.Message) {
	if o == nil {
		s.stats.Ignored++
		return
	}
	s.queries.close(o)
	s.stats.Answered++
	took := s.now.Sub(o.sentAt)
	s.queries.took(took)
	switch {
	case m.Kind == krpc.Failure:
		s.vote(o.to.Addr(), m.External.Addr())
		s.refused(o, m)
	case s.ignores(m.ID, o.to):
		s.failed(o)
	default:
		s.complete(o, m, took)
	}
}

// ignores reports whether a node is to be treated as if it were not there, because its id
// does not fit its address. Routers are not part of the DHT
// (https://www.bittorrent.org/beps/bep_0042.html, "Enforcement").
func (s *State) ignores(id nodeid.ID, a netip.AddrPort) bool {
	return s.config.EnforceIDs && !s.routers[a] && !nodeid.Fits(id, a.Addr())
}

// refused ends a query that was answered with an error: the node is there, but brings
// nothing.
func (s *State) refused(o *query, m *krpc.Message) {
	s.checks.done(o)
	if o.first > 0 {
		s.firstDone(o)
	}
	isOfBootstrap := (o.first > 0 && o.first == s.boot.round) || (o.task != nil && o.task == s.boot.task)
	if isOfBootstrap {
		s.boot.refusal = &krpc.Error{Code: m.Code, Text: m.Text}
	}
	if o.task != nil && o.stores {
		o.task.refused(o.to, m)
	}
	s.taskFailed(o)
}

// complete takes in the answer to a query. A node that answers may enter the routing table,
// and says what our address is.
func (s *State) complete(o *query, m *krpc.Message, took time.Duration) {
	c := krpc.Contact{ID: m.ID, Addr: o.to}
	if o.known != nil && *o.known != m.ID {
		s.table.Failed(s.now, krpc.Contact{ID: *o.known, Addr: o.to})
	}
	if !s.routers[o.to] { // routers have enough to do
		isKnown := s.table.Answered(s.now, c, took)
		asksOne := o.task != nil && o.task.lookup == nil // that is all the program wants
		if isKnown && s.boot.isAlone && !asksOne {
			s.boot.hasMet = true
			s.upkeep.by(s.now)
		}
	}
	s.vote(o.to.Addr(), m.External.Addr())
	ours := m.Nodes[:0] // nobody needs all of them any more
	var others []krpc.Contact
	for _, n := range m.Nodes {
		if !s.believes(n.Addr.Addr(), o.to.Addr()) {
			continue
		}
		if s.isOurs(n.Addr) {
			ours = append(ours, n)
		} else {
			others = append(others, n)
		}
	}
	if s.other != nil && len(others) > 0 {
		s.other.suggestContacts(s.now, others)
	}
	s.checks.done(o)
	if o.first > 0 {
		s.firstAnswered(o, c, ours)
	}
	if o.task != nil {
		s.taskAnswered(o, m, ours)
	}
}

// believes reports whether an address that a node named may be one: it is no more local
// than the node itself. Others could make us send datagrams into our own network.
func (s *State) believes(a, teller netip.Addr) bool {
	return locality(a) <= locality(teller)
}

// locality returns how local an address is: 0 for the Internet, 1 for a private network, 2
// for a link, 3 for this machine.
func locality(a netip.Addr) int {
	switch {
	case a.IsLoopback():
		return 3
	case a.IsLinkLocalUnicast():
		return 2
	case nodeid.Exempt(a):
		return 1
	}
	return 0
}
