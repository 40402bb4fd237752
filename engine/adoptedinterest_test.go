package engine

import (
	"net"
	"testing"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// If the peer heard already that we are interested, the torrent requests at once and does not
// say so again; one that wants nothing takes it back.
func TestAdoptedInterest(t *testing.T) {
	for _, complete := range []bool{false, true} {
		inBubble(t, func(t *testing.T, r *rig) {
			s := newSample(1, 1<<20, 1<<18)
			l, err := r.network.Host("10.0.0.2", simnet.Link{}).Listen(6881)
			require.NoError(t, err)
			defer l.Close()
			e := r.engine("10.0.0.1", simnet.Link{}, Config{})
			peers := make(chan net.Conn, 1)
			go func() {
				c, err := l.Accept()
				require.NoError(t, err)
				h := handshake.Handshake{PeerID: peerID("a"), Reserved: handshake.Bits(handshake.Fast, handshake.Extended)}
				_, err = handshake.Accept(t.Context(), c, func(handshake.Handshake) (handshake.Handshake, error) { return h, nil }, handshake.Options{})
				require.NoError(t, err)
				peers <- c
			}()
			c := r.fetched(e, addrPort("10.0.0.2", 6881), s)
			a := newActor(t, <-peers, s, true)
			has := s.all()
			if complete {
				has = swarm.NewBitfield(s.geometry.Pieces())
				has.Set(0)
			}
			a.send(peerwire.Message{Kind: peerwire.Bitfield, Data: has}, peerwire.Message{Kind: peerwire.Unchoke})
			greet(t, c)
			c.Interested = true
			readInto(t, c)
			a.expect(peerwire.HaveNone)
			a.expect(peerwire.Extended)
			spec := s.spec(swarm.NewMemory(s.geometry.Length))
			want := []peerwire.Kind{peerwire.Extended, peerwire.Request, peerwire.Request}
			if complete {
				spec = s.spec(s.filled())
				spec.Have = s.all()
				want = []peerwire.Kind{peerwire.Have, peerwire.Have, peerwire.Have, peerwire.Have, peerwire.Extended, peerwire.NotInterested}
			}
			x := r.add(e, spec)
			require.NoError(t, x.AddConn(c))
			for _, kind := range want {
				m, err := a.next()
				require.NoError(t, err)
				require.Equal(t, kind, m.Kind)
			}
		})
	}
}
