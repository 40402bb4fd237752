package reading

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAhead(t *testing.T) {
	for _, test := range []struct {
		chosen      int64
		rate        float64
		pieceLength int64
		want        int64
	}{
		{0, 0, 1 << 20, 4 << 20},
		{0, 100_000, 1 << 20, 4 << 20},
		{0, 1e6, 1 << 20, 10e6},
		{0, 1e9, 1 << 20, 64 << 20},
		{0, 0, 16 << 20, 32 << 20},
		{0, 0, 1 << 40, 64 << 20},
		{5, 1e9, 1 << 20, 5},
		{-1, 1e9, 1 << 20, 0},
	} {
		require.Equal(t, test.want, ahead(test.chosen, test.rate, test.pieceLength), "%+v", test)
	}
}

func TestWindowMoves(t *testing.T) {
	const length = 1000
	for _, test := range []struct {
		name             string
		from             window
		off, need, ahead int64
		want             window
	}{
		{"the beginning", window{}, 0, 10, 100, window{0, 100}},
		{"a long read", window{}, 500, 300, 100, window{500, 800}},
		{"on", window{0, 100}, 50, 10, 100, window{50, 150}},
		{"back", window{500, 600}, 450, 10, 100, window{450, 600}},
		{"back as far as one may ask", window{500, 600}, 400, 10, 100, window{400, 600}},
		{"back too far", window{500, 600}, 399, 10, 100, window{399, 499}},
		{"back again and again", window{400, 600}, 350, 10, 100, window{350, 550}},
		{"away", window{500, 600}, 601, 10, 100, window{601, 701}},
		{"the end", window{900, 1000}, 990, 10, 100, window{990, 1000}},
		{"no limit", window{}, 990, 10, 1 << 62, window{990, 1000}},
		{"nothing ahead", window{500, 600}, 510, 20, 0, window{510, 530}},
	} {
		require.Equal(t, test.want, test.from.move(test.off, test.need, test.ahead, length), test.name)
	}
}

func TestPace(t *testing.T) {
	now := time.Unix(1000, 0)
	p := paceOf(now, 5000, 1000, 1<<62)
	require.Equal(t, now, p.at(-3))
	require.Equal(t, now, p.at(5000))
	require.Equal(t, now.Add(time.Second), paceOf(now, 0, 1<<20, 1).at(1<<20))
	require.Equal(t, now.Add(10*time.Second), p.at(5000+4<<20), "a rate that is not known yet")
	require.Equal(t, now.Add(24*time.Hour), paceOf(now, 0, 0, 0).at(1<<62))
}

func TestMeter(t *testing.T) {
	var m meter
	now := time.Unix(1000, 0)
	read := func(n int, takes time.Duration) {
		m.begin(now)
		now = now.Add(takes)
		m.add(now, n)
	}
	read(1000, 100*time.Millisecond)
	require.Zero(t, m.rate)
	read(4000, 400*time.Millisecond)
	require.Equal(t, 10_000.0, m.rate)
	for range 200 {
		read(500, 100*time.Millisecond)
	}
	require.InEpsilon(t, 5000, m.rate, 0.01)
	now = now.Add(time.Hour) // a pause
	for range 5 {
		read(500, 100*time.Millisecond)
	}
	require.InEpsilon(t, 5000, m.rate, 0.01)
	read(100, time.Minute) // waits
	require.Less(t, m.rate, 10.0)
}

func TestBuffered(t *testing.T) {
	f := newFake(100, 1000)
	s := f.set(nil)
	for piece := range 100 {
		if piece != 3 && piece != 90 {
			f.arrive(piece)
		}
	}
	for _, test := range []struct {
		file      File
		off, want int64
	}{
		{File{Length: 5000}, 0, 3000},
		{File{Length: 5000}, 2500, 500},
		{File{Length: 5000}, 3500, 0},
		{File{Length: 5000}, 5000, 0},
		{File{Length: 5000}, 9000, 0},
		{File{}, 0, 0},
		{File{Offset: 4500, Length: 80_000}, 0, 80_000},
		{File{Offset: 4500, Length: 90_000}, 600, 84_900},
		{File{Offset: 99_000, Length: 993}, 0, 993},
	} {
		require.Equal(t, test.want, s.buffered(f.held, test.file, test.off), "%+v", test)
	}
}
