package engine

import (
	"context"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/conns"
	"github.com/shoal-bt/shoal/protocol"
)

// An item is what a torrent's mailbox holds. It is small, because one is posted for each
// read of a connection.
type item struct {
	input protocol.Input // nil if there is only a query
	conn  *conns.Conn    // that joins; the turn must know it before it applies Joined
	call  *call          // nil if nobody waits
}

// A call is a goroutine that waits for its item.
type call struct {
	query  func(now time.Time, s *protocol.State) // after the Input; nil for none
	done   chan struct{}                          // closed when the item is applied
	ticket protocol.Ticket                        // of the Input
	answer chan error                             // gets the Answer to the ticket; nil for none
}

// turn applies what was in the mailbox and carries out what follows. It owns the
// torrent's State and must not block: it does no I/O, and waits for no lock that is held
// during I/O, and for no queue that may be full.
func (t *Torrent) turn(batch []item) (idle bool) {
	now := time.Now()
	for _, it := range batch {
		t.apply(now, it)
	}
	turn := t.state.Settle(now)
	for _, e := range turn.Effects {
		t.perform(e)
	}
	for _, o := range turn.Out {
		c := t.conns[o.Peer]
		if c != nil {
			c.Deliver(o)
		}
	}
	t.returnBatches(batch)
	t.engine.deadlines.Set(&t.deadline, turn.Next)
	if turn.Idle {
		t.conns = nil
	}
	return turn.Idle
}

// apply passes one item to the State.
func (t *Torrent) apply(now time.Time, it item) {
	if it.conn != nil {
		t.addConn(it.conn)
	}
	c := it.call
	if c != nil && c.answer != nil {
		t.addAnswer(c)
	}
	if it.input != nil {
		t.state.Apply(now, it.input)
	}
	forgotten, ok := it.input.(protocol.Forget)
	if ok {
		t.removeAnswer(forgotten.Ticket)
	}
	if c != nil && c.query != nil {
		c.query(now, t.state)
	}
	if c != nil && c.done != nil {
		close(c.done)
	}
}

// returnBatches gives the messages that were applied back to their readers, to be used
// again. A connection that is closed needs them no more.
func (t *Torrent) returnBatches(batch []item) {
	for _, it := range batch {
		r, ok := it.input.(*protocol.Received)
		if !ok {
			continue
		}
		c := t.conns[r.Peer]
		if c != nil {
			c.Return(r)
		}
	}
}

// call applies an Input and waits until that is done. It reports false once the torrent
// is being closed.
func (t *Torrent) call(in protocol.Input) bool { return t.callWith(in, nil) }

// query runs f in a turn and waits for it. It reports false once the torrent is being
// closed.
func (t *Torrent) query(f func(now time.Time, s *protocol.State)) bool { return t.callWith(nil, f) }

// callWith applies an Input, and then runs a query.
func (t *Torrent) callWith(in protocol.Input, query func(now time.Time, s *protocol.State)) bool {
	c := &call{query: query, done: make(chan struct{})}
	if !t.mailbox.TryPost(item{input: in, call: c}) {
		return false
	}
	<-c.done
	return true
}

// newTicket returns a number for a call that waits.
func (t *Torrent) newTicket() protocol.Ticket { return protocol.Ticket(t.engine.tickets.Add(1)) }

// wait applies an Input and waits until its ticket is answered.
func (t *Torrent) wait(ctx context.Context, ticket protocol.Ticket, in protocol.Input) error {
	c := &call{ticket: ticket, answer: make(chan error, 1)}
	if !t.mailbox.TryPost(item{input: in, call: c}) {
		return errClosed
	}
	select {
	case err := <-c.answer:
		return wrap(err)
	case <-ctx.Done():
		t.mailbox.TryPost(item{input: protocol.Forget{Ticket: ticket}})
		return ctx.Err()
	}
}

// addAnswer notes where the answer to a ticket goes.
func (t *Torrent) addAnswer(c *call) {
	if t.answers == nil {
		t.answers = make(map[protocol.Ticket]chan error)
	}
	t.answers[c.ticket] = c.answer
}

// removeAnswer forgets a ticket, and returns where its answer goes; nil for nowhere.
func (t *Torrent) removeAnswer(ticket protocol.Ticket) chan error {
	answer := t.answers[ticket]
	delete(t.answers, ticket)
	if len(t.answers) == 0 {
		t.answers = nil
	}
	return answer
}
