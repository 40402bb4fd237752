package reading

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
)

var (
	_ io.ReadSeekCloser = (*Reader)(nil)
	_ io.ReaderAt       = (*Reader)(nil)
)

// Reads wait for their pieces, return what is there, and end with the file.
func TestRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(5, 16<<10)
		s := f.set(nil)
		r := s.NewReader(t.Context(), File{Offset: 1000, Length: 60_000}) // ends in piece 3
		defer r.Close()
		want := f.content[1000:61_000]
		go func() {
			for _, piece := range []int{1, 0, 3, 4, 2} {
				time.Sleep(time.Second)
				f.arrive(piece)
			}
		}()
		p := make([]byte, 100_000)
		n, err := r.Read(p)
		require.NoError(t, err)
		require.Equal(t, 32<<10-1000, n, "piece 1 came before piece 0")
		rest, err := io.ReadAll(r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, append(p[:n:n], rest...)))
		n, err = r.Read(p)
		require.Equal(t, result{0, io.EOF}, result{n, err})
		n, err = r.Read(nil)
		require.Equal(t, result{}, result{n, err})
	})
}

// What is held is read as any other file.
func TestReadHeld(t *testing.T) {
	f := newFake(9, 1<<10)
	f.arriveAll()
	for _, file := range []File{f.whole(), {Offset: 500, Length: 3000}, {Offset: 5, Length: 1}, {Offset: 9}} {
		r := f.set(nil).NewReader(t.Context(), file)
		require.NoError(t, iotest.TestReader(r, f.content[file.Offset:file.Offset+file.Length]))
		require.NoError(t, r.Close())
	}
}

func TestOffsets(t *testing.T) {
	f := newFake(2, 1<<10)
	f.arriveAll()
	r := f.set(nil).NewReader(t.Context(), f.whole())
	defer r.Close()
	p := make([]byte, 10)
	_, err := r.Seek(-1, io.SeekStart)
	require.ErrorIs(t, err, errNegative)
	_, err = r.Seek(1<<62, io.SeekStart)
	require.NoError(t, err)
	_, err = r.Seek(1<<62, io.SeekCurrent)
	require.ErrorIs(t, err, errNegative, "the sum is too large")
	_, err = r.Read(p)
	require.Equal(t, io.EOF, err)
	_, err = r.Seek(0, 9)
	require.ErrorIs(t, err, errWhence)
	at, err := r.Seek(-5, io.SeekEnd)
	require.NoError(t, err)
	require.Equal(t, f.geo.Length-5, at)
	n, err := r.Read(p)
	require.Equal(t, result{5, nil}, result{n, err})
	n, err = r.ReadAt(p, f.geo.Length-3)
	require.Equal(t, result{3, io.EOF}, result{n, err})
	for _, off := range []int64{f.geo.Length, 1 << 62} {
		_, err = r.ReadAt(p, off)
		require.Equal(t, io.EOF, err)
	}
	_, err = r.ReadAt(p, -1)
	require.ErrorIs(t, err, errNegative)
	n, err = r.ReadAt(nil, 0)
	require.Equal(t, result{}, result{n, err})
}

// Whatever ends a reader ends the calls that wait, and its wishes, at once.
func TestEnds(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		name string
		end  func(r *Reader, f *fake, cancel context.CancelCauseFunc)
		want []error
		left bool // the wishes stay
	}{
		{"Close", func(r *Reader, _ *fake, _ context.CancelCauseFunc) { r.Close() }, []error{fs.ErrClosed}, false},
		{"the context", func(_ *Reader, _ *fake, end context.CancelCauseFunc) { end(nil) }, []error{context.Canceled}, false},
		{"the context, for a reason", func(_ *Reader, _ *fake, end context.CancelCauseFunc) { end(broken) }, []error{context.Canceled, broken}, false},
		{"a failure", func(_ *Reader, f *fake, _ context.CancelCauseFunc) { f.fail(broken) }, []error{broken}, true},
		{"the torrent is closed", func(_ *Reader, f *fake, _ context.CancelCauseFunc) { f.fail(engine.ErrClosed) }, []error{engine.ErrClosed}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(5, 16<<10)
				f.choose(t, f.set(nil), 0, 5, 0)
				s := f.set(nil)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				r := s.NewReader(ctx, f.whole())
				defer r.Close()
				calls := []chan result{
					start(func() (int, error) { return r.Read(make([]byte, 10)) }),
					start(func() (int, error) { return r.Read(make([]byte, 10)) }), // waits for the other
					start(func() (int, error) { return r.ReadAt(make([]byte, 10), 70_000) }),
				}
				synctest.Wait()
				require.Equal(t, run(0, 5), f.wished())
				began := time.Now()
				test.end(r, f, cancel)
				for _, c := range calls {
					got := <-c
					require.Zero(t, got.n)
					for _, want := range test.want {
						require.ErrorIs(t, got.err, want)
					}
				}
				synctest.Wait()
				require.Zero(t, time.Since(began))
				if test.left {
					require.Equal(t, run(0, 5), f.wished())
					f.fail(nil)
					f.arriveAll()
					n, err := r.Read(make([]byte, 10))
					require.Equal(t, result{10, nil}, result{n, err})
					return
				}
				require.Empty(t, f.wished())
				require.Equal(t, make([]uint8, 5), f.priorities)
				require.Empty(t, s.Readers())
				require.Empty(t, s.wished)
				_, err := r.Seek(0, io.SeekStart)
				require.ErrorIs(t, err, test.want[0])
				_, err = r.ReadAt(make([]byte, 1), 0)
				require.ErrorIs(t, err, test.want[0])
				r.SetAhead(-1)
				require.Empty(t, f.wished())
				require.NoError(t, r.Close())
			})
		})
	}
}

// Two calls of Read get bytes that follow each other.
func TestTwoReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2, 16<<10)
		r := f.set(nil).NewReader(t.Context(), f.whole())
		defer r.Close()
		bufs := [2][]byte{make([]byte, 100), make([]byte, 100)}
		first := start(func() (int, error) { return r.Read(bufs[0]) })
		second := start(func() (int, error) { return r.Read(bufs[1]) })
		synctest.Wait()
		require.Equal(t, 1, f.count("Await"))
		f.arrive(0)
		require.Equal(t, result{100, nil}, <-first)
		require.Equal(t, result{100, nil}, <-second)
		if bytes.Equal(bufs[0], f.content[100:200]) {
			bufs[0], bufs[1] = bufs[1], bufs[0]
		}
		require.Equal(t, f.content[:200], append(bufs[0], bufs[1]...))
	})
}

// A Read that waits goes on where Seek goes.
func TestSeekDuringRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(9, 4<<20)
		s := f.set(nil)
		r := s.NewReader(t.Context(), f.whole())
		defer r.Close()
		p := make([]byte, 100)
		read := start(func() (int, error) { return r.Read(p) })
		synctest.Wait()
		require.Equal(t, run(0, 2), f.wished())
		_, err := r.Seek(5*4<<20, io.SeekStart)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, run(5, 7), f.wished())
		f.arrive(5)
		require.Equal(t, result{100, nil}, <-read)
		require.Equal(t, f.content[5*4<<20:][:100], p)
		at, err := r.Seek(0, io.SeekCurrent)
		require.NoError(t, err)
		require.EqualValues(t, 5*4<<20+100, at)
	})
}

// If the offset is set while bytes are read, the next Read is there.
func TestSeekWhileBytesAreRead(t *testing.T) {
	f := newFake(2, 16<<10)
	f.arriveAll()
	r := f.set(nil).NewReader(t.Context(), f.whole())
	defer r.Close()
	f.onRead = func() {
		_, err := r.Seek(1000, io.SeekStart)
		require.NoError(t, err)
	}
	p := make([]byte, 10)
	_, err := r.Read(p)
	require.NoError(t, err)
	require.Equal(t, f.content[:10], p)
	at, err := r.Seek(0, io.SeekCurrent)
	require.NoError(t, err)
	require.EqualValues(t, 1000, at)
}

// An error of the disk is returned, and the next Read tries again.
func TestDiskFails(t *testing.T) {
	f := newFake(2, 16<<10)
	f.arriveAll()
	f.readErr = errors.New("the disk is broken")
	r := f.set(nil).NewReader(t.Context(), f.whole())
	defer r.Close()
	_, err := r.Read(make([]byte, 10))
	require.ErrorIs(t, err, f.readErr)
	_, err = r.ReadAt(make([]byte, 10), 9)
	require.ErrorIs(t, err, f.readErr)
	f.readErr = nil
	p := make([]byte, 10)
	_, err = r.Read(p)
	require.NoError(t, err)
	require.Equal(t, f.content[:10], p)
}

// If a check loses a piece that a reader has seen, it waits for it again, and asks for it.
func TestLostPiece(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(4, 16<<10)
		f.arriveAll()
		r := f.set(nil).NewReader(t.Context(), f.whole())
		defer r.Close()
		_, err := r.Read(make([]byte, 10))
		require.NoError(t, err)
		f.lose(0)
		f.lose(1)
		read := start(func() (int, error) { return r.Read(make([]byte, 10)) })
		synctest.Wait()
		require.Equal(t, run(0, 1), f.wished())
		f.arrive(0)
		require.NoError(t, (<-read).err)
		time.Sleep(time.Second)
		_, err = r.Seek(16<<10, io.SeekStart)
		require.NoError(t, err)
		read = start(func() (int, error) { return r.Read(make([]byte, 10)) })
		synctest.Wait()
		require.Equal(t, run(1, 2), f.wished())
		f.arrive(1)
		require.NoError(t, (<-read).err)
	})
}

// A picker that takes no deadlines brings the pieces in its own order.
func TestNoDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(4, 16<<10)
		f.unable = true
		r := f.set(nil).NewReader(t.Context(), f.whole())
		defer r.Close()
		go func() {
			for i := range 4 {
				time.Sleep(time.Second)
				f.arrive(3 - i)
			}
		}()
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(f.content, b))
		require.Equal(t, 1, f.count("SetDeadlines"))
		f.priorities[0] = 0
		f.lose(0)
		_, err = r.ReadAt(make([]byte, 1), 0)
		require.ErrorIs(t, err, engine.ErrNotWanted)
	})
}

// ReadAt waits for all of its bytes, wherever Read is, and takes back what it asked for.
func TestReadAtWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(40, 1<<20)
		s := f.set(nil)
		r := s.NewReader(t.Context(), f.whole())
		defer r.Close()
		p := make([]byte, 2<<20)
		read := start(func() (int, error) { return r.ReadAt(p, 30<<20+5) })
		synctest.Wait()
		require.Equal(t, run(30, 33), f.wished())
		f.arrive(31)
		synctest.Wait()
		f.arrive(30)
		synctest.Wait()
		require.Equal(t, run(32, 33), f.wished())
		f.arrive(32)
		require.Equal(t, result{2 << 20, nil}, <-read)
		require.True(t, bytes.Equal(f.content[30<<20+5:32<<20+5], p))
		require.Empty(t, f.wished())
		require.Empty(t, s.wished)
		require.Equal(t, []Stats{{Ahead: 4 << 20}}, s.Readers())
	})
}
