package attack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// dialTimeout and handshakeTimeout are those of an honest client.
	dialTimeout      = 15 * time.Second
	handshakeTimeout = 10 * time.Second

	// redial is the time before an honest peer connects again.
	redial = time.Second

	depth = 128 // requests that an honest peer has under way
)

// A peer is the far end of a connection to the program.
type peer struct {
	net.Conn
	*peerwire.Writer
	messages *peerwire.Reader
	geometry swarm.Geometry
	ours     swarm.PeerID // what this side calls itself
}

// newID returns a peer id that begins with a name of eight letters.
func newID(name string) (id swarm.PeerID) {
	copy(id[:], fmt.Sprintf("%.8s%012x", name, rand.Int64N(1<<48)))
	return id
}

// connect dials the program from an address of ours and shakes hands. The connection is
// closed when ctx is done.
func connect(ctx context.Context, from netip.Addr, to netip.AddrPort, t torrent, id swarm.PeerID) (*peer, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: dialTimeout}
	c, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	ours := handshake.Handshake{InfoHash: t.IDs()[0], PeerID: id, Reserved: handshake.Bits(handshake.Fast, handshake.Extended)}
	_, err = handshake.Initiate(ctx, c, ours, handshake.Options{Timeout: handshakeTimeout})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return newPeer(ctx, c, t, id), nil
}

// accept shakes hands on a connection that the program made, and closes it when ctx is done.
func accept(ctx context.Context, c net.Conn, t torrent, id swarm.PeerID) (*peer, error) {
	_, err := handshake.Accept(ctx, c, func(handshake.Handshake) (handshake.Handshake, error) {
		return handshake.Handshake{PeerID: id, Reserved: handshake.Bits(handshake.Fast, handshake.Extended)}, nil
	}, handshake.Options{Timeout: handshakeTimeout})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return newPeer(ctx, c, t, id), nil
}

func newPeer(ctx context.Context, c net.Conn, t torrent, id swarm.PeerID) *peer {
	context.AfterFunc(ctx, func() { c.Close() })
	g := t.Info.Geometry()
	return &peer{
		Conn:     c,
		Writer:   peerwire.NewWriter(c),
		messages: peerwire.NewReader(c, peerwire.Limits{Geometry: g, Fast: true}),
		geometry: g,
		ours:     id,
	}
}

// drain throws away what comes until the connection ends.
func (p *peer) drain() { io.Copy(io.Discard, p.Conn) }

// take downloads n bytes and calls got with the number of bytes of each block.
func (p *peer) take(n int64, got func(int)) error {
	if err := p.Writer.Write(peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Interested}); err != nil {
		return err
	}
	next, underWay, choked := 0, 0, true
	for n > 0 {
		for ; !choked && underWay < depth; underWay++ {
			p.Writer.Append(peerwire.Message{Kind: peerwire.Request, Block: p.block(next)})
			next++
		}
		if p.Writer.Buffered() > 0 {
			if err := p.Writer.Flush(); err != nil {
				return err
			}
		}
		// Half of the blocks come before as many are asked for again.
		for low := underWay / 2; n > 0; {
			m, err := p.messages.Next()
			if err != nil {
				return err
			}
			switch m.Kind {
			case peerwire.Choke:
				choked = true
			case peerwire.Unchoke:
				choked = false
			case peerwire.Reject:
				underWay--
			case peerwire.Piece:
				underWay--
				n -= int64(len(m.Data))
				got(len(m.Data))
			}
			if !choked && underWay <= low {
				break
			}
		}
	}
	return nil
}

// block returns the block with a number, and starts over behind the last. A piece is
// one block.
func (p *peer) block(n int) swarm.Block { return p.geometry.Block(n%p.geometry.Pieces(), 0) }

// takeFrom downloads n bytes from the program as an honest peer at an address does, who
// connects again when the connection ends. It returns how many bytes came before ctx was
// done.
func takeFrom(ctx context.Context, from netip.Addr, to netip.AddrPort, t torrent, n int64) (came int64) {
	for came < n && ctx.Err() == nil {
		p, err := connect(ctx, from, to, t, newID("-qB4620-"))
		if err == nil {
			p.take(n-came, func(b int) { came += int64(b) })
			p.Close()
		}
		if came < n {
			pause(ctx, redial)
		}
	}
	return came
}

// serve is a seed until the connection ends. It calls asked before it answers a request,
// and ends if that returns false.
func (p *peer) serve(content io.ReaderAt, asked func() bool) error {
	if err := p.Writer.Write(peerwire.Message{Kind: peerwire.HaveAll}, peerwire.Message{Kind: peerwire.Unchoke}); err != nil {
		return err
	}
	data := make([]byte, swarm.MaxRequest)
	for {
		m, err := p.messages.Next()
		if err != nil {
			return err
		}
		if m.Kind != peerwire.Request {
			continue
		}
		if !asked() {
			return nil
		}
		b := data[:m.Block.Length]
		if _, err := content.ReadAt(b, p.geometry.Offset(m.Block)); err != nil {
			return err
		}
		if err := p.Writer.Write(peerwire.Message{Kind: peerwire.Piece, Block: m.Block, Data: b}); err != nil {
			return err
		}
	}
}
