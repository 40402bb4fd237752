package engine

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

func TestAddRefuses(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("10.0.0.1", link, Config{})
		s := newSample(1, 1<<20, 1<<18)
		r.seed(e, s)
		for name, change := range map[string]func(*Spec){
			"no swarm":          func(s *Spec) { s.Swarms = nil },
			"the same swarm":    func(*Spec) {},
			"also in one of 2":  func(s *Spec) { s.Swarms = []swarm.ID{{5}, s.Swarms[0]} },
			"no verifier":       func(s *Spec) { s.Verify = nil },
			"no picker":         func(s *Spec) { s.NewPicker = nil },
			"no piece length":   func(s *Spec) { s.Geometry.PieceLength = 0 },
			"negative length":   func(s *Spec) { s.Geometry.Length = -1 },
			"endless pieces":    func(s *Spec) { s.Geometry = swarm.Geometry{Length: 1 << 60, PieceLength: 1} },
			"have too short":    func(s *Spec) { s.Have = swarm.Bitfield{} },
			"have is malformed": func(s *Spec) { s.Have = swarm.Bitfield{0xff} },
			"check too long":    func(s *Spec) { s.Check = make(swarm.Bitfield, 9) },
		} {
			disk := storagetest.NewFaulty(swarm.NewMemory(s.geometry.Length))
			spec := s.spec(disk)
			change(&spec)
			_, err := e.Add(spec)
			require.Error(t, err, name)
			require.True(t, disk.Closed(), "%s: the storage is the engine's", name)
		}
		_, err := e.Add(s.spec(swarm.NewMemory(0)))
		require.ErrorIs(t, err, ErrDuplicate)
		require.Len(t, e.Torrents(), 1)
		r.close(e)
		_, err = e.Add(newSample(2, 1, 1).spec(swarm.NewMemory(1)))
		require.ErrorIs(t, err, ErrClosed)
		require.NoError(t, e.Close(), "twice")
	})
}

func TestConfigIsChecked(t *testing.T) {
	_, err := New(Config{Memory: -1})
	require.Error(t, err)
}

// TestRestart stops a download and goes on with it in another engine.
func TestRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 2<<20, 1<<19)
		seed := r.engine("10.0.0.1", simnet.Link{Up: 1 << 19}, Config{})
		r.seed(seed, s)
		m := swarm.NewMemory(s.geometry.Length)
		first := r.engine("10.0.0.2", link, Config{})
		x := r.add(first, s.spec(m, list(at(seed))))
		require.NoError(t, x.Await(t.Context(), int(firstHeld(x))))
		time.Sleep(700 * time.Millisecond)
		require.NoError(t, x.Close())
		have, spilled := x.Pieces(), x.Spilled()
		require.NotZero(t, have.Count())
		require.NotEmpty(t, spilled, "blocks of pieces that are not whole are kept")
		require.Less(t, have.Count(), s.geometry.Pieces())
		before := x.Stats()
		require.Equal(t, PhaseClosed, before.Phase)
		require.Zero(t, before.Wasted)

		second := r.engine("10.0.0.3", link, Config{})
		spec := s.spec(m, list(at(seed)))
		spec.Have, spec.Spilled, spec.Downloaded = have, spilled, before.Down.Total
		y := r.add(second, spec)
		r.wait(y, time.Minute)
		s.has(t, m)
		require.LessOrEqual(t, y.Stats().Down.Total, s.geometry.Length, "nothing was fetched twice")
	})
}

// firstHeld waits for any piece and returns it.
func firstHeld(x *Torrent) int {
	for {
		b := x.Pieces()
		for i := range 8 * len(b) {
			if b.Has(i) {
				return i
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestReadAtServesWhatIsHeld(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20+5, 1<<18)
		seed, e := r.engine("10.0.0.1", simnet.Link{Up: 1 << 19}, Config{}), r.engine("10.0.0.2", link, Config{})
		r.seed(seed, s)
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), list(at(seed))))
		p := make([]byte, 1000)
		_, err := x.ReadAt(p, 0)
		require.ErrorIs(t, err, ErrNoPiece)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, x.Await(ctx, 0), context.DeadlineExceeded)
		require.ErrorIs(t, x.Await(t.Context(), 5), ErrNoPiece)
		for i := range 5 {
			require.NoError(t, x.Await(t.Context(), i))
		}
		off := int64(1<<18 - 500)
		n, err := x.ReadAt(p, off)
		require.NoError(t, err)
		require.Equal(t, s.content[off:off+int64(n)], p)
		for _, off := range []int64{-1, 1<<20 - 994, 1 << 40} {
			_, err = x.ReadAt(p, off)
			require.ErrorIs(t, err, ErrNoPiece)
		}
		require.NoError(t, x.Close())
		_, err = x.ReadAt(p, 0)
		require.ErrorIs(t, err, ErrClosed)
		require.ErrorIs(t, x.Recheck(t.Context()), ErrClosed)
		require.True(t, x.Stats().Complete())
	})
}

func TestPauseEndsAllAndResumeGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 2<<20, 1<<18)
		seed, e := r.engine("10.0.0.1", simnet.Link{Up: 1 << 19}, Config{}), r.engine("10.0.0.2", link, Config{})
		r.seed(seed, s)
		events := e.Subscribe(0)
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), list(at(seed))))
		time.Sleep(time.Second)
		x.Pause()
		time.Sleep(100 * time.Millisecond)
		st := x.Stats()
		require.Equal(t, PhasePaused, st.Phase)
		require.Zero(t, st.Peers)
		require.Zero(t, e.Memory())
		require.Equal(t, 0, e.sockets.Open())
		time.Sleep(time.Hour)
		require.Equal(t, st.Down.Total, x.Stats().Down.Total, "no payload while paused")
		c, err := r.network.Host("10.7.0.1", link).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		handshake.Initiate(t.Context(), c, handshake.Handshake{InfoHash: s.id}, handshake.Options{})
		_, err = c.Read(make([]byte, 1))
		require.Error(t, err, "nor connections")
		c.Close()
		x.Resume()
		x.AddPeers(at(seed))
		r.wait(x, time.Minute)
		require.LessOrEqual(t, x.Stats().Wasted, int64(64<<10))
		require.NoError(t, x.Close())
		order := []EventMask{OnAdded, OnPaused, OnResumed, OnCompleted, OnRemoved}
		events.Close()
		for ev := range events.All(t.Context()) {
			if ev.Kind() == order[0] {
				if order = order[1:]; len(order) == 0 {
					break
				}
			}
		}
		require.Empty(t, order, "events that did not come in order")
	})
}

func TestRecheckFindsWhatChanged(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 3<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		m := s.filled()
		spec := s.spec(m)
		spec.Have = s.all() // trusted
		x := r.add(e, spec)
		r.wait(x, time.Second)
		m.WriteAt([]byte("damage"), 5<<18)
		require.NoError(t, x.Recheck(t.Context()))
		have := x.Pieces()
		require.False(t, have.Has(5))
		require.Equal(t, 11, have.Count())
		seed := r.engine("10.0.0.2", link, Config{})
		r.seed(seed, s)
		x.AddPeers(at(seed))
		r.wait(x, time.Minute)
		s.has(t, m)
	})
}

func TestVerifyAlone(t *testing.T) {
	s := newSample(1, 3<<20+7, 1<<18)
	m := s.filled()
	m.WriteAt([]byte("damage"), 5<<18)
	last := 0
	have, err := Verify(t.Context(), s.geometry, s.verify, m, 2, func(done int) {
		require.Greater(t, done, last)
		last = done
	})
	require.NoError(t, err)
	require.Equal(t, 13, last)
	require.False(t, have.Has(5))
	require.Equal(t, 12, have.Count())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Verify(ctx, s.geometry, s.verify, m, 0, nil)
	require.ErrorIs(t, err, context.Canceled)
	broken := storagetest.NewFaulty(m)
	broken.Fail(storagetest.Read, 0, errors.New("bad sector"))
	have, err = Verify(t.Context(), s.geometry, s.verify, broken, 1, nil)
	require.NoError(t, err)
	require.Zero(t, have.Count(), "what cannot be read is missing")
}

func TestPeersCanBeRemovedAndBanned(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		x := r.seed(e, s)
		events := e.Subscribe(0)
		a, b := r.dialAs("a", e, s, handshake.Extended), r.dialAs("b", e, s)
		hello := peerwire.ExtendedHandshake{V: "Example 1.0", Reqq: 9}
		ours := a.expect(peerwire.Extended)
		theirs, err := peerwire.ParseExtendedHandshake(ours.Data)
		require.NoError(t, err)
		require.Equal(t, "Shoal/0.1.0", theirs.V)
		a.conn.Write(append(raw(99), raw(100, 1, 2, 3)...))
		a.send(peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)}, peerwire.Message{Kind: peerwire.Interested})
		a.expect(peerwire.Unchoke)
		a.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(0, 0)})
		a.expect(peerwire.Piece)
		time.Sleep(time.Second)
		peers := x.Peers()
		require.Len(t, peers, 2)
		require.Equal(t, "Example 1.0", peers[0].Client)
		require.EqualValues(t, 2, peers[0].Unknown)
		require.Zero(t, peers[1].Unknown)
		require.True(t, peers[0].Interested)
		require.False(t, peers[0].AmChoking)
		require.EqualValues(t, swarm.BlockLen, peers[0].Up.Total)
		require.Equal(t, peerID("b"), peers[1].ID)
		x.RemovePeer(peers[0].Addr)
		require.True(t, a.ended(time.Second))
		x.Ban(peers[1].Addr.Addr())
		require.True(t, b.ended(time.Second))
		c := r.dialAs("b", e, s)
		require.True(t, c.ended(time.Second), "it may not come back")
		time.Sleep(time.Second)
		require.Empty(t, x.Peers())
		var why []string
		for ev := range events.All(t.Context()) {
			if lost, ok := ev.(PeerLost); ok {
				if why = append(why, lost.Err.Error()); len(why) == 2 {
					break
				}
			}
		}
		require.ElementsMatch(t, []string{"removed on request", "banned on request"}, why)
		require.EqualValues(t, swarm.BlockLen, x.Stats().Up.Total, "what connections that ended did counts on")
	})
}

// TestUnchokedSoon has an interested peer be served within ten seconds, though all
// slots are taken.
func TestUnchokedSoon(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{Torrent: TorrentConfig{UploadSlots: 3}})
		r.seed(e, s)
		for _, name := range []string{"a", "b", "c"} {
			a := r.dialAs(name, e, s)
			a.send(peerwire.Message{Kind: peerwire.Interested})
			begin := time.Now()
			a.expect(peerwire.Unchoke)
			require.Less(t, time.Since(begin), time.Second, "a slot is free")
			go func() {
				for {
					if _, err := a.next(); err != nil {
						return
					}
				}
			}()
			t.Cleanup(func() { a.conn.Close() })
		}
		d := r.dialAs("d", e, s)
		d.send(peerwire.Message{Kind: peerwire.Interested})
		begin := time.Now()
		d.expect(peerwire.Unchoke)
		require.LessOrEqual(t, time.Since(begin), chokeEvery+chokeDelay)
	})
}

// TestStatsOnlyWhereAsked has no ticks without an ear for them.
func TestStatsOnlyWhereAsked(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{Torrent: TorrentConfig{Events: CheapEvents}})
		quiet, loud := e.SubscribeTo(0, nil), newSample(2, 1<<20, 1<<18)
		r.seed(e, s)
		spec := loud.spec(loud.filled())
		spec.Have, spec.Config = loud.all(), &TorrentConfig{Events: OnStats}
		r.add(e, spec)
		time.Sleep(time.Minute + time.Second/2)
		ticks := 0
		quiet.Close()
		for ev := range quiet.All(t.Context()) {
			if tick, ok := ev.(StatsTick); ok {
				require.Equal(t, loud.id, tick.Stats.Torrent)
				ticks++
			}
		}
		require.Equal(t, 1, ticks, "only the newest waits")
	})
}

// TestOwnNameAndAgent overrides the engine's Config for one torrent.
func TestOwnNameAndAgent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		spec := s.spec(swarm.NewMemory(s.geometry.Length))
		spec.Config = &TorrentConfig{PeerID: peerID("-XX0000-abc"), UserAgent: "Other 2"}
		r.add(e, spec)
		c, err := r.network.Host("10.7.0.1", link).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		theirs, err := handshake.Initiate(t.Context(), c, handshake.Handshake{InfoHash: s.id, PeerID: peerID("q"), Reserved: handshake.Bits(handshake.Extended)}, handshake.Options{})
		require.NoError(t, err)
		require.EqualValues(t, peerID("-XX0000-abc"), theirs.PeerID)
		require.NotEqual(t, e.PeerID(), swarm.PeerID(theirs.PeerID))
		a := newActor(t, c, s, false)
		hello, err := peerwire.ParseExtendedHandshake(a.expect(peerwire.Extended).Data)
		require.NoError(t, err)
		require.Equal(t, "Other 2", hello.V)
		require.Equal(t, e.Port(), hello.P)
		require.Equal(t, netip.MustParseAddr("10.7.0.1"), hello.YourIP)
	})
}
