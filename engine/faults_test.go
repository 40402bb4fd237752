package engine

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// link is an ordinary line.
var link = simnet.Link{Delay: 10 * time.Millisecond, Up: 2 << 20, Down: 2 << 20}

func TestFullDiskStopsItsTorrentAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		bad, good := newSample(1, 2<<20, 1<<18), newSample(2, 2<<20, 1<<18)
		seed, leech := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{})
		r.seed(seed, bad)
		r.seed(seed, good)
		events := leech.Subscribe(0)
		disk := storagetest.NewFaulty(swarm.NewMemory(bad.geometry.Length))
		disk.Fill(1 << 20)
		m := swarm.NewMemory(good.geometry.Length)
		failing, other := r.add(leech, bad.spec(disk, list(at(seed)))), r.add(leech, good.spec(m, list(at(seed))))
		err := failing.Wait(t.Context())
		require.ErrorContains(t, err, "no space left")
		r.wait(other, time.Minute)
		good.has(t, m)
		st := failing.Stats()
		require.Equal(t, PhaseFailed, st.Phase)
		require.Error(t, st.Err)
		require.Zero(t, st.Peers)
		time.Sleep(time.Second)
		require.Zero(t, failing.quota.Held(), "a torrent that stopped holds no memory")
		require.Equal(t, 1, countEvents[Failed](events))

		// With room again it checks what is there, and goes on from that.
		disk.Heal()
		failing.Resume()
		r.wait(failing, 2*time.Minute)
		require.GreaterOrEqual(t, failing.Stats().Checked, bad.geometry.Pieces())
		require.Less(t, failing.Stats().Down.Total, bad.geometry.Length*7/4, "what was there is not fetched again")
		bad.has(t, disk)
	})
}

// countEvents reads what waits in a stream.
func countEvents[E Event](s *Stream) (n int) {
	s.Close()
	for e := range s.All(context.Background()) {
		if _, ok := e.(E); ok {
			n++
		}
	}
	return n
}

// TestReadErrorRejectsAndRetries has a seed with one bad sector. It serves the rest, fetches
// nothing, and serves the piece again when it can be read.
func TestReadErrorRejectsAndRetries(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		events := e.Subscribe(0)
		disk := storagetest.NewFaulty(s.filled())
		spec := s.spec(disk)
		spec.Have = s.all()
		torrent := r.add(e, spec)
		a := r.dialAs("a", e, s, handshake.Fast)
		a.send(peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Interested})
		a.expect(peerwire.Unchoke)
		disk.Fail(storagetest.Read, 1, errors.New("bad sector"))
		a.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(1, 0)})
		require.Equal(t, s.geometry.Block(1, 0), a.expect(peerwire.Reject).Block)
		a.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(1, 0)})
		require.Equal(t, s.geometry.Block(1, 0), a.expect(peerwire.Reject).Block, "it is not tried at once")
		require.Equal(t, PhaseRunning, torrent.Stats().Phase)
		require.True(t, torrent.Stats().Complete(), "it is not downloaded")
		a.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(2, 0)})
		require.Equal(t, s.geometry.Block(2, 0), a.expect(peerwire.Piece).Block)
		require.Equal(t, 1, a.expect(peerwire.Have).Piece, "after a minute")
		a.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(1, 0)})
		require.Equal(t, s.geometry.Block(1, 0), a.expect(peerwire.Piece).Block)
		require.Equal(t, 1, countEvents[Warning](events))
		s.has(t, disk)
	})
}

// TestSlowStorageHoldsUpNoOther is the complaint about one lock for all: a storage
// that blocks for ten seconds must not delay another torrent.
func TestSlowStorageHoldsUpNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		slow, quick := newSample(1, 2<<20, 1<<18), newSample(2, 2<<20, 1<<18)
		seed := r.engine("10.0.0.1", simnet.Link{}, Config{})
		leech := r.engine("10.0.0.2", simnet.Link{}, Config{Verifiers: 1, Memory: 1 << 20})
		r.seed(seed, slow)
		disk := storagetest.NewFaulty(swarm.NewMemory(slow.geometry.Length))
		disk.Delay(10 * time.Second)
		stuck := r.add(leech, slow.spec(disk, list(at(seed))))
		time.Sleep(time.Second)
		r.seed(seed, quick)
		begin := time.Now()
		fine := r.add(leech, quick.spec(swarm.NewMemory(quick.geometry.Length), list(at(seed))))
		r.wait(fine, time.Minute)
		require.Less(t, time.Since(begin), 9*time.Second)
		require.NotNil(t, stuck.Stats().Pieces, "nor does it answer late")
		require.Less(t, time.Since(begin), 9*time.Second)
		r.wait(stuck, 10*time.Minute)
		slow.has(t, disk)
	})
}

func TestSlowStorageOfASeedHoldsUpNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		slow, quick := newSample(1, 1<<20, 1<<18), newSample(2, 1<<20, 1<<18)
		seed, leech := r.engine("10.0.0.1", simnet.Link{}, Config{}), r.engine("10.0.0.2", simnet.Link{}, Config{})
		disk := storagetest.NewFaulty(slow.filled())
		release := disk.Block(storagetest.Read)
		spec := slow.spec(disk)
		spec.Have = slow.all()
		r.add(seed, spec)
		r.seed(seed, quick)
		stuck := r.add(leech, slow.spec(swarm.NewMemory(slow.geometry.Length), list(at(seed))))
		time.Sleep(time.Second)
		r.wait(r.add(leech, quick.spec(swarm.NewMemory(quick.geometry.Length), list(at(seed)))), 5*time.Second)
		release()
		r.wait(stuck, 5*time.Minute)
	})
}

// TestMemoryIsNeverExceeded downloads pieces larger than all memory there is.
func TestMemoryIsNeverExceeded(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		leech := r.engine("10.0.0.2", simnet.Link{Delay: 5 * time.Millisecond}, Config{Memory: 1 << 20})
		var all []*Torrent
		for i := range 4 {
			s := newSample(byte(i+1), 8<<20, 2<<20)
			seed := r.engine("10.0.1."+string(rune('1'+i)), simnet.Link{Up: 4 << 20}, Config{})
			r.seed(seed, s)
			all = append(all, r.add(leech, s.spec(swarm.NewMemory(s.geometry.Length), list(at(seed)))))
		}
		done := make(chan struct{})
		most := int64(0)
		go func() {
			defer close(done)
			for range 6000 {
				most = max(most, leech.Memory())
				time.Sleep(10 * time.Millisecond)
			}
		}()
		for _, x := range all {
			r.wait(x, 5*time.Minute)
		}
		<-done
		require.LessOrEqual(t, most, int64(1<<20))
		require.Greater(t, most, int64(1<<19))
		require.LessOrEqual(t, private(leech.memory.Blocks, "buffers"), leech.memory.Blocks.Units())
	})
}

// TestIdleTorrentsCostNoGoroutine adds ten thousand of them.
func TestIdleTorrentsCostNoGoroutine(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("10.0.0.1", link, Config{Torrent: TorrentConfig{Events: OnFailed}})
		verify := func([]Verdict) {}
		before := runtime.NumGoroutine()
		for i := range 10_000 {
			g := swarm.Geometry{Length: 1 << 20, PieceLength: 1 << 20}
			r.add(e, Spec{Swarms: []swarm.ID{{byte(i), byte(i >> 8), 1}}, Geometry: g, Verify: verify,
				Storage: swarm.NewMemory(0), NewPicker: func() swarm.Picker { return pickertest.NewLowest(g) }, Sources: []swarm.PeerSource{swarm.List{}}})
		}
		time.Sleep(time.Minute)
		require.LessOrEqual(t, runtime.NumGoroutine()-before, 5)
		require.Zero(t, e.deadlines.Len(), "an idle torrent wants no ticks")
	})
}

// private returns the length of a private field of a struct in another package.
func private(of any, field string) int { return reflect.ValueOf(of).Elem().FieldByName(field).Len() }

// TestAddAndRemove goes through a thousand torrents, each with a connection.
func TestAddAndRemove(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<15, 1<<14)
		seed, leech := r.engine("10.0.0.1", simnet.Link{}, Config{}), r.engine("10.0.0.2", simnet.Link{}, Config{})
		r.seed(seed, s)
		cycle := func() {
			x := r.add(leech, s.spec(swarm.NewMemory(s.geometry.Length), list(at(seed))))
			r.wait(x, time.Minute)
			require.NoError(t, x.Close())
			time.Sleep(2 * time.Second)
		}
		cycle()
		before := runtime.NumGoroutine()
		for range 1000 {
			cycle()
		}
		require.Less(t, runtime.NumGoroutine(), before+20)
		require.Empty(t, leech.Torrents())
		require.Zero(t, leech.announcer.Waiting())
		require.Zero(t, leech.deadlines.Len())
		require.Zero(t, private(leech.memory.Blocks, "holders"))
		require.Zero(t, private(leech.memory.Blocks, "waiting"))
		require.Equal(t, 0, leech.sockets.Open())
	})
}

func TestWriteErrorsOfClose(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<20)
		seed, leech := r.engine("10.0.0.1", simnet.Link{Up: 1 << 18}, Config{}), r.engine("10.0.0.2", link, Config{})
		r.seed(seed, s)
		disk := storagetest.NewFaulty(swarm.NewMemory(s.geometry.Length))
		x := r.add(leech, s.spec(disk, list(at(seed))))
		time.Sleep(2 * time.Second)
		disk.Fail(storagetest.Write, 0, errors.New("bad sector"))
		err := x.Close()
		require.ErrorContains(t, err, "bad sector")
		require.Equal(t, 1, strings.Count(err.Error(), "engine:"), "wrapped once: %v", err)
		require.Empty(t, x.Spilled(), "nothing could be written")
		require.True(t, disk.Closed())
		require.ErrorIs(t, x.Wait(t.Context()), ErrClosed)
	})
}
