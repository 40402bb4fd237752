package conns

import (
	"bytes"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// reading runs f with a reader whose batches are returned by the test.
func reading(t *testing.T, f func(r *reader, x *torrent, other net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		x := newTorrent(t, swarm.NewMemory(0))
		c := &Conn{
			sockets:  NewSockets(testConfig(nil)),
			owner:    x,
			socket:   ours,
			returned: make(chan *protocol.Received, batches),
			closed:   make(chan struct{}),
		}
		for range batches {
			c.returned <- new(protocol.Received)
		}
		r := &reader{conn: c, buf: make([]byte, smallBuffer)}
		r.decoder = peerwire.NewDecoder(peerwire.Limits{Geometry: x.store.Geometry, MaxExtended: maxExtended})
		done := make(chan error)
		go func() { done <- r.run() }()
		f(r, x, theirs)
		theirs.Close()
		<-done
		r.releasePooled()
	})
}

// giveBack returns all batches that were posted, as a turn does.
func giveBack(r *reader, x *torrent) (messages int) {
	for {
		all := x.posted()
		if len(all) == 0 {
			return messages
		}
		for _, in := range all {
			b := in.(*protocol.Received)
			messages += len(b.Messages)
			r.conn.Return(b)
		}
	}
}

// batchMemory returns how many messages the batches of a quiet connection have room for.
func batchMemory(r *reader) (room int) {
	for range batches {
		b := <-r.conn.returned
		room = max(room, cap(b.Messages))
		for _, m := range b.Messages[:cap(b.Messages)] {
			if m.Data != nil {
				return 1 << 30 // it holds the bytes of a message
			}
		}
		defer r.conn.Return(b)
	}
	return room
}

// A peer that sent thousands of messages and fell silent holds no memory for them; nor
// does one that goes on with one message a second, or stops in the middle of one.
func TestReaderReleasesMemory(t *testing.T) {
	have := peerwire.Message{Kind: peerwire.Have, Piece: 1}.AppendTo(nil)
	for _, test := range []struct {
		name  string
		after []byte // sent once more
		every []byte // sent each second
		most  int    // bytes of the buffer
	}{
		{"silent", nil, nil, smallBuffer},
		{"a message a second", nil, have, smallBuffer},
		{"a part of a message", []byte{0, 0, 0x40, 9, 7, 0, 0}, nil, smallBuffer},
		{"a long part of a message", append([]byte{0, 0, 0x40, 9, 7, 0, 0, 0, 1, 0, 0, 0, 0}, make([]byte, 10_000)...), nil, 10_000 + 2*smallBuffer},
	} {
		t.Run(test.name, func(t *testing.T) {
			reading(t, func(r *reader, x *torrent, other net.Conn) {
				const n = 3 * maxBatch
				go other.Write(append(bytes.Repeat(have, n), test.after...))
				require.Equal(t, n, giveBack(r, x))
				require.Greater(t, batchMemory(r), fewMessages)
				for range 10 {
					time.Sleep(time.Second)
					if test.every != nil {
						other.Write(test.every)
						giveBack(r, x)
					}
				}
				synctest.Wait()
				require.LessOrEqual(t, len(r.buf), test.most)
				require.Nil(t, r.pooled)
				require.LessOrEqual(t, batchMemory(r), fewMessages)
				go other.Write(bytes.Repeat(have, 10)) // it is read as before, unless it is the rest of a message
				if test.after == nil {
					require.Equal(t, 10, giveBack(r, x))
				}
			})
		})
	}
}

// A connection that is busy keeps its memory.
func TestReaderKeepsMemoryWhileBusy(t *testing.T) {
	reading(t, func(r *reader, x *torrent, other net.Conn) {
		many := bytes.Repeat(peerwire.Message{Kind: peerwire.Have, Piece: 1}.AppendTo(nil), 1000)
		for range 20 {
			go other.Write(many)
			require.Equal(t, 1000, giveBack(r, x))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		require.Len(t, r.buf, largeBuffer)
		require.Greater(t, batchMemory(r), fewMessages)
	})
}

// A long message of a connection that is idle otherwise leaves no long buffer behind, and
// its bytes are not kept by a batch.
func TestReaderReleasesLongMessages(t *testing.T) {
	reading(t, func(r *reader, x *torrent, other net.Conn) {
		long := peerwire.Message{Kind: peerwire.Extended, ExtID: 3, Data: make([]byte, 50_000)}
		go other.Write(long.AppendTo(nil))
		require.Equal(t, 1, giveBack(r, x))
		require.LessOrEqual(t, batchMemory(r), fewMessages)
		time.Sleep(2*memoryIdle + time.Second)
		synctest.Wait()
		require.Len(t, r.buf, smallBuffer)
	})
}
