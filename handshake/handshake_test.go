package handshake

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// sample is a handshake with a different byte in every part.
func sample() Handshake {
	h := Handshake{Protocol: Protocol, Reserved: Bits(Extended, DHT)}
	for i := range 20 {
		h.InfoHash[i] = byte(i)
		h.PeerID[i] = byte(100 + i)
	}
	return h
}

func TestAppendToFollowsBEP3(t *testing.T) {
	h := sample()
	want := "\x13BitTorrent protocol" + "\x00\x00\x00\x00\x00\x10\x00\x01" + string(h.InfoHash[:]) + string(h.PeerID[:])
	require.Equal(t, want, string(h.AppendTo(nil)))
	require.Len(t, want, Len)
	h.Protocol = ""
	require.Equal(t, "before"+want, string(h.AppendTo([]byte("before"))), "an empty name means Protocol")
}

func TestReadStopsAfterTheHandshake(t *testing.T) {
	const rest = "\x00\x00\x00\x01\x02"
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole":   func(r io.Reader) io.Reader { return r },
		"bytes":   iotest.OneByteReader,
		"halves":  iotest.HalfReader,
		"dataErr": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			r := wrap(bytes.NewReader(append(sample().AppendTo(nil), rest...)))
			h, err := Read(r)
			require.NoError(t, err)
			require.Equal(t, sample(), h)
			left, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, rest, string(left))
		})
	}
}

func TestReadOfOtherProtocols(t *testing.T) {
	h := sample()
	longest := strings.Repeat("x", 255)
	for _, name := range []string{longest, "x"} {
		h.Protocol = name
		const rest = "rest"
		r := bytes.NewReader(append(h.AppendTo(nil), rest...))
		got, err := Read(r, Protocol, "x", longest)
		require.NoError(t, err)
		require.Equal(t, h, got)
		require.Equal(t, len(rest), r.Len())
	}

	_, err := Read(bytes.NewReader(h.AppendTo(nil)))
	var wrong *ProtocolError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []byte{1}, wrong.Start)
}

func TestReadOfShortStreams(t *testing.T) {
	whole := sample().AppendTo(nil)
	_, err := Read(bytes.NewReader(nil))
	require.ErrorIs(t, err, io.EOF)
	for n := 1; n < len(whole); n++ {
		_, err := Read(bytes.NewReader(whole[:n]))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d bytes", n)
	}
	_, err = Read(iotest.ErrReader(errBroken))
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, "handshake: reading: ")
}

var errBroken = errors.New("broken")

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, sample()))
	require.Equal(t, sample().AppendTo(nil), b.Bytes())
	require.ErrorIs(t, Write(failingWriter{errBroken}, sample()), errBroken)

	long := Handshake{Protocol: strings.Repeat("x", 256)}
	require.Error(t, Write(&b, long))
	require.Panics(t, func() { long.AppendTo(nil) })
	long.Protocol = long.Protocol[:255]
	require.NoError(t, Write(io.Discard, long))
}

func TestAppendToAllocatesNothing(t *testing.T) {
	h, buf := sample(), make([]byte, 0, Len)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = h.AppendTo(buf[:0]) }))
}

func BenchmarkRead(b *testing.B) {
	whole := sample().AppendTo(nil)
	r := bytes.NewReader(whole)
	b.ReportAllocs()
	b.SetBytes(int64(Len))
	for b.Loop() {
		r.Reset(whole)
		if _, err := Read(r); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzRead checks that Read does not panic on any input, reads nothing after the
// handshake, agrees with a Parser that gets single bytes, and returns what AppendTo
// encodes to the same bytes.
func FuzzRead(f *testing.F) {
	f.Add(sample().AppendTo(nil))
	f.Add(append(sample().AppendTo(nil), "more"...))
	f.Add(sample().AppendTo(nil)[:50])
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte{0})
	f.Add(Handshake{Protocol: "other"}.AppendTo(nil))
	protocols := []string{Protocol, "other", "BitTorrent protocom"}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		h, err := Read(r, protocols...)
		p := Parser{Protocols: protocols}
		taken := 0
		var fed error
		for i := range b {
			var n int
			if n, fed = p.Feed(b[i : i+1]); fed != nil || n == 0 {
				break
			}
			taken++
		}
		if (err == nil) != (fed == nil && p.Want() == 0) {
			t.Fatalf("Read: %v, Parser: %v, wants %d", err, fed, p.Want())
		}
		if err != nil {
			return
		}
		if taken != len(b)-r.Len() {
			t.Fatalf("Read took %d bytes, the Parser %d", len(b)-r.Len(), taken)
		}
		if h != p.Handshake() {
			t.Fatalf("Read: %v, Parser: %v", h, p.Handshake())
		}
		if again := h.AppendTo(nil); !bytes.Equal(again, b[:taken]) {
			t.Fatalf("AppendTo gives %x, want %x", again, b[:taken])
		}
	})
}
