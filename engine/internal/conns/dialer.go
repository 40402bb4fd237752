package conns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

// The steps of a dial at which it can fail.
var (
	ErrConnect   = errors.New("engine: connecting")
	ErrHandshake = errors.New("engine: shaking hands")
)

// errOthersWait ends the first dial to an address. Most addresses that a source names may
// be dead, and a dead one takes all the time that it is given.
var errOthersWait = fmt.Errorf("no answer while other dials wait: %w", context.DeadlineExceeded)

// A Dialer makes outgoing connections, no more at a time than HalfOpen. The torrents take
// turns, so that one with many dead addresses does not delay the others. Its methods may
// be called from many goroutines.
type Dialer struct {
	sockets *Sockets
	done    sync.WaitGroup

	mu     sync.Mutex
	queues map[Owner]*dialQueue // of torrents that dial, or wait to
	turns  []*dialQueue         // those that have somebody to dial, the next one first
	busy   int                  // dials under way
}

// A dialQueue is the dials of one torrent.
type dialQueue struct {
	owner   Owner
	waiting []dialRequest
	busy    int // dials under way
}

// A dialRequest is an address that a torrent wants connected. It counts as a task.
type dialRequest struct {
	addr  netip.AddrPort
	swarm swarm.ID
	first bool // nobody dialed the address before
}

// NewDialer returns a Dialer without a dial.
func NewDialer(s *Sockets) *Dialer {
	return &Dialer{sockets: s, queues: make(map[Owner]*dialQueue)}
}

// Dial connects to an address and shakes hands in a swarm, as soon as fewer dials are
// under way. Joined or Unreached follows, unless the torrent is closed. It is called in
// a turn.
func (d *Dialer) Dial(t Owner, addr netip.AddrPort, id swarm.ID, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.Closing() {
		return
	}
	t.AddTask()
	q := d.queues[t]
	if q == nil {
		q = &dialQueue{owner: t}
		d.queues[t] = q
	}
	if len(q.waiting) == 0 {
		d.turns = append(d.turns, q)
	}
	q.waiting = append(q.waiting, dialRequest{addr, id, first})
	q, r := d.next()
	if q != nil {
		d.done.Go(func() { d.run(q, r) })
	}
}

// Forget takes out what waits for a torrent that is being closed, so that it need not
// wait for the dials of others.
func (d *Dialer) Forget(t Owner) {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := d.queues[t]
	if q == nil {
		return
	}
	for range q.waiting {
		t.EndTask()
	}
	q.waiting = nil
	d.turns = slices.DeleteFunc(d.turns, func(o *dialQueue) bool { return o == q })
	d.dropIdle(q)
}

// dropIdle forgets a torrent that neither dials nor waits to. The caller holds the lock.
func (d *Dialer) dropIdle(q *dialQueue) {
	if len(q.waiting) == 0 && q.busy == 0 {
		delete(d.queues, q.owner)
	}
}

// Close waits until no dial is under way.
func (d *Dialer) Close() { d.done.Wait() }

// run dials until nothing waits.
func (d *Dialer) run(q *dialQueue, r dialRequest) {
	for q != nil {
		d.dial(q.owner, r)
		q.owner.EndTask()
		d.mu.Lock()
		d.busy--
		q.busy--
		d.dropIdle(q)
		q, r = d.next()
		d.mu.Unlock()
	}
}

// next begins the dial of the torrent whose turn it is; nil if none may begin. The last
// eighth of the dials are for torrents that have none under way, because the dials of dead
// addresses take long. The caller holds the lock.
func (d *Dialer) next() (*dialQueue, dialRequest) {
	most := d.sockets.HalfOpen
	if d.busy >= most {
		return nil, dialRequest{}
	}
	isScarce := d.busy >= most-most/8
	i := slices.IndexFunc(d.turns, func(q *dialQueue) bool { return q.busy == 0 || !isScarce })
	if i < 0 {
		return nil, dialRequest{}
	}
	q := d.turns[i]
	r := q.waiting[0]
	q.waiting = q.waiting[1:]
	d.turns = slices.Delete(d.turns, i, i+1)
	if len(q.waiting) > 0 {
		d.turns = append(d.turns, q)
	}
	q.busy++
	d.busy++
	return q, r
}

// othersWait reports whether dials wait for those under way.
func (d *Dialer) othersWait() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.turns) > 0
}

// dial connects to a peer and tells the turn how that ended.
func (d *Dialer) dial(t Owner, r dialRequest) {
	if t.Closing() {
		return
	}
	if d.sockets.Blocked(r.addr.Addr()) {
		t.Blocked(r.addr.Addr())
		t.Post(protocol.Unreached{Addr: r.addr, Why: addressbook.Failed})
		return
	}
	switch d.sockets.acquireDial(r.addr.Addr()) {
	case places.None:
	case places.Total:
		t.Post(protocol.Unreached{Addr: r.addr, Why: addressbook.NoRoom})
		return
	default:
		t.Post(protocol.Unreached{Addr: r.addr, Why: addressbook.Crowded})
		return
	}
	c, theirs, err := d.connect(t, r)
	if err != nil {
		if c != nil {
			c.Close()
		}
		d.sockets.release(r.addr.Addr(), true)
		if t.Closing() { // which ended the dial
			return
		}
		d.sockets.Logger.Debug("dial failed", "torrent", t.ID(), "addr", r.addr, "err", err)
		t.Post(protocol.Unreached{Addr: r.addr, Why: outcome(err), Err: err})
		return
	}
	d.sockets.join(t, c, r.addr, r.swarm, theirs, true)
}

// outcome returns what a failed dial says about its address.
func outcome(err error) addressbook.Outcome {
	switch {
	case errors.Is(err, handshake.ErrSelf):
		return addressbook.Self
	case errors.Is(err, ErrHandshake):
		return addressbook.NoHandshake
	}
	return addressbook.Failed
}

// connect dials and shakes hands. With an error there may be a connection as well.
func (d *Dialer) connect(t Owner, r dialRequest) (c net.Conn, theirs handshake.Handshake, err error) {
	err = d.step(t, r, d.sockets.ConnectTimeout, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, d.sockets.ConnectTimeout)
		defer cancel()
		c, err = d.sockets.Dial(ctx, "tcp", r.addr.String())
		return err
	})
	if err != nil {
		return nil, theirs, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	err = d.step(t, r, d.sockets.HandshakeTimeout, func(ctx context.Context) (err error) {
		o := handshake.Options{Timeout: d.sockets.HandshakeTimeout}
		theirs, err = handshake.Initiate(ctx, c, ours(t, r.swarm), o)
		return err
	})
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return c, theirs, err
}

// step runs a step of a dial, which ends itself when its time is over. At a third of the
// time step ends it if the address was never dialed and others wait.
func (d *Dialer) step(t Owner, r dialRequest, limit time.Duration, f func(ctx context.Context) error) error {
	ctx, giveUp := context.WithCancelCause(t.Context())
	defer giveUp(nil)
	if r.first {
		timer := time.AfterFunc(limit/3, func() {
			if d.othersWait() {
				giveUp(errOthersWait)
			}
		})
		defer timer.Stop()
	}
	err := f(ctx)
	if err != nil && context.Cause(ctx) == errOthersWait {
		return errOthersWait
	}
	return err
}
