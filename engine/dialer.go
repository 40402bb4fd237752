package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
)

// dialer makes outgoing connections, no more at a time than Config.HalfOpen.
type dialer struct {
	engine *Engine
	done   sync.WaitGroup

	mu    sync.Mutex
	queue []dialRequest
	busy  int
}

// A wish is an address that a torrent wants connected. The torrent counts a task
// for it.
type dialRequest struct {
	torrent *Torrent
	addr    netip.AddrPort
	swarm   swarm.ID
}

func newDialer(e *Engine) *dialer { return &dialer{engine: e} }

// add dials addr, to meet it in a swarm, as soon as there is room. It runs in a turn.
func (d *dialer) add(t *Torrent, addr netip.AddrPort, id swarm.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.isClosing() {
		return
	}
	t.tasks.Add(1)
	d.queue = append(d.queue, dialRequest{t, addr, id})
	if d.busy < d.engine.cfg.HalfOpen {
		d.busy++
		d.done.Go(d.run)
	}
}

// forget takes out what waits for a torrent that is being closed, so that it need
// not wait for the dials of others.
func (d *dialer) forget(t *Torrent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = slices.DeleteFunc(d.queue, func(w dialRequest) bool {
		if w.torrent == t {
			t.tasks.Done()
		}
		return w.torrent == t
	})
}

// run dials until nothing waits.
func (d *dialer) run() {
	for {
		d.mu.Lock()
		if len(d.queue) == 0 {
			d.busy--
			d.queue = nil
			d.mu.Unlock()
			return
		}
		w := d.queue[0]
		d.queue = d.queue[1:]
		d.mu.Unlock()
		d.engine.dial(w)
		w.torrent.tasks.Done()
	}
}

func (d *dialer) close() { d.done.Wait() }

// The steps of a dial at which it can end, for PeerFailed.
var (
	ErrConnect   = errors.New("engine: connecting")
	ErrHandshake = errors.New("engine: shaking hands")
)

var errBlocked = errors.New("the address is blocked")

// dial connects to a peer and tells the turn what came of it.
func (e *Engine) dial(w dialRequest) {
	t := w.torrent
	if t.isClosing() {
		return
	}
	if e.cfg.Blocked(w.addr.Addr()) {
		t.blocked(w.addr.Addr())
		t.post(unreached{w.addr, errBlocked})
		return
	}
	if !e.mayConnect() {
		t.post(unreached{w.addr, errFull})
		return
	}
	c, theirs, err := e.connect(w)
	if err != nil {
		e.abandon(c)
		e.cfg.Logger.Debug("dial failed", "torrent", t.ID(), "addr", w.addr, "err", err)
		t.post(unreached{w.addr, err})
		return
	}
	t.post(joined{newConn(t, c, w.addr, w.swarm, true, theirs.Reserved.Has(handshake.Fast)), theirs})
}

// greetPeer dials and shakes hands. The connection may be there with an error.
func (e *Engine) connect(w dialRequest) (net.Conn, handshake.Handshake, error) {
	t := w.torrent
	ctx, cancel := context.WithTimeout(t.context(), e.cfg.ConnectTimeout)
	defer cancel()
	c, err := e.cfg.Dialer.DialContext(ctx, "tcp", w.addr.String())
	if err != nil {
		return nil, handshake.Handshake{}, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	o := handshake.Options{Timeout: e.cfg.HandshakeTimeout}
	theirs, err := handshake.Initiate(t.context(), c, t.hello(w.swarm), o)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return c, theirs, err
}

// hello is our side of the handshake. It leaves the bit handshake.V2 of a hybrid's v1
// swarm unset: a peer would answer it with the v2 hash in order to ask for hashes,
// which we do not send, and nothing else would differ. Whoever wants the v2 swarm finds
// us there. https://www.bittorrent.org/beps/bep_0052.html (section "upgrade path")
func (t *Torrent) hello(id swarm.ID) handshake.Handshake {
	return handshake.Handshake{
		Reserved: handshake.Bits(handshake.Fast, handshake.Extended),
		InfoHash: id,
		PeerID:   t.cfg.PeerID,
	}
}

func (t *Torrent) blocked(a netip.Addr) {
	if t.cfg.Events&OnPeerBlocked != 0 {
		t.engine.hub.emit(PeerBlocked{t.ID(), a})
	}
}
