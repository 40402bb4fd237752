package engine

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestDownloadFromOneSeed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 3<<20+12345, 1<<18)
		seed := r.engine("10.0.0.1", simnet.Link{Delay: 10 * time.Millisecond, Up: 1 << 20}, Config{})
		leech := r.engine("10.0.0.2", simnet.Link{Delay: 10 * time.Millisecond}, Config{})
		up := r.seed(seed, s)
		m := swarm.NewMemory(s.geometry.Length)
		down := r.add(leech, s.spec(m, list(at(seed))))
		begin := time.Now()
		r.wait(down, time.Minute)
		require.Less(t, time.Since(begin), 6*time.Second, "three seconds of bytes, and not ten until it is unchoked")
		s.has(t, m)
		st := down.Stats()
		require.EqualValues(t, s.geometry.Length, st.Down.Total)
		require.Zero(t, st.Wasted)
		require.Zero(t, st.Left)
		time.Sleep(time.Second)
		require.EqualValues(t, s.geometry.Length, up.Stats().Up.Total)
		require.Zero(t, up.Stats().Peers, "two seeds part")
	})
}

// serve has an actor be a peer with every piece that answers requests as it likes.
func serve(a *actor, n int, answer func(b swarm.Block) (data []byte, ok bool)) {
	all := swarm.NewBitfield(n)
	all.SetAll(n)
	a.send(peerwire.Message{Kind: peerwire.Bitfield, Data: all}, peerwire.Message{Kind: peerwire.Unchoke})
	for {
		m, err := a.next()
		if err != nil {
			return
		}
		if m.Kind == peerwire.Request {
			if data, ok := answer(m.Block); ok {
				a.send(peerwire.Message{Kind: peerwire.Piece, Block: m.Block, Data: data})
			}
		}
	}
}

// lurk has an actor listen, and serve each connection as serve does.
func (r *rig) lurk(addr string, s *sample, answer func(b swarm.Block) ([]byte, bool)) (swarm.Address, func()) {
	l, err := r.network.Host(addr, simnet.Link{Delay: 5 * time.Millisecond}).Listen(6881)
	require.NoError(r.t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, err := handshake.Accept(r.t.Context(), c, func(handshake.Handshake) (handshake.Handshake, error) {
					return handshake.Handshake{InfoHash: s.id, PeerID: peerID(addr)}, nil
				}, handshake.Options{})
				if err == nil {
					serve(newActor(r.t, c, s, false), s.geometry.Pieces(), answer)
				}
			}()
		}
	}()
	return swarm.Address{AddrPort: netip.MustParseAddrPort(l.Addr().String())}, func() { l.Close(); <-done }
}

// TestSwarm is one seed and twenty leechers on lines of all sorts, among peers
// that lie, stall, and vanish.
func TestSwarm(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 2<<20+1000, 1<<16)
		hosts := &tracker{hosts: make(map[swarm.PeerID]netip.Addr)}
		liar, stop := r.lurk("10.1.0.1", s, func(b swarm.Block) ([]byte, bool) { return make([]byte, b.Length), true })
		defer stop()
		staller, stop := r.lurk("10.1.0.2", s, func(swarm.Block) ([]byte, bool) { return nil, false })
		defer stop()
		hosts.known = append(hosts.known, liar, staller)
		join := func(addr string, l simnet.Link) *Engine {
			e := r.engine(addr, l, Config{Torrent: TorrentConfig{MaxPeers: 30}})
			hosts.meet(e, addr)
			return e
		}
		r.seed(join("10.0.0.100", simnet.Link{Delay: 20 * time.Millisecond, Up: 1 << 20}), s, hosts)
		var all []*Torrent
		var stores []*swarm.Memory
		for i := range 20 {
			e := join(fmt.Sprintf("10.0.0.%d", i), simnet.Link{Delay: time.Duration(i) * 5 * time.Millisecond, Up: 100_000 << (i % 4), Down: 1 << 20})
			stores = append(stores, swarm.NewMemory(s.geometry.Length))
			all = append(all, r.add(e, s.spec(stores[i], hosts)))
			time.Sleep(100 * time.Millisecond)
		}
		begin := time.Now()
		gone := join("10.0.0.200", simnet.Link{Up: 1 << 20})
		r.add(gone, s.spec(swarm.NewMemory(s.geometry.Length), hosts))
		time.Sleep(5 * time.Second)
		r.hosts[gone].Vanish()
		var wasted, down int64
		for i, l := range all {
			r.wait(l, 10*time.Minute-time.Since(begin))
			s.has(t, stores[i])
			st := l.Stats()
			require.LessOrEqual(t, st.Wrong, 2, "the liar is found out")
			wasted += st.Wasted
			down += st.Down.Total
		}
		t.Logf("all complete after %v; %d of %d bytes wasted", time.Since(begin), wasted, down)
		require.Less(t, float64(wasted), 0.4*float64(down))
	})
}
