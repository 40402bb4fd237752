package magnet

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/stretchr/testify/require"
)

// A parley is a run whose turns the test takes, and one peer that dials us again and again.
type parley struct {
	t *testing.T
	*run
}

// join has a peer dial us, and returns its end; nil if it is refused.
func (p *parley) join(addr string) net.Conn {
	ours, far := net.Pipe()
	p.t.Cleanup(func() { far.Close() })
	c := &connect.Conn{Conn: ours, Addr: at(addr).AddrPort, Swarm: p.swarms[0]}
	c.Theirs.Reserved = handshake.Bits(handshake.Extended)
	copy(c.Theirs.PeerID[:], addr)
	before := len(p.conns)
	p.adopt(c)
	go discard(far)
	if len(p.conns) == before {
		return nil
	}
	return far
}

// say has the peer send messages, and takes our turns until nothing is left to do.
func (p *parley) say(far net.Conn, all ...peerwire.Message) {
	var b []byte
	for _, m := range all {
		b = m.AppendTo(b)
	}
	go far.Write(b)
	for {
		synctest.Wait()
		posted := p.takePosted()
		if len(posted) == 0 {
			return
		}
		for _, do := range posted {
			do(p.run)
		}
		_, err := p.settle()
		require.NoError(p.t, err)
	}
}

func newParley(t *testing.T) *parley {
	f, err := New(options(randomInfo(5000), &network{}))
	require.NoError(t, err)
	p := &parley{t, newRun(t.Context(), f)}
	t.Cleanup(p.abandon)
	return p
}

// A peer that was closed because it flooded us is refused for a while, and others are not.
func TestFloodersAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParley(t)
		p.say(p.join("8.0.0.1:1"), peerwire.Message{Kind: peerwire.Piece, Data: []byte("x")})
		require.Empty(t, p.conns)
		require.Nil(t, p.join("8.0.0.1:2"))
		require.NotNil(t, p.join("8.0.0.2:1"))
		time.Sleep(2 * time.Minute)
		require.NotNil(t, p.join("8.0.0.1:3"))
	})
}

// The buffer of a connection is as long as what came last needs: a peer that sent a long
// message and fell silent holds little.
func TestLongMessagesLeaveNoBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParley(t)
		far := p.join("8.0.0.1:1")
		p.say(far, peerwire.Message{Kind: peerwire.Bitfield, Data: make([]byte, 200<<10)})
		for _, c := range p.conns {
			require.Empty(t, c.left)
			require.LessOrEqual(t, cap(c.left), maxKept)
		}
		p.say(far, peerwire.Message{Kind: peerwire.Have, Piece: 5})
		require.Len(t, p.conns, 1)
		require.NotEmpty(t, p.state.Replay(1))
	})
}
