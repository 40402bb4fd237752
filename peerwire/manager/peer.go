package manager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// maxIdleBuffer is the size in bytes of the largest buffer that an idle peer keeps.
const maxIdleBuffer = 64 << 10

// A peer is one connection of a Manager. One goroutine reads from it, in readLoop, and
// one writes to it, in writeLoop.
type peer struct {
	manager *Manager
	number  swarm.Peer
	info    PeerInfo
	conn    net.Conn
	reader  *peerwire.Reader
	removed atomic.Bool   // Remove was called: Receive drops the peer's events
	closed  chan struct{} // is closed with the connection
	wake    chan struct{} // holds one token if queue may hold bytes

	mu           sync.Mutex // guards what follows
	isClosed     bool
	closeErr     error         // why the connection was closed; nil if the caller did it
	queue        []byte        // encoded messages that writeLoop has not taken yet
	queuedBytes  int64         // how many bytes were put into queue so far
	writtenBytes int64         // how many of these were written to conn
	hasWaiters   bool          // a Send or Drain waits on progress
	progress     chan struct{} // is closed, if hasWaiters, when queue was taken or written
}

func newPeer(m *Manager, number swarm.Peer, c net.Conn, info PeerInfo, l peerwire.Limits) *peer {
	return &peer{
		manager:  m,
		number:   number,
		info:     info,
		conn:     c,
		reader:   peerwire.NewReader(c, l),
		closed:   make(chan struct{}),
		wake:     make(chan struct{}, 1),
		progress: make(chan struct{}),
	}
}

// close closes the connection. err is the reason, or nil if the caller of the Manager
// asked for it. Only the first call has an effect.
func (p *peer) close(err error) {
	p.mu.Lock()
	first := !p.isClosed
	if first {
		p.isClosed = true
		p.closeErr = err
		close(p.closed)
	}
	p.mu.Unlock()
	if first {
		p.conn.Close()
		p.manager.removePeer(p.number)
	}
}

// readLoop reports what the peer sends until the connection ends, and then why it ended.
func (p *peer) readLoop() {
	for {
		if t := p.manager.config.Timeout; t > 0 {
			p.conn.SetReadDeadline(time.Now().Add(t))
		}
		msg, err := p.reader.NextAny()
		if err != nil {
			p.close(closeReason(err))
			break
		}
		switch msg.Kind {
		case peerwire.Unknown:
			p.manager.unknown.Add(1)
			continue
		case peerwire.KeepAlive:
			continue
		}
		msg.Data = bytes.Clone(msg.Data)
		select {
		case p.manager.events <- peerEvent{p, Event{Peer: p.number, Message: msg}}:
		case <-p.closed:
			// The message came before the connection ended, so it is still
			// reported, unless the caller ended the connection.
			p.reportAfterClose(Event{Peer: p.number, Message: msg})
		}
	}
	p.mu.Lock()
	err := p.closeErr
	p.mu.Unlock()
	if err != nil {
		p.reportAfterClose(Event{Peer: p.number, Err: &PeerError{Peer: p.number, Err: err}})
	}
}

// reportAfterClose queues an event of a peer whose connection is closed. If the caller
// closed it, the event is dropped.
func (p *peer) reportAfterClose(e Event) {
	p.mu.Lock()
	closedByCaller := p.closeErr == nil
	p.mu.Unlock()
	if closedByCaller {
		return
	}
	select {
	case p.manager.events <- peerEvent{p, e}:
	case <-p.manager.closed:
	}
}

// writeLoop writes the queue, and keep-alives when the queue stays empty, until the
// connection ends. See https://www.bittorrent.org/beps/bep_0003.html#peer-protocol.
func (p *peer) writeLoop() {
	var idle <-chan time.Time
	var timer *time.Timer
	if t := p.manager.config.KeepAlive; t > 0 {
		timer = time.NewTimer(t)
		defer timer.Stop()
		idle = timer.C
	}
	var buf []byte
	for {
		select {
		case <-p.closed:
			return
		case <-idle:
			buf = p.takeQueue(buf)
			if len(buf) == 0 {
				buf = peerwire.Message{Kind: peerwire.KeepAlive}.AppendTo(buf)
			}
		case <-p.wake:
			buf = p.takeQueue(buf)
		}
		if len(buf) == 0 {
			continue
		}
		if t := p.manager.config.Timeout; t > 0 {
			p.conn.SetWriteDeadline(time.Now().Add(t))
		}
		if _, err := p.conn.Write(buf); err != nil {
			p.close(closeReason(err))
			return
		}
		p.markWritten()
		if timer != nil {
			timer.Reset(p.manager.config.KeepAlive)
		}
		if cap(buf) > maxIdleBuffer {
			buf = nil
		}
	}
}

// takeQueue returns the queue, and makes buf, emptied, the new queue.
func (p *peer) takeQueue(buf []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	buf, p.queue = p.queue, buf[:0]
	p.signalProgress()
	return buf
}

// markWritten records that everything that takeQueue returned was written.
func (p *peer) markWritten() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writtenBytes = p.queuedBytes - int64(len(p.queue))
	p.signalProgress()
}

// signalProgress wakes the Sends and Drains that wait. The caller holds the lock.
func (p *peer) signalProgress() {
	if p.hasWaiters {
		p.hasWaiters = false
		close(p.progress)
		p.progress = make(chan struct{})
	}
}

// send waits until the queue has room for a message, and appends the message.
func (p *peer) send(ctx context.Context, msg peerwire.Message) error {
	return p.waitFor(ctx, func() bool {
		if len(p.queue) > 0 && len(p.queue)+msg.Len() > p.manager.config.SendQueue {
			return false
		}
		before := len(p.queue)
		p.queue = msg.AppendTo(p.queue)
		p.queuedBytes += int64(len(p.queue) - before)
		select {
		case p.wake <- struct{}{}:
		default:
		}
		return true
	})
}

// drain waits until what is in the queue now was written.
func (p *peer) drain(ctx context.Context) error {
	target := int64(-1) // not known before the lock is held
	return p.waitFor(ctx, func() bool {
		if target < 0 {
			target = p.queuedBytes
		}
		return p.writtenBytes >= target
	})
}

// waitFor calls try with the lock held, now and after each progress, until try returns
// true, the connection ends or ctx is done.
func (p *peer) waitFor(ctx context.Context, try func() bool) error {
	for {
		p.mu.Lock()
		if p.isClosed {
			p.mu.Unlock()
			return &PeerError{Peer: p.number, Err: ErrPeerNotFound}
		}
		if try() {
			p.mu.Unlock()
			return nil
		}
		p.hasWaiters = true
		progress := p.progress
		p.mu.Unlock()
		select {
		case <-progress:
		case <-p.closed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// closeReason turns an error of reading or writing into one that PeerError.Err may be.
func closeReason(err error) error {
	var protocolErr *peerwire.ProtocolError
	switch {
	case errors.As(err, &protocolErr):
		return protocolErr
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrTimeout
	}
	return fmt.Errorf("%w: %w", ErrDisconnected, err)
}
