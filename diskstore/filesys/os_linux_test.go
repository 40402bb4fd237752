package filesys

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A fakeDevice takes vectored calls and moves as many bytes of each as limit says.
type fakeDevice struct {
	bytes []byte
	limit func(call int, want int) (int, error)
	calls int
	most  int // buffers in one call
}

func (d *fakeDevice) pwritev(_ int, iovs [][]byte, off int64) (int, error) {
	want := 0
	for _, b := range iovs {
		want += len(b)
	}
	d.calls++
	d.most = max(d.most, len(iovs))
	n, err := d.limit(d.calls, want)
	if err != nil {
		return -1, err
	}
	left := n
	for _, b := range iovs {
		m := copy(d.bytes[off:], b[:min(left, len(b))])
		off += int64(m)
		left -= m
	}
	return n, nil
}

func blocks(n, size int) (bufs [][]byte, all []byte) {
	all = ones(n * size)
	for i := range n {
		bufs = append(bufs, all[i*size:(i+1)*size])
	}
	return bufs, all
}

// After a partial call, transfer continues at the next offset and buffer.
func TestTransferAdvancesAfterPartialCalls(t *testing.T) {
	for _, step := range []int{1, 3, 16, 17, 100} {
		bufs, all := blocks(10, 16)
		d := &fakeDevice{bytes: make([]byte, 5+len(all)), limit: func(_, want int) (int, error) { return min(want, step), nil }}
		n, err := transfer(d.pwritev, 0, bufs, 5)
		require.NoError(t, err)
		require.EqualValues(t, len(all), n)
		require.Equal(t, append(make([]byte, 5), all...), d.bytes)
	}
}

func TestTransferLimitsBuffers(t *testing.T) {
	bufs, all := blocks(2*iovMax+5, 3)
	d := &fakeDevice{bytes: make([]byte, len(all)), limit: func(_, want int) (int, error) { return want, nil }}
	n, err := transfer(d.pwritev, 0, bufs, 0)
	require.NoError(t, err)
	require.EqualValues(t, len(all), n)
	require.Equal(t, all, d.bytes)
	require.Equal(t, 3, d.calls)
	require.Equal(t, iovMax, d.most)
}

func TestTransferContinuesAfterInterruptions(t *testing.T) {
	bufs, all := blocks(4, 16)
	d := &fakeDevice{bytes: make([]byte, len(all)), limit: func(call, want int) (int, error) {
		switch call % 3 {
		case 1:
			return 0, unix.EINTR
		case 2:
			return 0, unix.EAGAIN
		}
		return min(want, 7), nil
	}}
	n, err := transfer(d.pwritev, 0, bufs, 0)
	require.NoError(t, err)
	require.EqualValues(t, len(all), n)
	require.Equal(t, all, d.bytes)
}

func TestTransferEnds(t *testing.T) {
	bufs, all := blocks(4, 16)
	for _, test := range []struct {
		name  string
		limit func(call, want int) (int, error)
		n     int64
		err   error
	}{
		{"disk full after some bytes", func(call, want int) (int, error) {
			if call == 2 {
				return 0, unix.ENOSPC
			}
			return 20, nil
		}, 20, unix.ENOSPC},
		{"nothing moves", func(call, want int) (int, error) {
			if call == 2 {
				return 0, nil
			}
			return 20, nil
		}, 20, io.ErrNoProgress},
		{"never ready", func(call, want int) (int, error) { return 0, unix.EAGAIN }, 0, unix.EAGAIN},
	} {
		d := &fakeDevice{bytes: make([]byte, len(all)), limit: test.limit}
		n, err := transfer(d.pwritev, 0, bufs, 0)
		require.Equal(t, test.n, n, test.name)
		require.ErrorIs(t, err, test.err, test.name)
	}
}

func TestLinuxFileReadsToItsEnd(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(name, ones(100), 0o666))
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	bufs, all := blocks(10, 16)
	clear(all)
	n, err := native(f).(*linuxFile).ReadVecAt(bufs, 10)
	require.EqualValues(t, 90, n)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, ones(100)[10:], all[:90])
}

func TestAllocate(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	defer f.Close()
	err = native(f).(Allocator).Allocate(1 << 20)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the file system of the temporary folder cannot reserve space")
	}
	require.NoError(t, err)
	var st unix.Stat_t
	require.NoError(t, unix.Fstat(int(f.Fd()), &st))
	require.EqualValues(t, 1<<20, st.Size)
	require.GreaterOrEqual(t, st.Blocks*512, int64(1<<20))
}

// TestMarkTime gives a file the time that a write at this moment has.
func TestMarkTime(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer file.Close()
	f := native(file).(*linuxFile)
	require.Eventually(t, func() bool {
		var clock unix.Timespec
		require.NoError(t, unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &clock))
		now := time.Unix(clock.Unix())
		require.NoError(t, os.Chtimes(file.Name(), now, now))
		marked := f.MarkTime(now)
		_, have, err := f.SizeAndTime()
		require.NoError(t, err)
		require.True(t, have.Equal(marked), "%v is not %v", have, marked)
		return marked.After(now) // or the clock moved on meanwhile
	}, time.Minute, time.Millisecond)

	before := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(file.Name(), before, before))
	_, have, err := f.SizeAndTime()
	require.NoError(t, err)
	require.Equal(t, have, f.MarkTime(have), "a write now has another time")
}

// ones returns n bytes that are not zero.
func ones(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i%255) + 1
	}
	return p
}
