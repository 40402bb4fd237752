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

// A Dialer makes outgoing connections, no more at a time than HalfOpen. Its methods may
// be called from many goroutines.
type Dialer struct {
	sockets *Sockets
	done    sync.WaitGroup

	mu    sync.Mutex
	queue []dialRequest
	busy  int // dials under way
}

// A dialRequest is an address that a torrent wants connected. It counts as a task.
type dialRequest struct {
	owner Owner
	addr  netip.AddrPort
	swarm swarm.ID
	first bool // nobody dialed the address before
}

// NewDialer returns a Dialer without a dial.
func NewDialer(s *Sockets) *Dialer { return &Dialer{sockets: s} }

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
	d.queue = append(d.queue, dialRequest{t, addr, id, first})
	if d.busy < d.sockets.HalfOpen {
		d.busy++
		d.done.Go(d.run)
	}
}

// Forget takes out what waits for a torrent that is being closed, so that it need not
// wait for the dials of others.
func (d *Dialer) Forget(t Owner) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = slices.DeleteFunc(d.queue, func(r dialRequest) bool {
		if r.owner == t {
			t.EndTask()
		}
		return r.owner == t
	})
}

// Close waits until no dial is under way.
func (d *Dialer) Close() { d.done.Wait() }

// run dials until nothing waits.
func (d *Dialer) run() {
	for {
		r, ok := d.next()
		if !ok {
			return
		}
		d.dial(r)
		r.owner.EndTask()
	}
}

func (d *Dialer) next() (r dialRequest, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == 0 {
		d.busy--
		d.queue = nil
		return r, false
	}
	r = d.queue[0]
	d.queue = d.queue[1:]
	return r, true
}

// othersWait reports whether dials wait for those under way.
func (d *Dialer) othersWait() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) > 0
}

// dial connects to a peer and tells the turn how that ended.
func (d *Dialer) dial(r dialRequest) {
	t := r.owner
	if t.Closing() {
		return
	}
	if d.sockets.Blocked(r.addr.Addr()) {
		t.Blocked(r.addr.Addr())
		t.Post(protocol.Unreached{Addr: r.addr, Why: addressbook.Failed})
		return
	}
	if !d.sockets.acquire(r.addr.Addr(), true) {
		t.Post(protocol.Unreached{Addr: r.addr, Why: addressbook.NoRoom})
		return
	}
	c, theirs, err := d.connect(r)
	if err != nil {
		if c != nil {
			c.Close()
		}
		d.sockets.release(r.addr.Addr(), true)
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
func (d *Dialer) connect(r dialRequest) (c net.Conn, theirs handshake.Handshake, err error) {
	t := r.owner
	err = d.step(r, d.sockets.ConnectTimeout, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, d.sockets.ConnectTimeout)
		defer cancel()
		c, err = d.sockets.Dial(ctx, "tcp", r.addr.String())
		return err
	})
	if err != nil {
		return nil, theirs, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	err = d.step(r, d.sockets.HandshakeTimeout, func(ctx context.Context) (err error) {
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
func (d *Dialer) step(r dialRequest, limit time.Duration, f func(ctx context.Context) error) error {
	ctx, giveUp := context.WithCancelCause(r.owner.Context())
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
