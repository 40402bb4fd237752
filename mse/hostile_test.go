package mse

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// number returns prime+n, or n if it is positive, as a public key.
func number(n int64) (k publicKey) {
	i := big.NewInt(n)
	if n <= 0 {
		i.Add(i, prime)
	}
	i.FillBytes(k[:])
	return k
}

// The keys of libtorrent's test: those outside 2 to p-2 are refused, by both sides.
func TestDegenerateKeys(t *testing.T) {
	ones := publicKey(bytes.Repeat([]byte{0xff}, keyLen))
	for _, k := range []publicKey{{}, number(1), number(-1), number(0), ones} {
		require.True(t, k.isDegenerate(), "%x", k)
		x := exchange{conn: newPlayed(keyLen, k[:], make([]byte, 1000))}
		_, err := x.accept(knows)
		require.ErrorIs(t, err, errDegenerate)
		x = exchange{conn: newPlayed(keyLen, k[:], make([]byte, 1000)), random: zeros{}}
		_, err = x.initiate(torrent, nil)
		require.ErrorIs(t, err, errDegenerate)
	}
	for _, k := range []publicKey{number(2), number(-2)} {
		require.False(t, k.isDegenerate())
	}
}

// zeros is a source of zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A liar takes part in an exchange and breaks one of its rules.
type liar struct {
	exchange
	secret [keyLen]byte
}

// newLiar begins an exchange; key streams included, so that everything can be said.
func newLiar(t *testing.T, c net.Conn, initiates bool) *liar {
	l := &liar{exchange: exchange{conn: c, random: rand.NewChaCha8([32]byte{1})}}
	private, err := newPrivateKey(l.random)
	require.NoError(t, err)
	public := private.public()
	var theirs publicKey
	if initiates {
		c.Write(public[:])
		io.ReadFull(c, theirs[:])
		go io.Copy(io.Discard, c)
	} else {
		io.ReadFull(c, theirs[:])
		go io.Copy(io.Discard, c)
		c.Write(public[:])
	}
	l.secret = private.secret(theirs)
	in, out := "keyA", "keyB"
	if initiates {
		in, out = out, in
	}
	require.NoError(t, l.begin(l.secret, torrent, in, out))
	return l
}

// fields returns what both sides send encrypted.
func (l *liar) fields(constant byte, payloads uint32, pad uint16, more ...byte) []byte {
	b := make([]byte, constantLen)
	b[constantLen-1] = constant
	b = binary.BigEndian.AppendUint32(b, payloads)
	b = binary.BigEndian.AppendUint16(b, pad)
	b = append(b, more...)
	l.out.XORKeyStream(b, b)
	return b
}

// names returns how an initiator names a torrent.
func (l *liar) names(id [20]byte) []byte {
	req1 := hash("req1", l.secret[:])
	named := hidden(l.Mark(id), l.secret)
	return append(req1[:], named[:]...)
}

// counted counts what is read from a connection.
type counted struct {
	net.Conn
	read int
}

func (c *counted) Read(p []byte) (n int, err error) {
	n, err = c.Conn.Read(p)
	c.read += n
	return n, err
}

// An initiator that breaks a rule loses its connection, after no more bytes than are allowed.
func TestAcceptHostile(t *testing.T) {
	garbage := bytes.Repeat([]byte("garbage!"), 2000)
	for _, test := range []struct {
		name string
		says func(l *liar) []byte
		want error
		read int // bytes, zero for any number
	}{
		{"endless padding", func(l *liar) []byte { return garbage }, errNoSync, 628},
		{"most padding", func(l *liar) []byte {
			return append(garbage[:512:512], append(l.names(torrent), l.fields(0, 3, 0, 0, 0)...)...)
		}, nil, 96 + 512 + 40 + 14 + 2},
		{"too much padding", func(l *liar) []byte {
			return append(garbage[:513:513], append(l.names(torrent), l.fields(0, 3, 0, 0, 0)...)...)
		}, errNoSync, 628},
		{"padding that begins like the mark", func(l *liar) []byte {
			named := l.names(torrent)
			b := append(bytes.Repeat(named[:19], 3), named...)
			return append(b, l.fields(0, 2, 0, 0, 0)...)
		}, nil, 96 + 57 + 40 + 14 + 2},
		{"unknown torrent", func(l *liar) []byte { return append(l.names([20]byte{'o'}), l.fields(0, 3, 0, 0, 0)...) }, ErrUnknown, 96 + 54},
		{"wrong constant", func(l *liar) []byte { return append(l.names(torrent), l.fields(1, 3, 0, 0, 0)...) }, errConstant, 96 + 54},
		{"offers nothing", func(l *liar) []byte { return append(l.names(torrent), l.fields(0, 0, 0, 0, 0)...) }, errOffer, 96 + 54},
		{"offers something else", func(l *liar) []byte { return append(l.names(torrent), l.fields(0, 4, 0, 0, 0)...) }, errOffer, 96 + 54},
		{"offers something else as well", func(l *liar) []byte { return append(l.names(torrent), l.fields(0, 0xffffffff, 0, 0, 0)...) }, nil, 96 + 56},
		{"padding too long", func(l *liar) []byte { return append(l.names(torrent), l.fields(0, 3, 513, garbage...)...) }, errPad, 96 + 54},
		{"longest padding", func(l *liar) []byte {
			return append(l.names(torrent), l.fields(0, 3, 512, make([]byte, 514)...)...)
		}, nil, 96 + 56 + 512},
		{"first bytes too long", func(l *liar) []byte { return append(l.names(torrent), l.fields(0, 3, 0, 0x20, 0x01)...) }, errFirst, 96 + 56},
		{"closes", func(l *liar) []byte { return l.names(torrent) }, io.ErrUnexpectedEOF, 96 + 40},
		{"closes at once", func(l *liar) []byte { return nil }, io.EOF, 96},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := net.Pipe()
			go func() {
				l := newLiar(t, a, true)
				a.Write(test.says(l))
				a.Close()
			}()
			c := &counted{Conn: b}
			_, err := Encryption{}.Accept(t.Context(), c, knows)
			b.Close()
			if test.want == nil && errors.Is(err, io.ErrClosedPipe) {
				err = nil // it closes behind what it says
			}
			require.ErrorIs(t, err, test.want)
			require.Equal(t, test.read, c.read)
		})
	}
}

// A peer that we dialed and that breaks a rule loses its connection in the same way.
func TestInitiateHostile(t *testing.T) {
	garbage := bytes.Repeat([]byte("garbage!"), 2000)
	for _, test := range []struct {
		name string
		says func(l *liar) []byte
		want error
		read int
	}{
		{"endless padding", func(l *liar) []byte { return garbage }, errNoSync, 616},
		{"most padding", func(l *liar) []byte { return append(garbage[:512:512], l.fields(0, 2, 0)...) }, nil, 96 + 512 + 14},
		{"too much padding", func(l *liar) []byte { return append(garbage[:513:513], l.fields(0, 2, 0)...) }, errNoSync, 616},
		{"wrong constant", func(l *liar) []byte { return append(l.fields(1, 2, 0), garbage...) }, errNoSync, 616},
		{"selects nothing", func(l *liar) []byte { return l.fields(0, 0, 0) }, errSelected, 96 + 14},
		{"selects both", func(l *liar) []byte { return l.fields(0, 3, 0) }, errSelected, 96 + 14},
		{"selects one and something else", func(l *liar) []byte { return l.fields(0, 6, 0) }, errSelected, 96 + 14},
		{"selects something else", func(l *liar) []byte { return l.fields(0, 4, 0) }, errSelected, 96 + 14},
		{"selects what was not offered", func(l *liar) []byte { return l.fields(0, 1, 0) }, errSelected, 96 + 14},
		{"padding too long", func(l *liar) []byte { return l.fields(0, 2, 513) }, errPad, 96 + 14},
		{"closes", func(l *liar) []byte { return l.fields(0, 2, 1) }, io.EOF, 96 + 14},
		{"closes at once", func(l *liar) []byte { return nil }, io.EOF, 96},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := net.Pipe()
			go func() {
				l := newLiar(t, a, false)
				a.Write(test.says(l))
				a.Close()
			}()
			c := &counted{Conn: b}
			_, err := Encryption{Payloads: RC4}.Initiate(t.Context(), c, torrent, nil)
			b.Close()
			if test.want == nil && errors.Is(err, io.ErrClosedPipe) {
				err = nil
			}
			require.ErrorIs(t, err, test.want)
			require.Equal(t, test.read, c.read)
		})
	}
}

// A peer that says nothing more, or takes nothing, costs until the context ends, in every step.
func TestSilence(t *testing.T) {
	for _, test := range []struct {
		name string
		peer func(t *testing.T, c net.Conn, initiates bool)
	}{
		{"nothing", func(*testing.T, net.Conn, bool) {}},
		{"reads only", func(_ *testing.T, c net.Conn, _ bool) { io.Copy(io.Discard, c) }},
		{"a key, and reads nothing", func(_ *testing.T, c net.Conn, _ bool) {
			key := number(2)
			c.Write(key[:])
		}},
		{"a key, and padding", func(t *testing.T, c net.Conn, initiates bool) {
			newLiar(t, c, initiates)
			c.Write(make([]byte, 30))
		}},
	} {
		for _, initiates := range []bool{true, false} {
			t.Run(test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a, b := net.Pipe()
					defer b.Close()
					go test.peer(t, a, initiates)
					why := errors.New("enough")
					ctx, cancel := context.WithCancelCause(t.Context())
					time.AfterFunc(time.Minute, func() { cancel(why) })
					var err error
					if initiates {
						_, err = Encryption{}.Accept(ctx, b, knows)
					} else {
						_, err = Encryption{}.Initiate(ctx, b, torrent, nil)
					}
					require.ErrorIs(t, err, why)
				})
			})
		}
	}
}

// What is to be sent first has a bound.
func TestFirstIsBounded(t *testing.T) {
	_, err := Encryption{}.Initiate(t.Context(), nil, torrent, make([]byte, MaxFirst+1))
	require.ErrorContains(t, err, "send the rest afterwards")
	a, b, err := tcpPipe()
	require.NoError(t, err)
	defer a.Close()
	defer b.Close()
	first := bytes.Repeat([]byte{7}, MaxFirst)
	_, cb, err := secure(a, b, Encryption{}, first)
	require.NoError(t, err)
	got := make([]byte, MaxFirst)
	_, err = io.ReadFull(cb, got)
	require.NoError(t, err)
	require.Equal(t, first, got)
}

// A plain handshake is known by all of its first bytes, and text is no key.
func TestBegins(t *testing.T) {
	for first, want := range map[string]bool{
		"\x13BitTorrent protocol":                   false,
		"\x13BitTorrent protocoL":                   true,
		"\x13itTorrent protocol.":                   true,
		"\x12BitTorrent protocol":                   true,
		"GET / HTTP/1.1\r\nHost: x":                 false,
		"GET / HTTP/1.1\r\nHos\x00":                 true,
		string(make([]byte, StartLen)):              true,
		string(bytes.Repeat([]byte{255}, StartLen)): true,
	} {
		require.Equal(t, want, Encryption{}.Begins([]byte(first)), "%q", first)
	}
}
