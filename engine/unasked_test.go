package engine

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// requested reads the requests that come until nothing came for a second.
func (a *actor) requested() (all []swarm.Block) {
	a.t.Helper()
	defer a.conn.SetReadDeadline(time.Time{})
	for {
		a.conn.SetReadDeadline(time.Now().Add(time.Second))
		m, err := a.next()
		if err != nil {
			return all
		}
		if m.Kind == peerwire.Request {
			all = append(all, m.Block)
		}
	}
}

// give sends a block.
func (a *actor) give(s *sample, b swarm.Block) error {
	off := s.geometry.Offset(b)
	return a.send(peerwire.Message{Kind: peerwire.Piece, Block: b, Data: s.content[off : off+int64(b.Length)]})
}

// TestBlocksThatNobodyAskedFor has a peer answer requests long after they were
// cancelled, which is nothing to complain of, and then send more than was asked for.
func TestBlocksThatNobodyAskedFor(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 64<<20, 1<<20)
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		events := e.Subscribe(0)
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length)))
		a := r.dialAs("a", e, s, handshake.Extended)
		hello := peerwire.ExtendedHandshake{Reqq: 2000}
		a.send(peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)},
			peerwire.Message{Kind: peerwire.Bitfield, Data: s.all()}, peerwire.Message{Kind: peerwire.Unchoke})
		var open []swarm.Block
		for len(open) <= maxUnasked/swarm.BlockLen { // until the queue is long
			for _, b := range open {
				require.NoError(t, a.give(s, b))
			}
			open = a.requested()
			require.NotEmpty(t, open)
		}
		for range 2 { // they are given up, and asked for again
			time.Sleep(giveUpAfter/2 + time.Second)
			require.NoError(t, a.send(peerwire.Message{Kind: peerwire.KeepAlive}))
		}
		again := a.requested()
		require.NotEmpty(t, again)
		for _, b := range append(open, again...) {
			require.NoError(t, a.give(s, b))
		}
		a.requested()
		require.Len(t, x.Peers(), 1, "all of it was asked for")

		some := s.geometry.Block(0, 0)
		for range maxUnasked / swarm.BlockLen {
			require.NoError(t, a.give(s, some))
		}
		time.Sleep(time.Second)
		require.Len(t, x.Peers(), 1, "the bound is not passed")
		for range 640 * maxUnasked / swarm.BlockLen { // what is still open counts as asked, too
			a.give(s, some)
		}
		require.True(t, a.ended(time.Second))
		var why *peerwire.ProtocolError
		for ev := range events.All(t.Context()) {
			if lost, ok := ev.(PeerLost); ok {
				require.ErrorAs(t, lost.Err, &why)
				break
			}
		}
		require.Equal(t, peerwire.Piece, why.Message)
	})
}
