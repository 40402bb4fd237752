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

// maxIdleBuffer is the size in bytes of the largest buffer that is kept for an idle peer.
const maxIdleBuffer = 64 << 10

// A peer is a peer of a Manager: one goroutine reads from it and one writes.
type peer struct {
	manager *Manager
	number  swarm.Peer
	info    PeerInfo
	conn    net.Conn
	reader  *peerwire.Reader
	removed atomic.Bool   // by the caller: no more events
	closed  chan struct{} // closed once the connection is
	wake    chan struct{} // holds one token if out may have something

	mu           sync.Mutex
	isClosed     bool
	closeErr     error         // why it ended; nil if we ended it
	queue        []byte        // to be written
	queuedBytes  int64         // bytes that were ever put into out
	writtenBytes int64         // of these
	hasWaiters   bool          // someone waits for progress
	progress     chan struct{} // closed when out was taken or written, if waiting
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

// close closes the connection, for the reason err, or nil if we want it so. The first
// reason counts.
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

// readLoop hands on what the peer sends until the connection ends, and then why it did.
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
			// What was decoded before the connection ended still counts, unless
			// we ended it.
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

// reportAfterClose queues an event of a peer that is gone.
func (p *peer) reportAfterClose(e Event) {
	p.mu.Lock()
	ours := p.closeErr == nil
	p.mu.Unlock()
	if ours {
		return
	}
	select {
	case p.manager.events <- peerEvent{p, e}:
	case <-p.manager.closed:
	}
}

// writeLoop sends what is queued, and keep-alives, until the connection ends.
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

// takeQueue returns what is queued, and leaves buf in its place to be filled.
func (p *peer) takeQueue(buf []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	buf, p.queue = p.queue, buf[:0]
	p.signalProgress()
	return buf
}

// markWritten notes that everything that was taken is written.
func (p *peer) markWritten() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writtenBytes = p.queuedBytes - int64(len(p.queue))
	p.signalProgress()
}

// signalProgress wakes those who wait for progress. The caller holds the lock.
func (p *peer) signalProgress() {
	if p.hasWaiters {
		p.hasWaiters = false
		close(p.progress)
		p.progress = make(chan struct{})
	}
}

// send puts a message into the queue as soon as there is room.
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

// drain waits until what is queued now is written.
func (p *peer) drain(ctx context.Context) error {
	var until int64 = -1
	return p.waitFor(ctx, func() bool {
		if until < 0 {
			until = p.queuedBytes
		}
		return p.writtenBytes >= until
	})
}

// waitFor calls try, with the lock held, after each progress until it returns true.
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
		moved := p.progress
		p.mu.Unlock()
		select {
		case <-moved:
		case <-p.closed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// closeReason turns an error of reading or writing into one that a PeerError may have.
func closeReason(err error) error {
	var wrong *peerwire.ProtocolError
	switch {
	case errors.As(err, &wrong):
		return wrong
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrTimeout
	}
	return fmt.Errorf("%w: %w", ErrDisconnected, err)
}
