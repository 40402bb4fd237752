package engine

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// nodes collects what Config.OnDHTNode gets.
type nodes struct {
	mu  sync.Mutex
	all []string
}

func (n *nodes) add(a netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, a.String())
}

func (n *nodes) take() (all []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all, n.all = n.all, nil
	return all
}

// Two engines whose users have nodes of the DHT name these to each other.
func TestEnginesNameTheirNodes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		var toA, toB nodes
		a := r.engine("10.0.0.1", simnet.Link{}, Config{OnDHTNode: toA.add})
		b := r.engine("10.0.0.2", simnet.Link{}, Config{OnDHTNode: toB.add})
		a.SetDHTPort(7001)
		r.seed(a, s)
		b.SetDHTPort(7002)
		r.wait(r.add(b, s.spec(swarm.NewMemory(1<<20), list(at(a)))), time.Minute)
		require.Equal(t, []string{"10.0.0.2:7002"}, toA.take())
		require.Equal(t, []string{"10.0.0.1:7001"}, toB.take())
	})
}

// shake dials an engine and returns the connection with the bits of the engine's handshake.
func (r *rig) shake(addr, name string, e *Engine, s *sample, bits ...handshake.Bit) (*actor, handshake.Reserved) {
	r.t.Helper()
	c, err := r.network.Host(addr, simnet.Link{}).DialContext(r.t.Context(), "tcp", e.Addrs()[0].String())
	require.NoError(r.t, err)
	ours := handshake.Handshake{InfoHash: s.id, PeerID: peerID(name), Reserved: handshake.Bits(bits...)}
	theirs, err := handshake.Initiate(r.t.Context(), c, ours, handshake.Options{})
	require.NoError(r.t, err)
	return newActor(r.t, c, s, false), theirs.Reserved
}

// A node that is opened later is named to the peers that are connected, and in handshakes from
// then on. A private torrent does neither, and heeds no node.
func TestPortOfANodeThatOpensLater(t *testing.T) {
	for _, private := range []bool{false, true} {
		inBubble(t, func(t *testing.T, r *rig) {
			s := newSample(1, 1<<20, 1<<18)
			var named nodes
			e := r.engine("10.0.0.1", simnet.Link{}, Config{OnDHTNode: named.add})
			spec := s.spec(s.filled())
			spec.Have, spec.Private = s.all(), private
			r.add(e, spec)
			early, bits := r.shake("10.0.0.2", "early", e, s, handshake.DHT)
			require.False(t, bits.Has(handshake.DHT))
			early.expect(peerwire.Bitfield)
			plain, _ := r.shake("10.0.0.3", "plain", e, s)
			plain.expect(peerwire.Bitfield)
			e.SetDHTPort(7001)
			require.EqualValues(t, 7001, e.DHTPort())
			late, bits := r.shake("10.0.0.4", "late", e, s, handshake.DHT)
			late.expect(peerwire.Bitfield)
			require.Equal(t, !private, bits.Has(handshake.DHT))
			if !private {
				require.EqualValues(t, 7001, early.expect(peerwire.Port).Port)
				require.EqualValues(t, 7001, late.expect(peerwire.Port).Port)
			}
			for _, a := range []*actor{early, plain, late} {
				a.silent()
				a.send(peerwire.Message{Kind: peerwire.Port, Port: 9001}, peerwire.Message{Kind: peerwire.Port, Port: 9002})
				synctest.Wait()
			}
			var want []string
			if !private {
				want = []string{"10.0.0.2:9001", "10.0.0.3:9001", "10.0.0.4:9001"}
			}
			require.Equal(t, want, named.take(), "private: %v", private)

			e.SetDHTPort(0)
			gone, bits := r.shake("10.0.0.5", "gone", e, s, handshake.DHT)
			require.False(t, bits.Has(handshake.DHT))
			gone.expect(peerwire.Bitfield)
			gone.silent()
		})
	}
}

// silent requires that nothing comes for a while.
func (a *actor) silent() {
	a.t.Helper()
	a.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	m, err := a.next()
	require.Error(a.t, err, "got %v", m.Kind)
	a.conn.SetReadDeadline(time.Time{})
}
