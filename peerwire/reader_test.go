package peerwire

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// stream returns messages() and a block of 16 KiB, encoded, and the messages that Next
// returns for them.
func stream() (ms []Message, b []byte) {
	block := Message{Kind: Piece, Block: swarm.Block{Piece: 1, Begin: 1 << 14, Length: 1 << 14}, Data: make([]byte, 1<<14)}
	for _, m := range append(messages(), block, Message{Kind: Choke}) {
		if m.Kind != Unknown {
			ms = append(ms, m)
		}
		b = m.AppendTo(b)
	}
	return ms, b
}

func TestReader(t *testing.T) {
	want, b := stream()
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole":   func(r io.Reader) io.Reader { return r },
		"bytes":   iotest.OneByteReader,
		"halves":  iotest.HalfReader,
		"dataErr": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(wrap(bytes.NewReader(b)), Limits{Geometry: small, Fast: true})
			for _, m := range want {
				got, err := r.Next()
				require.NoError(t, err)
				requireSame(t, m, got)
			}
			for range 2 {
				_, err := r.Next()
				require.Equal(t, io.EOF, err)
			}
			require.EqualValues(t, 2, r.Unknown())
		})
	}
}

func TestReaderNextAny(t *testing.T) {
	b := append(Message{Kind: Unknown, ExtID: 99, Data: []byte("x")}.AppendTo(nil), message(Have, 1)...)
	r := NewReader(bytes.NewReader(b), Limits{Geometry: small})
	m, err := r.NextAny()
	require.NoError(t, err)
	requireSame(t, Message{Kind: Unknown, ExtID: 99, Data: []byte("x")}, m)
	require.EqualValues(t, 1, r.Unknown())
	m, err = r.NextAny()
	require.NoError(t, err)
	require.Equal(t, Message{Kind: Have, Piece: 1}, m)
}

func TestReaderOfAnIncompleteStream(t *testing.T) {
	want, b := stream()
	r := NewReader(bytes.NewReader(b[:len(b)-1]), Limits{Geometry: small, Fast: true})
	for range want[1:] {
		_, err := r.Next()
		require.NoError(t, err)
	}
	for range 2 {
		_, err := r.Next()
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}

	r = NewReader(bytes.NewReader(append(message(Have, 1), message(Have, 11)...)), Limits{Geometry: small})
	_, err := r.Next()
	require.NoError(t, err)
	for range 2 {
		_, err = r.Next()
		requireProtocolError(t, err, Have)
	}
}

func TestReaderContinuesAfterATimeout(t *testing.T) {
	b := message(Have, 1)
	r := NewReader(io.MultiReader(
		bytes.NewReader(b[:3]),
		iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(b[3:]))),
	), Limits{Geometry: small})
	_, err := r.Next()
	require.ErrorIs(t, err, iotest.ErrTimeout)
	m, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, Message{Kind: Have, Piece: 1}, m)
}

func TestReaderSetLimits(t *testing.T) {
	b := append(message(Have, 5), message(Have, 50)...)
	r := NewReader(bytes.NewReader(b), Limits{})
	_, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, message(Have, 50), r.Buffered())
	r.SetLimits(Limits{Geometry: small})
	_, err = r.Next()
	requireProtocolError(t, err, Have)
}

// loop is an io.Reader that repeats the same bytes forever.
type loop struct {
	b   []byte
	pos int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.b[l.pos:])
	l.pos = (l.pos + n) % len(l.b)
	return n, nil
}

func TestReaderAllocatesNothing(t *testing.T) {
	_, b := stream()
	r := NewReader(&loop{b: b}, Limits{Geometry: small, Fast: true})
	require.Zero(t, testing.AllocsPerRun(200, func() {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}))
}

// A message that is only announced takes no memory.
func TestReaderGrowsWithWhatArrives(t *testing.T) {
	const length = 1 << 20
	long := Message{Kind: Extended, ExtID: 1, Data: make([]byte, length)}
	b := long.AppendTo(nil)
	r := NewReader(iotest.ErrReader(iotest.ErrTimeout), Limits{})
	for _, arrived := range []int{6, 4 << 10, 100 << 10, length} {
		r.r = io.MultiReader(bytes.NewReader(b[r.end-r.start:arrived]), iotest.ErrReader(iotest.ErrTimeout))
		_, err := r.Next()
		require.ErrorIs(t, err, iotest.ErrTimeout)
		require.Equal(t, b[:arrived], r.Buffered())
		require.LessOrEqual(t, len(r.buf), max(blockBuffer, 4*arrived))
	}
	r.r = bytes.NewReader(b[length:])
	m, err := r.Next()
	require.NoError(t, err)
	requireSame(t, long, m)

	// Small messages make the buffer small again.
	have := message(Have, 1)
	r.r = iotest.HalfReader(&loop{b: have})
	for range 10 * shrinkAfter {
		_, err := r.Next()
		require.NoError(t, err)
	}
	r.r = iotest.OneByteReader(&loop{b: have})
	for range 10 * shrinkAfter {
		_, err := r.Next()
		require.NoError(t, err)
	}
	require.Len(t, r.buf, smallBuffer)
}

func BenchmarkReader(b *testing.B) {
	block := Message{Kind: Piece, Block: swarm.Block{Piece: 5, Begin: 1 << 14, Length: 1 << 14}, Data: make([]byte, 1<<14)}
	r := NewReader(&loop{b: block.AppendTo(nil)}, Limits{Geometry: swarm.Geometry{Length: 1 << 30, PieceLength: 1 << 20}})
	b.ReportAllocs()
	b.SetBytes(int64(block.Len()))
	for b.Loop() {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzReader checks that a stream gives the same messages and the same error when it
// arrives in small portions, and that the messages encode to the same bytes.
func FuzzReader(f *testing.F) {
	var b []byte // short, so that minimizing takes little time
	for _, m := range messages() {
		b = m.AppendTo(b)
	}
	f.Add(b, uint8(3), true)
	f.Add(b, uint8(0), false)
	f.Add(append(message(Have, 3), 0, 0, 0), uint8(1), true)
	f.Fuzz(func(t *testing.T, b []byte, portion uint8, fast bool) {
		l := Limits{Geometry: small, Fast: fast}
		whole := NewReader(bytes.NewReader(b), l)
		parts := NewReader(&portions{b: b, n: int(portion) + 1}, l)
		d := NewDecoder(l)
		rest := b
		for {
			m, err := whole.Next()
			n, nerr := parts.Next()
			if (err == nil) != (nerr == nil) {
				t.Fatalf("whole: %v, in portions: %v", err, nerr)
			}
			if err != nil {
				var a, b *ProtocolError
				if errors.As(err, &a) != errors.As(nerr, &b) || (a != nil && a.Message != b.Message && a.Message != Unknown && b.Message != Unknown) {
					t.Fatalf("whole: %v, in portions: %v", err, nerr)
				}
				if whole.Unknown() != parts.Unknown() {
					t.Fatalf("unknown: %d, %d", whole.Unknown(), parts.Unknown())
				}
				return
			}
			for { // skip what the Reader skips
				u, took, _, _ := d.Decode(rest)
				if u.Kind != Unknown {
					break
				}
				rest = rest[took:]
			}
			again := m.AppendTo(nil)
			if !bytes.Equal(again, n.AppendTo(nil)) || !bytes.HasPrefix(rest, again) {
				t.Fatalf("%+v, in portions %+v, of %x", m, n, rest)
			}
			rest = rest[len(again):]
		}
	})
}

// portions is an io.Reader of b that returns at most n bytes at a time.
type portions struct {
	b []byte
	n int
}

func (r *portions) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.n)], r.b)
	r.b = r.b[n:]
	return n, nil
}
