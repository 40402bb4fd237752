package e2e

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A shoal is our own side of a transfer: an engine, composed by hand.
type shoal struct {
	*engine.Engine
	events *engine.Stream
	seen   []engine.Event // those that await passed over
}

// startShoal starts an engine that listens at addr. It ends with the test.
func startShoal(t *testing.T, addr netip.Addr, cfg engine.Config) *shoal {
	t.Helper()
	return startShoalAt(t, listen(t, addr), cfg)
}

func listen(t *testing.T, addr netip.Addr) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(addr, 0).String())
	require.NoError(t, err)
	return l
}

// startShoalAt is startShoal for a listener, which the engine closes.
func startShoalAt(t *testing.T, l net.Listener, cfg engine.Config) *shoal {
	t.Helper()
	cfg.Listeners = []net.Listener{l}
	cfg.Torrent.Events = engine.AllEvents &^ (engine.OnPiece | engine.OnHeld | engine.OnStats)
	e, err := engine.New(cfg)
	require.NoError(t, err)
	s := &shoal{Engine: e, events: e.Subscribe(0)}
	t.Cleanup(func() {
		failed := t.Failed()
		if failed {
			s.show(t)
		}
		require.NoError(t, e.Close())
		if failed {
			s.tell(t)
		}
	})
	return s
}

// announced waits until a tracker knows of us.
func (s *shoal) announced(t *testing.T) {
	t.Helper()
	s.await(t, func(ev engine.Event) bool {
		_, ok := ev.(engine.SourceReply)
		return ok
	})
}

// lost waits until the connection to a peer has ended. Where it dialed us, its
// port is not that at which it listens.
func (s *shoal) lost(t *testing.T, addr netip.AddrPort) {
	t.Helper()
	s.await(t, func(ev engine.Event) bool {
		p, ok := ev.(engine.PeerLost)
		return ok && p.Addr.Addr() == addr.Addr()
	})
}

// await waits for an event that f accepts. Those before it are forgotten.
func (s *shoal) await(t *testing.T, f func(engine.Event) bool) engine.Event {
	t.Helper()
	return s.awaitUntil(t, within(t), f)
}

// awaitUntil is like await, until ctx is done.
func (s *shoal) awaitUntil(t *testing.T, ctx context.Context, f func(engine.Event) bool) engine.Event {
	t.Helper()
	for {
		ev, err := s.events.Next(ctx)
		require.NoError(t, err)
		s.seen = append(s.seen, ev)
		if f(ev) {
			return ev
		}
	}
}

// show prints how the torrents and their peers are doing.
func (s *shoal) show(t *testing.T) {
	for _, mine := range s.Torrents() {
		t.Logf("engine: %+v", mine.Stats())
		for _, p := range mine.Peers() {
			t.Logf("engine: peer %+v", p)
		}
	}
}

// tell prints what the engine reported.
func (s *shoal) tell(t *testing.T) {
	for _, ev := range s.seen {
		t.Logf("engine: %T%+v", ev, ev)
	}
	for {
		ev, err := s.events.Next(context.Background())
		if err != nil {
			t.Logf("engine: %d events dropped, the last said: %v", s.events.Dropped(), err)
			return
		}
		t.Logf("engine: %T%+v", ev, ev)
	}
}

// get adds a torrent, to download it to dir.
func (s *shoal) get(t *testing.T, tor *metainfo.Torrent, dir string, sources ...swarm.PeerSource) *engine.Torrent {
	t.Helper()
	return s.add(t, tor, dir, nil, sources)
}

// seed adds a torrent whose content is in dir, and checks it first.
func (s *shoal) seed(t *testing.T, tor *metainfo.Torrent, dir string, sources ...swarm.PeerSource) *engine.Torrent {
	t.Helper()
	mine := s.add(t, tor, dir, allOf(tor), sources)
	require.NoError(t, mine.Wait(within(t)))
	return mine
}

func (s *shoal) add(t *testing.T, tor *metainfo.Torrent, dir string, check swarm.Bitfield, sources []swarm.PeerSource) *engine.Torrent {
	t.Helper()
	return s.addWith(t, tor, openStore(t, tor, dir), check, sources)
}

// allOf is the set of all pieces.
func allOf(tor *metainfo.Torrent) swarm.Bitfield {
	n := tor.Info.Pieces()
	all := swarm.NewBitfield(n)
	all.SetAll(n)
	return all
}

func openStore(t *testing.T, tor *metainfo.Torrent, dir string) swarm.Storage {
	t.Helper()
	store, err := diskstore.Open(dir, tor.Info.Files(), diskstore.Options{})
	require.NoError(t, err)
	return store
}

func (s *shoal) addWith(t *testing.T, tor *metainfo.Torrent, store swarm.Storage, check swarm.Bitfield, sources []swarm.PeerSource) *engine.Torrent {
	t.Helper()
	g := tor.Info.Geometry()
	mine, err := s.Add(engine.Spec{
		Swarms: tor.IDs(), Geometry: g, Verify: tor.Info.Verify, Storage: store,
		NewPicker: func() swarm.Picker { return piecepicker.New(g) }, Sources: sources, Check: check,
	})
	require.NoError(t, err)
	return mine
}

// sources is for calls that take a slice.
func sources(all ...swarm.PeerSource) []swarm.PeerSource { return all }

// at is a source that knows these addresses.
func at(addrs ...netip.AddrPort) swarm.List {
	var l swarm.List
	for _, a := range addrs {
		l = append(l, swarm.Address{AddrPort: a})
	}
	return l
}
