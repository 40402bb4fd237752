package disk

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// torrent is an Owner that keeps what is posted.
type torrent struct {
	ctx   context.Context
	tasks sync.WaitGroup

	mu  sync.Mutex
	got []protocol.Input
}

func (t *torrent) AddTask()                 { t.tasks.Add(1) }
func (t *torrent) EndTask()                 { t.tasks.Done() }
func (t *torrent) Context() context.Context { return t.ctx }
func (t *torrent) Post(in protocol.Input) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.got = append(t.got, in)
}

// posted waits for all tasks and returns what was posted since the last call.
func (t *torrent) posted() []protocol.Input {
	t.tasks.Wait()
	return t.now()
}

// now is posted without waiting.
func (t *torrent) now() []protocol.Input {
	t.mu.Lock()
	defer t.mu.Unlock()
	got := t.got
	t.got = nil
	return got
}

// pieceLen is four blocks. A right piece is full of its number; a verifier notes how
// many pieces it is given at once.
const pieceLen = 4 * swarm.BlockLen

func fakeVerify(sizes *[]int) func([]swarm.Verdict) {
	var mu sync.Mutex
	return func(batch []swarm.Verdict) {
		mu.Lock()
		*sizes = append(*sizes, len(batch))
		mu.Unlock()
		for i := range batch {
			v := &batch[i]
			v.OK = true
			for k, b := range v.Blocks {
				if b == nil {
					b = make([]byte, swarm.BlockLen)
					_, v.Err = v.Stored.ReadAt(b, int64(v.Piece*pieceLen+k*swarm.BlockLen))
				}
				v.OK = v.OK && bytes.Count(b, []byte{byte(v.Piece)}) == len(b)
			}
		}
	}
}

func newStore(s swarm.Storage, lanes int) (*Store, *[]int) {
	sizes := new([]int)
	return &Store{
		Storage:  s,
		Geometry: swarm.Geometry{Length: 40 * pieceLen, PieceLength: pieceLen},
		Verify:   fakeVerify(sizes),
		Lanes:    lanes,
	}, sizes
}

// piece is the check of a piece that is right.
func piece(n int, soon bool) protocol.Check {
	c := protocol.Check{Piece: n, Serial: uint64(100 + n), Soon: soon}
	for range 4 {
		c.Blocks = append(c.Blocks, bytes.Repeat([]byte{byte(n)}, swarm.BlockLen))
	}
	return c
}

// inBubble runs f with verifiers on a fake clock.
func inBubble(t *testing.T, workers int, f func(t *testing.T, v *Verifiers)) {
	synctest.Test(t, func(t *testing.T) {
		v := NewVerifiers(workers)
		defer v.Close()
		f(t, v)
	})
}

func TestVerifierWaitsForCompany(t *testing.T) {
	for _, test := range []struct {
		name   string
		pieces int
		soon   bool // another one follows the last
		hurry  bool
		wait   time.Duration
	}{
		{"alone, and nothing follows", 1, false, false, 0},
		{"alone, and nothing comes though it should", 1, true, false, protocol.HashWait},
		{"as many as are hashed side by side", 4, true, false, 0},
		{"fewer, but memory is short", 3, true, true, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, 1, func(t *testing.T, v *Verifiers) {
				s, sizes := newStore(swarm.NewMemory(40*pieceLen), 4)
				x := new(torrent)
				begin := time.Now()
				for i := range test.pieces {
					v.Check(x, s, piece(i, test.soon))
				}
				if test.hurry {
					v.Hurry(s)
				}
				require.Len(t, x.posted(), test.pieces)
				require.Equal(t, test.wait, time.Since(begin))
				require.Equal(t, []int{test.pieces}, *sizes)
			})
		})
	}
}

// Pieces of two torrents are never in one batch, and the one that waits for others is
// hashed in time.
func TestTorrentsAreHashedApart(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, v *Verifiers) {
		a, sizesA := newStore(swarm.NewMemory(40*pieceLen), 4)
		b, sizesB := newStore(swarm.NewMemory(40*pieceLen), 4)
		x := new(torrent)
		for i := range 2 {
			v.Check(x, a, piece(i, true))
			v.Check(x, b, piece(i, true))
		}
		require.Len(t, x.posted(), 4)
		for _, n := range append(*sizesA, *sizesB...) {
			require.LessOrEqual(t, n, 2)
		}
	})
}

// A piece is written before it is said to be right.
func TestRightPieceIsWritten(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		s, _ := newStore(d, 0)
		x := new(torrent)
		v.Check(x, s, piece(3, false))
		got := x.posted()[0].(protocol.CheckResult)
		require.True(t, got.OK)
		require.NoError(t, got.Err)
		require.Equal(t, uint64(103), got.Serial)
		require.Len(t, got.Blocks, 4, "the buffers come back")
		require.Equal(t, 1, d.Calls(storagetest.Write), "in one call")
		p := make([]byte, pieceLen)
		_, err := s.ReadAt(p, 3*pieceLen, nil)
		require.NoError(t, err)
		require.Equal(t, bytes.Repeat([]byte{3}, pieceLen), p)
	})
}

func TestWrongPieceHasSumsAndIsNotWritten(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		s, _ := newStore(d, 0)
		x := new(torrent)
		sums := func(wrong bool) []uint64 {
			c := piece(3, false)
			c.Sums = true
			if wrong {
				c.Blocks[2][7]++
			}
			v.Check(x, s, c)
			got := x.posted()[0].(protocol.CheckResult)
			require.Equal(t, !wrong, got.OK)
			return got.Sums
		}
		bad := sums(true)
		require.Zero(t, d.Calls(storagetest.Write))
		good := sums(false)
		require.Len(t, good, 4)
		require.NotEqual(t, good[2], bad[2])
		require.Equal(t, good[0], bad[0])
		require.Equal(t, good[3], bad[3])
	})
}

// TestWrongPieceHasNoSumsIfABlockCannotBeRead: its sender must not be taken for a liar.
func TestWrongPieceHasNoSumsIfABlockCannotBeRead(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		s, _ := newStore(d, 0)
		x := new(torrent)
		c := piece(3, false)
		c.Blocks[1], c.Stored = nil, true
		c.Blocks[2][7]++
		d.Fail(storagetest.Read, 1, errors.New("no reading"))
		v.Check(x, s, c)
		got := x.posted()[0].(protocol.CheckResult)
		require.False(t, got.OK)
		require.Empty(t, got.Sums)
	})
}

func TestFullDiskComesWithTheAnswer(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		d.Fill(0)
		s, _ := newStore(d, 0)
		x := new(torrent)
		v.Check(x, s, piece(1, false))
		require.Error(t, x.posted()[0].(protocol.CheckResult).Err)
		c := piece(1, false)
		c.Section, c.Blocks = true, c.Blocks[:2]
		v.Check(x, s, c)
		got := x.posted()
		hashed := protocol.HashedSection{Piece: 1, Serial: 101, To: 2}
		require.Equal(t, protocol.SectionsHashed{Sections: []protocol.HashedSection{hashed}}, got[0])
		require.Error(t, got[1].(protocol.SectionDone).Err)
		s.Spill(x, protocol.Spill{Piece: 1, Serial: 7, Numbers: []int{0, 1, 3}, Bufs: piece(1, false).Blocks[:3]})
		written := x.posted()[0].(protocol.Written)
		require.Error(t, written.Err)
		require.Equal(t, uint64(7), written.Serial)
	})
}

// Blocks that follow one another are written in one call.
func TestSpillWritesRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		s, _ := newStore(d, 0)
		x := new(torrent)
		bufs := piece(9, false).Blocks[:3]
		s.Spill(x, protocol.Spill{Piece: 9, Numbers: []int{0, 1, 3}, Bufs: bufs})
		require.NoError(t, x.posted()[0].(protocol.Written).Err)
		require.Equal(t, 2, d.Calls(storagetest.Write))
	})
}

// A slow disk does not keep a verifier from the pieces of another torrent.
func TestSlowDiskHoldsUpNoVerifier(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		d.Delay(time.Minute)
		slow, _ := newStore(d, 0)
		quick, _ := newStore(swarm.NewMemory(40*pieceLen), 0)
		x, y := new(torrent), new(torrent)
		spilled := piece(0, false)
		spilled.Stored, spilled.Blocks[1] = true, nil
		v.Check(x, slow, spilled)
		v.Check(x, slow, piece(1, false))
		begin := time.Now()
		v.Check(y, quick, piece(2, false))
		require.Len(t, y.posted(), 1)
		require.Zero(t, time.Since(begin))
		require.Len(t, x.posted(), 2)
	})
}

func TestReadGivesUpWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		release := d.Block(storagetest.Read)
		s, _ := newStore(d, 0)
		var done sync.WaitGroup
		for range maxCalls {
			done.Go(func() { s.ReadAt(make([]byte, 1), 0, nil) })
		}
		synctest.Wait()
		require.Equal(t, maxCalls, d.Blocked())
		closed := make(chan struct{})
		time.AfterFunc(time.Second, func() { close(closed) })
		_, err := s.ReadAt(make([]byte, 1), 0, closed)
		require.ErrorIs(t, err, ErrClosed)
		err = s.ReadVecAt([][]byte{{1}, {2}}, 0, closed)
		require.ErrorIs(t, err, ErrClosed)
		release()
		done.Wait()
	})
}

func TestCheckStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := swarm.NewMemory(40 * pieceLen)
		for i := range 40 {
			if i%3 != 0 {
				m.WriteAt(bytes.Repeat([]byte{byte(i)}, pieceLen), int64(i)*pieceLen)
			}
		}
		s, _ := newStore(m, 0)
		x := &torrent{ctx: t.Context()}
		pieces := swarm.NewBitfield(40)
		for _, i := range []int{1, 2, 3, 30, 31} {
			pieces.Set(i)
		}
		NewChecks(2).Check(x, s, protocol.CheckStored{Pieces: pieces, Round: 5})
		var looked, good []int
		got := x.posted()
		for _, in := range got[:len(got)-1] {
			part := in.(protocol.StoredChecked)
			require.Equal(t, 5, part.Round)
			looked, good = append(looked, part.Pieces...), append(good, part.Good...)
		}
		require.ElementsMatch(t, []int{1, 2, 3, 30, 31}, looked)
		require.ElementsMatch(t, []int{1, 2, 31}, good)
		require.Equal(t, protocol.StoredDone{Round: 5}, got[len(got)-1])
	})
}

// A Verify may pass on that a file does not exist: the check goes on and its pieces are
// missing. Any other error is reported, also beside a missing file.
func TestMissingFileIsNoErrorOfACheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pieces := swarm.NewBitfield(40)
		pieces.SetAll(40)
		check := func(errs ...error) (found []error) {
			s, _ := newStore(swarm.NewMemory(40*pieceLen), 0)
			s.Verify = func(batch []swarm.Verdict) {
				for i := range batch {
					batch[i].Err = errs[min(i, len(errs)-1)]
				}
			}
			x := &torrent{ctx: t.Context()}
			NewChecks(1).Check(x, s, protocol.CheckStored{Pieces: pieces})
			for _, in := range x.posted() {
				part, ok := in.(protocol.StoredChecked)
				if ok {
					require.Empty(t, part.Good)
					found = append(found, part.Err)
				}
			}
			return found
		}
		missing := &fs.PathError{Op: "open", Path: "p", Err: fs.ErrNotExist}
		broken := errors.New("bad sector")
		for _, err := range check(missing) {
			require.NoError(t, err)
		}
		for _, err := range check(broken, missing) {
			require.ErrorIs(t, err, broken)
		}
	})
}

// A check ends when its torrent is closed, also while it waits for others.
func TestCheckEndsWithItsTorrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
		release := d.Block(storagetest.Read)
		c := NewChecks(1)
		x := &torrent{ctx: ctx}
		pieces := swarm.NewBitfield(40)
		pieces.SetAll(40)
		for range MaxChecks + 1 {
			s, _ := newStore(d, 0)
			c.Check(x, s, protocol.CheckStored{Pieces: pieces})
		}
		synctest.Wait()
		require.Equal(t, MaxChecks, d.Blocked())
		cancel()
		synctest.Wait()
		require.Equal(t, []protocol.Input{protocol.StoredDone{}}, x.got, "of the one that waited")
		release()
		require.Len(t, x.posted(), MaxChecks+1, "what was not read is not reported")
	})
}

func TestCloseOfAStoreThatWasNeverWritten(t *testing.T) {
	d := storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
	s, _ := newStore(d, 0)
	require.NoError(t, s.Close())
	require.True(t, d.Closed())
	d = storagetest.NewFaulty(swarm.NewMemory(40 * pieceLen))
	d.Fail(storagetest.Sync, 0, errors.New("bad sector"))
	s, _ = newStore(d, 0)
	require.ErrorContains(t, s.Close(), "bad sector")
	require.True(t, d.Closed(), "also after an error")
}
