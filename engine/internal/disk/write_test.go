package disk

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// lanedStorage is a Storage with lanes of one length, whose writes take time. It counts
// the writes that are under way.
type lanedStorage struct {
	swarm.Storage
	laneLen  int64         // in bytes; zero means no lanes
	duration time.Duration // of a write

	mu         sync.Mutex
	underWay   map[int]int
	now, most  int // writes under way
	mostInLane int // of one lane
	offs, lens []int64
}

func (s *lanedStorage) WriteLane(off int64) int {
	if s.laneLen == 0 {
		return -1
	}
	return int(off / s.laneLen)
}

func (s *lanedStorage) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	n := size(bufs)
	lane := s.WriteLane(off)
	if n > 0 && s.WriteLane(off+n-1) != lane {
		return 0, errors.New("a write has two lanes")
	}
	if lane >= 0 {
		defer s.begin(lane)()
	}
	s.mu.Lock()
	s.offs, s.lens = append(s.offs, off), append(s.lens, n)
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	time.Sleep(s.duration)
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	return swarm.WriteVecAt(s.Storage, bufs, off)
}

// begin counts a write of a lane, until end is called.
func (s *lanedStorage) begin(lane int) (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.underWay == nil {
		s.underWay = make(map[int]int)
	}
	s.underWay[lane]++
	s.mostInLane = max(s.mostInLane, s.underWay[lane])
	return func() {
		s.mu.Lock()
		s.underWay[lane]--
		s.mu.Unlock()
	}
}

// calls returns the number of writes that began.
func (s *lanedStorage) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.offs)
}

// newLaned returns a Store on a lanedStorage of 40 pieces.
func newLaned(laneLen int64, duration time.Duration) (*Store, *lanedStorage) {
	d := &lanedStorage{Storage: swarm.NewMemory(40 * pieceLen), laneLen: laneLen, duration: duration}
	s, _ := newStore(d, 0)
	return s, d
}

// spill spills blocks of a piece, full of its number.
func spill(s *Store, t Owner, n int, numbers ...int) {
	s.Spill(t, protocol.Spill{Piece: n, Numbers: numbers, Bufs: piece(n, false).Blocks[:len(numbers)]})
}

// While a write is under way those that come wait, and go together when it ends.
func TestWaitingWritesJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newLaned(40*pieceLen, time.Second)
		x := new(torrent)
		begin := time.Now()
		for _, n := range []int{20, 5, 4, 7, 6} {
			spill(s, x, n, 0, 1, 2, 3)
			synctest.Wait()
		}
		require.Len(t, x.posted(), 5)
		require.Equal(t, []int64{20 * pieceLen, 4 * pieceLen}, d.offs)
		require.Equal(t, []int64{pieceLen, 4 * pieceLen}, d.lens)
		require.Equal(t, 2*time.Second, time.Since(begin))
		p := make([]byte, 5*pieceLen)
		_, err := s.ReadAt(p, 3*pieceLen, nil)
		require.NoError(t, err)
		for i, b := range p {
			require.Equal(t, []byte{0, 4, 5, 6, 7}[i/pieceLen], b)
		}
	})
}

// A write with two lanes is divided, in the middle of a block too, and has one answer.
func TestWriteWithSeveralLanesIsDivided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newLaned(pieceLen/2+100, time.Second)
		x := new(torrent)
		begin := time.Now()
		spill(s, x, 1, 0, 1, 2, 3)
		require.Len(t, x.posted(), 1)
		require.Equal(t, time.Second, time.Since(begin), "lanes do not wait for each other")
		require.ElementsMatch(t, []int64{pieceLen, pieceLen + 200, 3 * (pieceLen/2 + 100)}, d.offs)
		require.ElementsMatch(t, []int64{200, pieceLen/2 + 100, pieceLen/2 - 300}, d.lens)
		p := make([]byte, 3*pieceLen)
		_, err := s.ReadAt(p, 0, nil)
		require.NoError(t, err)
		require.Equal(t, bytes.Repeat([]byte{1}, pieceLen), p[pieceLen:2*pieceLen])
		require.Equal(t, 2*pieceLen, bytes.Count(p, []byte{0}))
	})
}

// cutByLane leaves the caller's list and buffers alone.
func TestCutByLane(t *testing.T) {
	whole := []byte("abcdefghijklmnop")
	list := [][]byte{whole[:4], whole[4:4], whole[4:5], whole[5:16]}
	for laneLen := int64(0); laneLen < 20; laneLen++ {
		d := &lanedStorage{laneLen: laneLen}
		at := int64(3)
		cutByLane(d, at, list, func(lane int, off, end int64, bufs [][]byte) {
			require.Equal(t, at, off)
			require.Equal(t, end-off, size(bufs))
			require.Equal(t, whole[off-3:end-3], bytes.Join(bufs, nil))
			for i := off; i < end; i++ {
				require.Equal(t, lane, d.WriteLane(i))
			}
			at = end
		})
		require.Equal(t, int64(19), at)
		require.Equal(t, []byte("abcdefghijklmnop"), bytes.Join(list, nil))
	}
	cutByLane(&lanedStorage{}, 3, [][]byte{{}, {}}, func(int, int64, int64, [][]byte) { t.Error("nothing to add") })
}

// Writes without a lane do not wait for each other.
func TestWritesWithoutLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newLaned(0, time.Second)
		x := new(torrent)
		begin := time.Now()
		for n := range 2 * maxCalls {
			spill(s, x, n, 0, 1, 2, 3)
		}
		require.Len(t, x.posted(), 2*maxCalls)
		require.Equal(t, 2*time.Second, time.Since(begin))
		require.Equal(t, maxCalls, d.most)
		require.Len(t, d.offs, 2*maxCalls, "and do not join")
	})
}

// An error goes to all writes of the call, and to no other.
func TestErrorGoesToAllThatJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := storagetest.NewFaulty(&lanedStorage{Storage: swarm.NewMemory(40 * pieceLen), laneLen: 40 * pieceLen})
		s, _ := newStore(f, 0)
		release := f.Block(storagetest.Write)
		f.Fail(storagetest.Write, 2, errors.New("bad sector"))
		x := new(torrent)
		for _, n := range []int{9, 5, 20, 6} {
			spill(s, x, n, 0, 1, 2, 3)
			synctest.Wait()
		}
		require.Equal(t, 1, f.Blocked())
		release()
		failed := make(map[int]bool)
		for _, in := range x.posted() {
			w := in.(protocol.Written)
			failed[w.Piece] = w.Err != nil
		}
		require.Equal(t, map[int]bool{9: false, 5: true, 6: true, 20: false}, failed)
		require.Equal(t, 3, f.Calls(storagetest.Write))
	})
}

// A request of which one part fails has one answer, the error.
func TestErrorOfOnePart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := storagetest.NewFaulty(&lanedStorage{Storage: swarm.NewMemory(40 * pieceLen), laneLen: pieceLen / 2})
		s, _ := newStore(f, 0)
		f.Fail(storagetest.Write, 1, errors.New("bad sector"))
		x := new(torrent)
		spill(s, x, 1, 0, 1, 2, 3)
		got := x.posted()
		require.Len(t, got, 1)
		require.ErrorContains(t, got[0].(protocol.Written).Err, "bad sector")
		require.Equal(t, 2, f.Calls(storagetest.Write))
	})
}

// Writes that wait take no place from reads. If there are many lanes, a read waits for
// one write at most.
func TestReadsDoNotWaitForTheQueue(t *testing.T) {
	for _, test := range []struct {
		name    string
		laneLen int64
		wait    time.Duration
	}{
		{"one lane", 40 * pieceLen, 0},
		{"a lane for each piece", pieceLen, time.Second},
		{"no lanes", 0, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := newLaned(test.laneLen, time.Second)
				x := new(torrent)
				for n := range 40 {
					spill(s, x, n, 0, 2) // so that nothing joins
				}
				synctest.Wait()
				begin := time.Now()
				_, err := s.ReadAt(make([]byte, 1), 0, nil)
				require.NoError(t, err)
				require.Equal(t, test.wait, time.Since(begin))
				require.Len(t, x.posted(), 40)
			})
		})
	}
}

// A piece that is right is posted when its bytes are written, although others were
// waiting before it, and its task does not end before.
func TestPieceIsHeldWhenItIsWritten(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		s, d := newLaned(40*pieceLen, time.Second)
		x := new(torrent)
		for n := range 8 {
			v.Check(x, s, piece(2*n, false))
		}
		section := piece(20, false)
		section.Section, section.Blocks = true, section.Blocks[:2]
		v.Check(x, s, section)
		synctest.Wait()
		require.IsType(t, protocol.SectionsHashed{}, x.now()[0])
		for range 9 {
			synctest.Wait()
			x.mu.Lock()
			require.Len(t, x.got, max(0, d.calls()-1))
			x.mu.Unlock()
			time.Sleep(time.Second)
		}
		require.Len(t, x.posted(), 9)
		require.Equal(t, 9, d.calls())
	})
}

// TestCallsWithoutBytes answers at once.
func TestCallsWithoutBytes(t *testing.T) {
	s, d := newLaned(pieceLen, 0)
	x := new(torrent)
	spill(s, x, 3)
	require.Equal(t, []protocol.Input{protocol.Written{Piece: 3, Bufs: [][]byte{}}}, x.posted())
	require.Empty(t, d.offs)
}

// FuzzWrites writes pieces, sections and spilled blocks in any order, with lanes of any
// length. Each is answered once, no lane has two calls, and the bytes are what was
// written, although buffers are used for something else as soon as the answer comes.
func FuzzWrites(f *testing.F) {
	f.Add(uint64(1), uint16(0))
	f.Add(uint64(2), uint16(1))
	f.Add(uint64(3), uint16(300))
	f.Add(uint64(4), uint16(65535))
	f.Fuzz(func(t *testing.T, seed uint64, lane uint16) {
		synctest.Test(t, func(t *testing.T) { writeAtRandom(t, seed, int64(lane)*64) })
	})
}

func writeAtRandom(t *testing.T, seed uint64, laneLen int64) {
	r := rand.New(rand.NewPCG(seed, 9))
	want := make([]byte, 40*pieceLen)
	fill := rand.NewChaCha8([32]byte{byte(seed)})
	fill.Read(want)
	s, d := newLaned(laneLen, time.Duration(r.IntN(3))*time.Millisecond)
	var mu sync.Mutex
	answers := make([]int, 40)
	for _, n := range r.Perm(40) {
		var numbers []int
		var bufs [][]byte
		for k := range 4 {
			if r.IntN(4) == 0 {
				continue
			}
			off := n*pieceLen + k*swarm.BlockLen
			numbers = append(numbers, k)
			bufs = append(bufs, bytes.Clone(want[off:off+swarm.BlockLen]))
		}
		written := make([]bool, 4)
		for _, k := range numbers {
			written[k] = true
		}
		for k, ok := range written {
			if !ok {
				clear(want[n*pieceLen+k*swarm.BlockLen:][:swarm.BlockLen])
			}
		}
		go s.write(n, numbers, bufs, n%2 == 0, func(err error) {
			for _, b := range bufs {
				clear(b)
			}
			mu.Lock()
			defer mu.Unlock()
			answers[n]++
			if err != nil {
				t.Error(err)
			}
		})
		if r.IntN(3) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	time.Sleep(time.Hour)
	synctest.Wait()
	for n, count := range answers {
		require.Equal(t, 1, count, "answers of piece %d", n)
	}
	require.LessOrEqual(t, d.mostInLane, 1)
	require.LessOrEqual(t, d.most, maxCalls)
	got := make([]byte, len(want))
	_, err := s.ReadAt(got, 0, nil)
	require.True(t, (err == nil) || (err == io.EOF))
	require.True(t, bytes.Equal(want, got))
	if s.writer.queue != nil {
		t.Error("the queue of a Storage to which nothing is written was kept")
	}
}
