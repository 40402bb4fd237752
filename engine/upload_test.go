package engine

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestEveryRequestIsAnswered asks, cancels, and loses interest at random. With BEP 6
// each request is answered by its block or a reject, and by one of them only.
func TestEveryRequestIsAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 4<<20, 1<<18)
		e := r.engine("10.0.0.1", simnet.Link{Up: 1 << 18, Delay: 20 * time.Millisecond}, Config{})
		x := r.seed(e, s)
		a := r.dialAs("a", e, s, handshake.Fast)
		a.send(peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Interested})
		a.expect(peerwire.Unchoke)
		answers := make(map[swarm.Block]int)
		rejects, choked := 0, false
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				m, err := a.next()
				if err != nil {
					return
				}
				switch m.Kind {
				case peerwire.Choke, peerwire.Unchoke:
					choked = m.Kind == peerwire.Choke
				case peerwire.Piece:
					if choked {
						t.Errorf("%v comes while we are choked", m.Block)
					}
					off := s.geometry.Offset(m.Block)
					if string(m.Data) != string(s.content[off:off+int64(len(m.Data))]) {
						t.Errorf("wrong bytes of %v", m.Block)
					}
					answers[m.Block]++
				case peerwire.Reject:
					answers[m.Block]++
					rejects++
				}
			}
		}()
		dice := rand.New(rand.NewPCG(1, 1))
		asked := make(map[swarm.Block]int)
		for piece := range s.geometry.Pieces() {
			for b := range s.geometry.Blocks(piece) {
				if dice.IntN(4) == 0 { // any run of bytes may be asked for
					b.Begin, b.Length = b.Begin+dice.IntN(5000), 1+dice.IntN(10_000)
				}
				asked[b]++
				a.send(peerwire.Message{Kind: peerwire.Request, Block: b})
				switch dice.IntN(20) {
				case 0:
					a.send(peerwire.Message{Kind: peerwire.Cancel, Block: b})
				case 1:
					a.send(peerwire.Message{Kind: peerwire.NotInterested}, peerwire.Message{Kind: peerwire.Interested})
					time.Sleep(2 * chokeDelay)
				case 2, 3:
					time.Sleep(time.Duration(dice.IntN(400)) * time.Millisecond)
				}
			}
		}
		time.Sleep(30 * time.Second)
		require.Zero(t, x.Peers()[0].Serving)
		a.conn.Close()
		<-done
		require.Equal(t, asked, answers)
		require.Greater(t, rejects, 5)
		require.Less(t, rejects, len(asked))
	})
}
