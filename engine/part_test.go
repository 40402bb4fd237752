package engine

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// long returns a torrent of four pieces of which one does not fit into a MiB.
func long() *sample { return newSample(1, 5<<20, 3<<19) }

// inParts is a spec whose pieces are checked in parts, and the number of parts that
// went on with others.
func (s *sample) inParts(storage swarm.Storage, sources ...swarm.PeerSource) (Spec, *atomic.Int64) {
	spec := s.spec(storage, sources...)
	spec.Lanes, spec.Sections = 4, true
	n := new(atomic.Int64)
	spec.Verify = func(batch []Verdict) {
		for _, v := range batch {
			if v.From > 0 {
				n.Add(1)
			}
		}
		s.verify(batch)
	}
	return spec, n
}

// Pieces that are longer than the memory need not be written and read back.
func TestLongPiecesAreCheckedInParts(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := long()
		seed := r.engine("10.0.0.1", link, Config{})
		leech := r.engine("10.0.0.2", link, Config{Memory: 1 << 20})
		r.seed(seed, s)
		disk := storagetest.NewFaulty(swarm.NewMemory(s.geometry.Length))
		spec, parts := s.inParts(disk, list(at(seed)))
		r.wait(r.add(leech, spec), time.Minute)
		require.Zero(t, disk.Calls(storagetest.Read), "something was read back")
		s.has(t, disk)
		require.Greater(t, parts.Load(), int64(s.geometry.Length/swarm.BlockLen/2/minSectionLen/2))
	})
}

// A liar is found out though its blocks were written before the piece was whole.
func TestWrongBlockInAnEarlyPart(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := long()
		addr, end := r.lurk("10.0.0.9", s, func(b swarm.Block) ([]byte, bool) {
			off := s.geometry.Offset(b)
			data := bytes.Clone(s.content[off : off+int64(b.Length)])
			if b.Begin == 0 {
				data[5] ^= 1
			}
			return data, true
		})
		defer end()
		leech := r.engine("10.0.0.2", link, Config{Memory: 1 << 20})
		events := leech.Subscribe(0)
		m := swarm.NewMemory(s.geometry.Length)
		spec, parts := s.inParts(m, list(addr))
		down := r.add(leech, spec)
		time.Sleep(20 * time.Second)
		require.Positive(t, parts.Load())
		require.Equal(t, 1, countEvents[PeerBanned](events))
		require.Zero(t, down.Pieces().Count())
		seed := r.engine("10.0.0.1", link, Config{})
		r.seed(seed, s)
		down.AddPeers(at(seed))
		r.wait(down, time.Minute)
		s.has(t, m)
	})
}

// What is here of a long piece outlasts a pause and a restart, and what is said to
// be written is.
func TestPartsOutlastPauseAndRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := long()
		seed := r.engine("10.0.0.1", simnet.Link{Delay: time.Millisecond, Up: 1 << 20}, Config{})
		leech := r.engine("10.0.0.2", link, Config{Memory: 1 << 20})
		r.seed(seed, s)
		m := swarm.NewMemory(s.geometry.Length)
		spec, parts := s.inParts(m, list(at(seed)))
		down := r.add(leech, spec)
		written := func(of map[int][]int) (n int) {
			for piece, blocks := range of {
				for _, k := range blocks {
					b := s.geometry.Block(piece, k)
					got := make([]byte, b.Length)
					m.ReadAt(got, s.geometry.Offset(b))
					require.True(t, bytes.Equal(got, s.content[s.geometry.Offset(b):][:b.Length]), "block %v", b)
					n++
				}
			}
			return n
		}
		for range 20 {
			time.Sleep(97 * time.Millisecond)
			written(down.Spilled())
		}
		require.Positive(t, parts.Load())
		down.Pause()
		time.Sleep(time.Second)
		before := written(down.Spilled()) + down.Pieces().Count()*96
		require.Greater(t, before, 40)
		down.Resume()
		time.Sleep(2 * time.Second)
		require.NoError(t, down.Close())
		left := down.Spilled()
		held := down.Pieces()
		require.Greater(t, written(left)+held.Count()*96, before)

		again := r.engine("10.0.0.3", link, Config{Memory: 1 << 20})
		spec, _ = s.inParts(m, list(at(seed)))
		spec.Have, spec.Spilled = held, left
		down = r.add(again, spec)
		r.wait(down, time.Minute)
		s.has(t, m)
		require.LessOrEqual(t, down.Stats().Down.Total, s.geometry.Length-int64(written(left))*swarm.BlockLen)
	})
}

// A part that cannot be written stops the torrent, which goes on when it can.
func TestPartThatCannotBeWritten(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := long()
		seed := r.engine("10.0.0.1", link, Config{})
		leech := r.engine("10.0.0.2", link, Config{Memory: 1 << 20})
		r.seed(seed, s)
		disk := storagetest.NewFaulty(swarm.NewMemory(s.geometry.Length))
		disk.Fill(1 << 19)
		spec, _ := s.inParts(disk, list(at(seed)))
		down := r.add(leech, spec)
		require.ErrorContains(t, down.Wait(t.Context()), "no space left")
		time.Sleep(time.Second)
		require.Zero(t, down.quota.Held())
		disk.Heal()
		down.Resume()
		r.wait(down, time.Minute)
		s.has(t, disk)
	})
}
