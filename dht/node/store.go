package node

import (
	"net/netip"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/routing"
)

// beginStoring sends announces or puts to the nodes nearest to the target that gave a
// token (https://www.bittorrent.org/beps/bep_0033.html, "New GET_PEERS semantics").
func (s *State) beginStoring(t *task) {
	if t.Method != krpc.AnnouncePeer && t.Method != krpc.Put {
		return
	}
	if t.Method == krpc.Put && t.newest != nil && t.newest.Seq > t.Request.Item.Seq {
		t.denial = &krpc.Error{Code: krpc.SeqTooLow, Text: "there is a newer value"}
		return
	}
	n := 0
	for _, c := range t.lookup.Closest() {
		given, ok := t.tokens[c.Addr]
		if !ok || n == routing.K {
			continue
		}
		n++
		t.open++
		id := c.ID
		m := t.storeMessage(given)
		s.ask(&query{to: c.Addr, task: t, stores: true, known: &id}, &m)
	}
}

// storeMessage returns what a node is asked to store.
func (t *task) storeMessage(given token) krpc.Message {
	if t.Method == krpc.AnnouncePeer {
		return krpc.Message{
			Method:      krpc.AnnouncePeer,
			Target:      t.target,
			Token:       given.bytes,
			Port:        t.Port,
			ImpliedPort: t.ImpliedPort,
			Seed:        t.Seed,
		}
	}
	i := t.Request.Item
	m := krpc.Message{
		Method: krpc.Put,
		Token:  given.bytes,
		Value:  i.Value,
		Key:    i.Key,
		Salt:   i.Salt,
		Sig:    i.Sig,
		Seq:    i.Seq,
		HasSeq: i.IsMutable(),
	}
	if t.Cas != nil && given.hasItem && !given.isSame {
		m.Cas, m.HasCas = t.casFor(given), true
	}
	return m
}

// casFor returns the number that a node with an item compares with its own. If the version to
// be replaced was found, a node with an older one merely missed it
// (https://www.bittorrent.org/beps/bep_0044.html, "CAS").
func (t *task) casFor(given token) int64 {
	if t.newest != nil && t.newest.Seq == *t.Cas {
		return min(*t.Cas, given.seq)
	}
	return *t.Cas
}

// refused notes why a node did not store something: that somebody else was faster says
// most. A node that has this very version must say no, but keeps it longer
// (https://www.bittorrent.org/beps/bep_0044.html, "Mutable Items").
func (t *task) refused(from netip.AddrPort, m *krpc.Message) {
	if m.Code == krpc.SeqTooLow && t.tokens[from].isSame {
		t.stored++
		return
	}
	if t.denial == nil || m.Code == krpc.CasMismatch || m.Code == krpc.SeqTooLow {
		t.denial = &krpc.Error{Code: m.Code, Text: m.Text}
	}
}

// finish ends a task with an event.
func (s *State) finish(t *task) {
	s.end(t)
	if t.inside {
		s.insideDone(t)
		return
	}
	e := DoneEvent{
		Task:   t.id,
		Sent:   t.sent,
		Stored: t.stored,
		Item:   t.newest,
		Took:   s.now.Sub(t.began),
	}
	if t.lookup != nil {
		e.Nodes = t.lookup.Closest()
		e.Asked, _ = t.lookup.Count()
		if len(e.Nodes) == 0 {
			e.Err = ErrNoNodes
		}
	}
	if t.denial != nil && t.stored == 0 {
		e.Err = t.denial
	}
	if t.seeds != nil {
		t.countRest()
		e.Scraped, e.Seeds, e.Peers = true, t.seeds.Estimate(), t.peers.Estimate()
	}
	if t.lookup == nil && t.stored > 0 {
		e.Nodes, e.Version = []krpc.Contact{t.one}, t.version
	}
	if t.lookup == nil && t.stored == 0 && t.denial == nil {
		e.Err = ErrNoNodes
	}
	s.report(e)
}
