package engine

import (
	"github.com/shoal-bt/shoal/engine/internal/conns"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// perform carries out one effect, in the turn. It applies nothing: what follows comes
// back through the mailbox.
func (t *Torrent) perform(effect protocol.Effect) {
	e := t.engine
	switch f := effect.(type) {
	case protocol.Accept:
		t.conns[f.Peer].Start()
	case protocol.Hangup:
		t.closeConn(f.Peer)
	case protocol.Dial:
		e.sockets.Dial(t.owner(), f.Addr, t.ids[f.Swarm], f.First)
	case protocol.Check:
		e.verifiers.Check(t.owner(), &t.store, f)
	case protocol.Hurry:
		e.verifiers.Hurry(&t.store)
	case protocol.Spill:
		t.store.Spill(t.owner(), f)
	case protocol.CheckStored:
		e.checks.Check(t.owner(), &t.store, f)
	case protocol.Complete:
		t.store.Complete(t.owner(), f.All)
	case protocol.Idle:
		t.store.Idle()
	case protocol.Announce:
		e.announcer.Announce(&t.sources, f, t.state.Announcement())
	case protocol.Report:
		e.hub.Emit(f.Event)
	case protocol.DHTNode:
		if e.cfg.OnDHTNode != nil {
			e.cfg.OnDHTNode(f.Addr)
		}
	case protocol.Answer:
		answer := t.removeAnswer(f.Ticket)
		if answer != nil {
			answer <- f.Err
		}
	}
}

// addConn makes a connection known to the turn.
func (t *Torrent) addConn(c *conns.Conn) {
	if t.conns == nil {
		t.conns = make(map[swarm.Peer]*conns.Conn)
	}
	t.conns[c.Peer()] = c
}

// closeConn closes a connection, if that is not done yet.
func (t *Torrent) closeConn(p swarm.Peer) {
	c := t.conns[p]
	if c != nil {
		delete(t.conns, p)
		c.Close()
	}
}
