package conns

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// badBlock is a Storage of which one block cannot be read.
type badBlock struct{ swarm.Storage }

func (s badBlock) ReadAt(p []byte, off int64) (int, error) {
	if off < 2*swarm.BlockLen && off+int64(len(p)) > swarm.BlockLen {
		return 0, errors.New("bad sector")
	}
	return s.Storage.ReadAt(p, off)
}

// TestOneOfManyCannotBeRead asks for blocks that are read together. The others are sent.
func TestOneOfManyCannotBeRead(t *testing.T) {
	connected(t, badBlock{swarm.NewMemory(4 * swarm.BlockLen)}, func(x *torrent, c *Conn, other net.Conn) {
		g := x.store.Geometry
		blocks := []swarm.Block{g.Block(0, 0), g.Block(0, 1), g.Block(0, 2), g.Block(0, 3)}
		var want []byte
		for _, b := range []swarm.Block{blocks[0], blocks[2], blocks[3]} {
			want = peerwire.Message{Kind: peerwire.Piece, Block: b, Data: make([]byte, b.Length)}.AppendTo(want)
		}
		c.Deliver(&protocol.Outbox{Peer: c.Peer(), Serve: blocks})
		got := make([]byte, len(want))
		_, err := io.ReadFull(other, got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
		synctest.Wait()
		all := x.posted()
		require.Len(t, all, 1)
		require.Equal(t, blocks[1], all[0].(protocol.ReadFailed).Block)
	})
}
