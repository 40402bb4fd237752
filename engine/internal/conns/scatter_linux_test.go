package conns

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// A read into several slices costs no memory but that of a function value, because all of a
// fast download is read so.
func TestReadVec(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	writer, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer writer.Close()
	socket, err := listener.Accept()
	require.NoError(t, err)
	defer socket.Close()

	const rounds = 101 // AllocsPerRun has one more
	for range rounds {
		_, err := writer.Write([]byte("headpayload"))
		require.NoError(t, err)
	}
	r := newVectorReader(socket)
	head, payload := make([]byte, 4), make([]byte, 7)
	vec := [][]byte{head[:1], head[1:], payload}
	allocs := testing.AllocsPerRun(rounds-1, func() {
		n, err := r.ReadVec(vec)
		if n != 11 || err != nil {
			panic("not all of it came")
		}
	})
	require.LessOrEqual(t, allocs, 1.0)
	require.Equal(t, "head", string(head))
	require.Equal(t, "payload", string(payload))

	require.NoError(t, writer.Close())
	_, err = r.ReadVec(vec)
	require.Equal(t, io.EOF, err)
	require.NoError(t, socket.Close())
	_, err = r.ReadVec(vec)
	require.ErrorIs(t, err, net.ErrClosed)
}
