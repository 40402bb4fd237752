package engine

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// stopReading asks for all of a torrent, takes the first few blocks quickly, so that the
// writes to it grow, and then takes nothing more.
func (a *actor) stopReading(s *sample) {
	a.send(peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Interested})
	for blocks := 0; blocks < 31; {
		m, err := a.next()
		if err != nil {
			return
		}
		switch m.Kind {
		case peerwire.Piece:
			blocks++
		case peerwire.Unchoke:
			for piece := range s.geometry.Pieces() {
				for b := range s.geometry.Blocks(piece) {
					a.send(peerwire.Message{Kind: peerwire.Request, Block: b})
				}
			}
		}
	}
}

// TestReadersThatStop has 128 peers of other torrents take nothing of what they asked
// for. A peer of a torrent that nobody attacks is served as if they were not there. If
// there is little memory, those who hold it are left first.
func TestReadersThatStop(t *testing.T) {
	for name, test := range map[string]struct {
		memory int64
		most   time.Duration
		stay   bool // nobody waits for what the readers hold
	}{
		"much memory":   {0, 1100 * time.Millisecond, true},
		"little memory": {1, 8 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				e := r.engine("192.0.2.1", simnet.Link{}, Config{UploadMemory: test.memory})
				s := newSample(1, 2<<20, 1<<18)
				r.seed(e, s)
				var attack sync.WaitGroup
				for i := range 16 {
					other := newSample(byte(i+2), 4<<20, 1<<18)
					r.seed(e, other)
					for k := range 8 {
						a := r.dialAs(fmt.Sprintf("%c%c", 'A'+i, 'A'+k), e, other, handshake.Fast)
						attack.Go(func() { a.stopReading(other) })
					}
				}
				time.Sleep(40 * time.Second) // the last slots are given after half a minute
				require.Equal(t, test.stay, e.sockets.Open() == 128)
				leech := r.engine("192.0.2.2", simnet.Link{Down: 2 << 20}, Config{})
				x := r.add(leech, s.spec(swarm.NewMemory(s.geometry.Length), list(at(e))))
				r.wait(x, test.most)
				require.NoError(t, e.Close())
				attack.Wait()
			})
		})
	}
}
