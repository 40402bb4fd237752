package node

import (
	"errors"
	"net/netip"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/dht/routing"
	"github.com/shoal-bt/shoal/dht/storage"
)

const (
	// MaxAnswer is how long an answer may be, in bytes
	// (https://www.bittorrent.org/beps/bep_0032.html, "Maximum packet size"). One with an
	// item may have 1,400: it names as many nodes as fit.
	MaxAnswer     = 1024
	maxItemAnswer = 1400

	// maxValues is how many peers one answer names.
	maxValues = 50
)

var (
	errToken = &krpc.Error{Code: krpc.ProtocolError, Text: "the token is not valid here and now"}
	errID    = &krpc.Error{Code: krpc.ProtocolError, Text: "the id does not fit the address"}
)

// serve answers a query.
func (s *State) serve(from netip.AddrPort, m *krpc.Message) {
	s.stats.Served++
	c := krpc.Contact{ID: m.ID, Addr: from}
	if s.ignores(m.ID, from) {
		s.refuse(from, m, errID)
		return
	}
	s.table.Asked(s.now, c)
	if !m.ReadOnly {
		s.consider(c)
	}
	a := krpc.Message{Kind: krpc.Response, Transaction: m.Transaction, ID: s.self, External: from, Version: []byte(s.config.Version)}
	var err error
	switch m.Method {
	case krpc.Ping:
	case krpc.FindNode:
		s.addNodes(&a, m)
	case krpc.GetPeers:
		s.servePeers(&a, from, m)
	case krpc.AnnouncePeer:
		err = s.serveAnnounce(from, m)
	case krpc.Get:
		s.serveGet(&a, from, m)
	case krpc.Put:
		err = s.servePut(from, m)
	case krpc.SampleInfohashes:
		s.serveSamples(&a, m)
	default:
		// A method of tomorrow with a target is at least told who is near to it.
		if !m.HasTarget {
			err = &krpc.Error{Code: krpc.MethodUnknown, Text: "method unknown"}
			break
		}
		s.addNodes(&a, m)
	}
	var wrong *krpc.Error
	if err != nil && !errors.As(err, &wrong) {
		wrong = &krpc.Error{Code: krpc.ServerError, Text: err.Error()}
	}
	if wrong != nil {
		s.refuse(from, m, wrong)
		return
	}
	s.trim(&a)
	s.emit(from, &a)
}

// refuse answers a query with an error.
func (s *State) refuse(to netip.AddrPort, m *krpc.Message, e *krpc.Error) {
	s.stats.Refused++
	s.emit(to, &krpc.Message{Kind: krpc.Failure, Transaction: m.Transaction, Code: e.Code, Text: e.Text, External: to, Version: []byte(s.config.Version)})
}

// addNodes names the nodes that are nearest to the target, of the families that are wanted.
func (s *State) addNodes(a *krpc.Message, m *krpc.Message) {
	want := m.Want
	if want == 0 {
		want = s.family()
	}
	a.HasNodes = true
	if want&s.family() != 0 {
		a.Nodes = s.table.Closest(a.Nodes, m.Target, routing.K, s.now)
	}
	if want&^s.family() != 0 && s.other != nil && !m.Scrape {
		a.Nodes = s.other.table.Closest(a.Nodes, m.Target, routing.K, s.now)
	}
}

// family returns what asks for nodes like us.
func (s *State) family() krpc.Want {
	if s.config.Is6 {
		return krpc.Want6
	}
	return krpc.Want4
}

// servePeers answers with peers, nodes and a token. There is no token if the swarm has as
// many peers as can be counted.
func (s *State) servePeers(a *krpc.Message, from netip.AddrPort, m *krpc.Message) {
	s.addNodes(a, m)
	if !s.peers.Full(m.Target) {
		s.addToken(a, from)
	}
	if m.Scrape {
		seeds, peers := s.peers.Filters(s.now, m.Target)
		a.Seeds, a.Peers = (*[256]byte)(seeds), (*[256]byte)(peers)
	}
	s.addValues(a, m)
}

func (s *State) addToken(a *krpc.Message, from netip.AddrPort) {
	token := s.tokens.For(s.now, from.Addr())
	a.Token = token[:]
}

// addValues adds as many peers as fit.
func (s *State) addValues(a *krpc.Message, m *krpc.Message) {
	each, frame := 8, len("6:valueslee")
	if s.config.Is6 {
		each = 21
	}
	room := MaxAnswer - s.size(a) - frame
	a.Values = s.peers.Get(nil, m.Target, min(room/each, maxValues), m.NoSeed, s.config.Random)
}

func (s *State) serveAnnounce(from netip.AddrPort, m *krpc.Message) error {
	if !s.tokens.Valid(s.now, m.Token, from.Addr()) {
		return errToken
	}
	addr := netip.AddrPortFrom(from.Addr(), m.Port)
	if m.ImpliedPort {
		addr = from
	}
	return s.peers.Add(s.now, s.self, m.Target, addr, m.Seed)
}

// serveGet answers with an item, if there is one that the sender does not have.
func (s *State) serveGet(a *krpc.Message, from netip.AddrPort, m *krpc.Message) {
	s.addNodes(a, m)
	s.addToken(a, from)
	i, ok := s.items.Get(m.Target)
	if !ok {
		return
	}
	a.Seq, a.HasSeq = i.Seq, i.IsMutable()
	if i.IsMutable() && m.HasSeq && i.Seq <= m.Seq {
		return
	}
	a.Value, a.Key, a.Sig = i.Value, i.Key, i.Sig
}

// trim leaves nodes out of an answer until it is not too long.
func (s *State) trim(a *krpc.Message) {
	limit := MaxAnswer
	if a.Value != nil {
		limit = maxItemAnswer
	}
	for len(a.Nodes) > 0 && s.size(a) > limit {
		a.Nodes = a.Nodes[:len(a.Nodes)-1]
	}
}

// size returns how long a message is as a datagram, in bytes.
func (s *State) size(m *krpc.Message) int {
	begin := len(s.buf)
	s.buf = m.AppendTo(s.buf)
	n := len(s.buf) - begin
	s.buf = s.buf[:begin]
	return n
}

// servePut stores an item that is right and whose sender has a token.
func (s *State) servePut(from netip.AddrPort, m *krpc.Message) error {
	if !s.tokens.Valid(s.now, m.Token, from.Addr()) {
		return errToken
	}
	i := item.Item{Value: m.Value, Key: m.Key, Salt: m.Salt, Seq: m.Seq, Sig: m.Sig}
	if i.IsMutable() && (!m.HasSeq || m.Seq < 0) {
		return &krpc.Error{Code: krpc.ProtocolError, Text: "no sequence number"}
	}
	err := i.Check()
	if err != nil {
		return &krpc.Error{Code: codeOf(err), Text: err.Error()}
	}
	var cas *int64
	if m.HasCas {
		cas = &m.Cas
	}
	return s.items.Put(s.now, s.self, i, cas, from.Addr())
}

// codeOf returns the code of what is wrong with an item
// (https://www.bittorrent.org/beps/bep_0044.html, "Errors").
func codeOf(err error) int {
	switch {
	case errors.Is(err, item.ErrTooBig):
		return krpc.ValueTooBig
	case errors.Is(err, item.ErrSalt):
		return krpc.SaltTooBig
	case errors.Is(err, item.ErrSignature):
		return krpc.BadSignature
	}
	return krpc.ProtocolError
}

func (s *State) serveSamples(a *krpc.Message, m *krpc.Message) {
	s.addNodes(a, m)
	samples, n := s.peers.Sample(s.now, s.config.Random)
	a.Sampled, a.Samples, a.Num = true, samples, int64(n)
	if len(samples) < n*len(nodeid.ID{}) {
		a.Interval = int64(storage.SampleInterval.Seconds())
	}
}
