package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/stretchr/testify/require"
)

// describe runs a Describer for the test.
func describe(t *testing.T, d *Describer) (net.Conn, *bufio.Reader) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan bool)
	go func() {
		defer close(done)
		d.Serve(ctx, l)
	}()
	t.Cleanup(func() { cancel(); <-done })
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	r := bufio.NewReader(c)
	require.NoError(t, shakeHands(c, r, d.Torrent.ID, "TEST"))
	return c, r
}

// message reads the next message of one kind.
func message(t *testing.T, r *bufio.Reader, want byte) []byte {
	t.Helper()
	for {
		kind, rest, err := next(r)
		require.NoError(t, err)
		body := make([]byte, rest)
		_, err = io.ReadFull(r, body)
		require.NoError(t, err)
		if kind == want {
			return body
		}
	}
}

// TestDescriber reads what a Describer says with the codec of peerwire.
func TestDescriber(t *testing.T) {
	info := bytes.Repeat([]byte("info"), 5000)
	tor := Torrent{ID: [20]byte{7}, PieceLength: blockLen, Length: 2 * blockLen}
	for _, lies := range []bool{false, true} {
		c, r := describe(t, &Describer{Torrent: tor, Info: info, Lies: lies})
		h, err := peerwire.ParseExtendedHandshake(message(t, r, extended)[1:])
		require.NoError(t, err)
		require.Equal(t, len(info), h.MetadataSize)
		message(t, r, unchoke)
		ours := peerwire.ExtendedHandshake{M: peerwire.Extensions{peerwire.MetadataName: 9}}
		out := appendExtended(nil, 0, ours.AppendTo(nil))
		for i := range 2 {
			out = appendExtended(out, ourNumber, peerwire.MetadataMessage{Piece: i}.AppendTo(nil))
		}
		_, err = c.Write(append(out, appendRequest(nil, tor, blockLen)...))
		require.NoError(t, err)
		var got []byte
		for i := range 2 {
			body := message(t, r, extended)
			require.Equal(t, byte(9), body[0])
			m, err := peerwire.ParseMetadata(body[1:])
			require.NoError(t, err)
			require.Equal(t, i, m.Piece)
			got = append(got, m.Data...)
		}
		require.Len(t, got, len(info))
		require.Equal(t, lies, !bytes.Equal(info, got), fmt.Sprint("lies: ", lies))
		require.Len(t, message(t, r, piece), 8+blockLen)
	}
}
