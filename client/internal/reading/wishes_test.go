package reading

import (
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
)

// A reader asks for what it needs now, and for the rest by the rate at which it is read.
func TestAsksAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(200, 1<<20)
		s := f.set(nil)
		r := s.NewReader(t.Context(), f.whole())
		defer r.Close()
		require.Empty(t, f.wished())
		began := time.Now()
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() {
			for i := range 45 {
				f.arrive(i)
				time.Sleep(time.Second / 2)
			}
		})
		p := make([]byte, 32<<10)
		_, err := r.Read(p)
		require.NoError(t, err)
		require.Equal(t, run(1, 4), f.wished())
		require.Equal(t, 5*time.Second/2, f.deadline(1).Sub(began), "4 MiB in 10 s")
		for range 44*32 - 1 {
			_, err := io.ReadFull(r, p)
			require.NoError(t, err)
		}
		st := s.Readers()[0]
		require.InEpsilon(t, 2<<20, st.Rate, 0.1)
		require.InEpsilon(t, 20<<20, st.Ahead, 0.1)
		require.InDelta(t, 20, len(f.wished()), 3)
		last := f.wished()[len(f.wished())-1]
		require.InDelta(t, float64(last-44)/2, time.Until(f.deadline(last)).Seconds(), 2)
		require.Less(t, f.count("SetDeadlines"), 100)
		require.Less(t, f.count("changes"), 300)
	})
}

// A seek is one change. What was asked for stays if the reader comes back, and goes if it leaves.
func TestSeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(200, 1<<20)
		f.arrive(run(20, 28)...)
		s := f.set(nil)
		r := s.NewReader(t.Context(), f.whole())
		defer r.Close()
		read := func(off int64) {
			t.Helper()
			_, err := r.Seek(off, io.SeekStart)
			require.NoError(t, err)
			done := start(func() (int, error) { return r.Read(make([]byte, 10)) })
			synctest.Wait()
			select {
			case got := <-done:
				require.NoError(t, got.err)
			default: // waits
				_, err := r.Seek(1<<40, io.SeekStart)
				require.NoError(t, err)
				require.Equal(t, io.EOF, (<-done).err)
			}
		}
		read(26 << 20)
		require.Equal(t, run(28, 30), f.wished())
		at := f.deadline(29)
		read(24 << 20)
		require.Equal(t, run(28, 30), f.wished())
		require.Equal(t, at.Add(5*time.Second), f.deadline(29), "2 MiB later")
		read(27 << 20)
		require.Equal(t, run(28, 31), f.wished())
		sets := f.count("SetDeadlines")
		read(100 << 20)
		require.Equal(t, run(100, 104), f.wished())
		require.Equal(t, sets+1, f.count("SetDeadlines"))
		require.Len(t, f.last, 7)
		read(98 << 20)
		require.Equal(t, run(98, 104), f.wished())
		read(20 << 20)
		require.Empty(t, f.wished())
	})
}

// SetAhead takes effect at once.
func TestSetAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(9000, 1<<10)
		s := f.set(nil)
		r := s.NewReader(t.Context(), f.whole())
		defer r.Close()
		r.SetAhead(10 << 10)
		require.Empty(t, f.wished(), "nobody has read")
		read := start(func() (int, error) { return r.Read(make([]byte, 1<<10+1)) })
		synctest.Wait()
		require.Equal(t, run(0, 10), f.wished())
		r.SetAhead(-1)
		require.Equal(t, run(0, 2), f.wished())
		r.SetAhead(1 << 62)
		require.Equal(t, run(0, maxPieces), f.wished())
		r.SetAhead(0)
		require.Equal(t, run(0, 4096), f.wished())
		r.SetAhead(5 << 10)
		f.arrive(0)
		require.Equal(t, result{1 << 10, nil}, <-read)
		require.Equal(t, run(1, 5), f.wished())
		r.SetAhead(-1)
		require.Empty(t, f.wished())
		f.arrive(1, 2)
		for range 3 {
			_, err := r.Read(make([]byte, 500))
			require.NoError(t, err)
		}
		require.Empty(t, f.wished())
		require.Zero(t, s.Readers()[0].Ahead)
	})
}

// The earliest wish counts, the user's included, and each goes with its owner.
func TestEarliestCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(20, 1<<20)
		now := time.Now()
		s := f.set(map[int]time.Time{3: now.Add(time.Second), 9: now.Add(time.Hour)})
		require.NoError(t, f.SetDeadlines([]engine.Deadline{{Piece: 3, At: now.Add(time.Second)}, {Piece: 9, At: now.Add(time.Hour)}}))
		var readers []*Reader
		open := func(off int64) {
			r := s.NewReader(t.Context(), f.whole())
			readers = append(readers, r)
			_, err := r.Seek(off, io.SeekStart)
			require.NoError(t, err)
			go r.Read(make([]byte, 10))
			synctest.Wait()
		}
		open(0)
		require.Equal(t, []int{0, 1, 2, 3, 9}, f.wished())
		require.Equal(t, now.Add(time.Second), f.deadline(3))
		open(2 << 20)
		require.Equal(t, now, f.deadline(2))
		require.NoError(t, s.SetUser(2, now.Add(time.Minute)))
		require.Equal(t, now, f.deadline(2))
		require.NoError(t, readers[1].Close())
		require.Equal(t, now.Add(5*time.Second), f.deadline(2))
		require.Equal(t, []int{0, 1, 2, 3, 9}, f.wished())
		require.NoError(t, readers[0].Close())
		require.Equal(t, []int{2, 3, 9}, f.wished())
		require.Equal(t, now.Add(time.Minute), f.deadline(2))
		require.Equal(t, f.Deadlines(), s.User())
		require.NoError(t, s.SetUser(3, time.Time{}))
		require.Equal(t, []int{2, 9}, f.wished())
		f.arrive(2)
		require.Equal(t, map[int]time.Time{9: now.Add(time.Hour)}, s.User())
		open(9 << 20)
		require.NoError(t, s.ClearUser())
		require.Empty(t, s.User())
		require.Equal(t, now, f.deadline(9))
		require.NoError(t, s.SetUser(18, now))
		f.unable = true
		require.ErrorIs(t, s.SetUser(18, now.Add(time.Second)), engine.ErrNotPrioritizer)
		require.ErrorIs(t, s.SetUser(19, now), engine.ErrNotPrioritizer)
		require.Equal(t, map[int]time.Time{18: now}, s.User())
		require.NoError(t, readers[2].Close())
	})
}

// Of an unwanted file only what is read becomes wanted, and not for longer.
func TestUnwanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(20, 1<<20)
		s := f.set(nil)
		f.choose(t, s, 0, 20, 0)
		r := s.NewReader(t.Context(), f.whole())
		read := start(func() (int, error) { return io.ReadFull(r, make([]byte, 1<<20+1)) })
		synctest.Wait()
		require.Equal(t, []uint8{1, 1, 1, 1, 0, 0}, f.priorities[:6])
		f.choose(t, s, 3, 4, 5) // the user wants it now
		f.choose(t, s, 0, 1, 4)
		f.choose(t, s, 0, 3, 0) // and does not want these again
		synctest.Wait()
		require.Equal(t, []uint8{1, 1, 1, 5, 0, 0}, f.priorities[:6])
		require.Equal(t, run(0, 4), f.wished())
		time.Sleep(time.Second)
		f.arrive(0, 1, 2)
		require.Equal(t, result{1<<20 + 1, nil}, <-read)
		time.Sleep(time.Second)
		r.SetAhead(0)
		require.Equal(t, []uint8{0, 0, 0, 5, 1, 1}, f.priorities[:6], "what has come is not wanted any more")
		require.NoError(t, r.Close())
		require.Equal(t, []uint8{0, 0, 0, 5, 0, 0}, f.priorities[:6])
		require.Empty(t, f.wished())

		require.NoError(t, s.SetUser(3, time.Now()))
		f.choose(t, s, 3, 4, 0)
		require.Empty(t, s.User(), "the user's deadline went with the priority")
	})
}

// If somebody else takes the priority of a piece away, whoever reads it asks again.
func TestWishIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2, 1<<20)
		s := f.set(nil)
		r := s.NewReader(t.Context(), f.whole())
		defer r.Close()
		read := start(func() (int, error) { return r.Read(make([]byte, 1)) })
		synctest.Wait()
		require.NoError(t, f.Prioritize([]engine.PriorityRun{{First: 0, Last: 1}}))
		synctest.Wait()
		require.Equal(t, run(0, 1), f.wished())
		require.EqualValues(t, 1, f.priorities[0])
		f.arrive(0)
		require.NoError(t, (<-read).err)
	})
}

// Reading what is held asks the engine for nothing but the bytes.
func TestHeldRangesAreCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(100, 1<<20)
		f.arriveAll()
		r := f.set(nil).NewReader(t.Context(), f.whole())
		defer r.Close()
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, make([]byte, 32<<10))
		require.NoError(t, err)
		require.Equal(t, f.geo.Length, n)
		require.Equal(t, 3200, f.count("ReadAt"))
		require.Zero(t, f.count("SetDeadlines")+f.count("Prioritize")+f.count("Await"))
		require.Equal(t, 2, f.count("Pieces")+f.count("Deadlines"))
	})
}

// A thousand readers of a torrent of 100,000 pieces share what the engine says, and each change
// goes to it once.
func TestThousandReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(100_000, 1<<10)
		f.choose(t, f.set(nil), 0, 100_000, 0)
		s := f.set(nil)
		var wg sync.WaitGroup
		var readers []*Reader
		for i := range 1000 {
			r := s.NewReader(t.Context(), f.whole())
			r.SetAhead(64 << 10)
			readers = append(readers, r)
			_, err := r.Seek(int64(i%500)*200<<10, io.SeekStart)
			require.NoError(t, err)
			wg.Go(func() {
				n, err := io.ReadFull(r, make([]byte, 2<<10))
				require.NoError(t, err)
				require.Equal(t, 2<<10, n)
			})
		}
		synctest.Wait()
		require.Len(t, f.wished(), 500*64)
		require.LessOrEqual(t, f.count("SetDeadlines"), 1000)
		require.Equal(t, 1, f.count("Pieces"))
		for i := range 500 {
			f.arrive(i*200, i*200+1)
		}
		wg.Wait()
		require.Len(t, s.Readers(), 1000)
		for _, r := range readers {
			require.NoError(t, r.Close())
		}
		require.Empty(t, f.wished())
		require.Equal(t, make([]uint8, 100_000), f.priorities)
	})
}

// Whatever happens, the engine has of each piece that is missing the earliest deadline of those who
// wish for it, and of others those of the user; and its priority is the user's, but for wishes.
func TestEngineFollows(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			const pieces = 60
			rnd := rand.New(rand.NewPCG(seed, 1))
			f := newFake(pieces, 1<<10)
			s := f.set(nil)
			var readers []*Reader
			for range 200 {
				piece := rnd.IntN(pieces)
				switch rnd.IntN(9) {
				case 0:
					r := s.NewReader(t.Context(), File{Offset: 100, Length: 50 << 10})
					r.SetAhead(int64(rnd.IntN(20) << 10))
					readers = append(readers, r)
				case 1, 2:
					if len(readers) > 0 {
						r := readers[rnd.IntN(len(readers))]
						_, err := r.Seek(rnd.Int64N(50<<10), io.SeekStart)
						require.NoError(t, err)
						go r.Read(make([]byte, 2000))
					}
				case 3:
					if len(readers) > 0 {
						i := rnd.IntN(len(readers))
						require.NoError(t, readers[i].Close())
						readers = append(readers[:i], readers[i+1:]...)
					}
				case 4:
					f.arrive(piece)
				case 5:
					f.choose(t, s, piece, min(piece+rnd.IntN(9)+1, pieces), uint8(rnd.IntN(3)*2))
				case 6:
					if f.priority(piece) > 0 {
						require.NoError(t, s.SetUser(piece, time.Now().Add(time.Duration(rnd.IntN(9))*time.Second)))
					}
				case 7:
					if len(readers) > 0 {
						go readers[rnd.IntN(len(readers))].ReadAt(make([]byte, 3000), rnd.Int64N(50<<10))
					}
				case 8:
					time.Sleep(time.Duration(rnd.IntN(2000)) * time.Millisecond)
				}
				synctest.Wait()
				requireFollows(t, f, s)
			}
			for _, r := range readers {
				require.NoError(t, r.Close())
			}
			synctest.Wait()
			require.Empty(t, s.wished)
			require.Equal(t, f.selection, f.priorities)
			user := s.User()
			if user == nil {
				user = map[int]time.Time{}
			}
			require.Equal(t, f.deadlines, user)
		})
	}
}

func requireFollows(t *testing.T, f *fake, s *Set) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for piece := range f.geo.Pieces() {
		want := s.user[piece]
		w := s.wished[piece]
		if w != nil {
			require.NotEmpty(t, w.all)
			want = earlier(want, w.earliest())
			require.True(t, f.held.Has(piece) || f.priorities[piece] > 0, piece)
		} else {
			require.Equal(t, f.selection[piece], f.priorities[piece], piece)
		}
		if !f.held.Has(piece) {
			require.True(t, want.Equal(f.deadlines[piece]), "piece %d: %v and not %v", piece, f.deadlines[piece], want)
		}
	}
}
