package peerwire

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// counter counts the calls of Write. If err is not nil, they fail with it.
type counter struct {
	bytes.Buffer
	calls int
	err   error
}

func (c *counter) Write(p []byte) (int, error) {
	c.calls++
	if c.err != nil {
		return 0, c.err
	}
	return c.Buffer.Write(p)
}

func TestWriter(t *testing.T) {
	var c counter
	w := NewWriter(&c)
	require.NoError(t, w.Flush())
	require.Zero(t, c.calls)

	w.Append(Message{Kind: Choke})
	w.Append(Message{Kind: Have, Piece: 1})
	require.Equal(t, 14, w.Buffered())
	require.Zero(t, c.calls)
	require.NoError(t, w.Write(Message{Kind: KeepAlive}))
	require.Equal(t, 1, c.calls)
	require.Equal(t, "\x00\x00\x00\x01\x00"+"\x00\x00\x00\x05\x04\x00\x00\x00\x01"+"\x00\x00\x00\x00", c.String())

	c.err = io.ErrClosedPipe
	require.ErrorIs(t, w.Write(Message{Kind: Choke}), io.ErrClosedPipe)
	c.err = nil
	require.ErrorIs(t, w.Write(Message{Kind: Choke}), io.ErrClosedPipe, "the error stays, because part of a message may have been written")
	require.Equal(t, 2, c.calls)
}

func TestWriterAllocatesNothing(t *testing.T) {
	w := NewWriter(io.Discard)
	block := Message{Kind: Piece, Block: swarm.Block{Length: 1 << 14}, Data: make([]byte, 1<<14)}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if err := w.Write(block, Message{Kind: Choke}); err != nil {
			t.Fatal(err)
		}
	}))
}

func TestWriterReleasesLargeBuffers(t *testing.T) {
	w := NewWriter(io.Discard)
	require.NoError(t, w.Write(Message{Kind: Extended, Data: make([]byte, 1<<20)}))
	require.LessOrEqual(t, cap(w.buf), maxIdleBuffer)
}
