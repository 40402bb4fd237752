package dht

import (
	"context"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/node"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// A call is a method that waits for tasks of one or two families. Its fields are guarded by
// Node.mu.
type call struct {
	target nodeid.ID
	isPing bool
	open   int // tasks
	events []node.Event
	done   []node.DoneEvent
	closed bool
	ready  chan struct{} // of one: something is new
}

func (c *call) got(e node.Event) {
	if c == nil {
		return
	}
	c.events = append(c.events, e)
	c.notify()
}

func (c *call) finished(e node.DoneEvent) {
	c.open--
	c.done = append(c.done, e)
	c.notify()
}

// fail ends the call because the node closes.
func (c *call) fail() {
	c.closed = true
	c.notify()
}

func (c *call) notify() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// run carries a request out in each family, calls each with the events as they come, and
// returns how it ended in each. each may return false to end it early. The error is that of
// ctx, or ErrClosed.
func (n *Node) run(ctx context.Context, r node.Request, target nodeid.ID, each func(node.Event) bool) ([]node.DoneEvent, error) {
	err := ctx.Err()
	if err != nil {
		return nil, context.Cause(ctx)
	}
	c := &call{target: target, isPing: r.Method == krpc.Ping, ready: make(chan struct{}, 1)}
	ids := n.begin(c, r)
	if ids == nil {
		return nil, ErrClosed
	}
	defer n.end(ids)
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-c.ready:
		}
		n.mu.Lock()
		events, done, isOver, closed := c.events, c.done, c.open == 0, c.closed
		c.events = nil
		n.mu.Unlock()
		for _, e := range events {
			if !each(e) {
				return done, nil
			}
		}
		switch {
		case isOver:
			return done, nil
		case closed:
			return nil, ErrClosed
		}
	}
}

// begin starts the tasks of a call; it returns nil if the node is closed.
func (n *Node) begin(c *call, r node.Request) map[*family]node.TaskID {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	ids := make(map[*family]node.TaskID)
	for _, f := range n.families {
		if r.Addr.IsValid() && r.Addr.Addr().Unmap().Is4() == f.is6 {
			continue
		}
		id := f.state.Begin(time.Now(), r)
		ids[f], f.calls[id] = id, c
		c.open++
	}
	if c.open == 0 {
		c.notify()
	}
	for _, f := range n.families {
		f.settle()
	}
	return ids
}

// end cancels the tasks that still run.
func (n *Node) end(ids map[*family]node.TaskID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	for f, id := range ids {
		if f.calls[id] != nil {
			delete(f.calls, id)
			f.state.Cancel(time.Now(), id)
			f.settle()
		}
	}
}
