package conns

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/memory"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// torrent is an Owner that keeps what is posted, and starts what joins.
type torrent struct {
	store disk.Store
	share budget.Share
	tasks sync.WaitGroup
	close context.CancelFunc
	ctx   context.Context

	mu      sync.Mutex
	got     []protocol.Input
	conns   []*Conn
	blocked []netip.Addr
}

func newTorrent(t *testing.T, s swarm.Storage) *torrent {
	x := new(torrent)
	x.store.Storage = s
	x.store.Geometry = swarm.Geometry{Length: 64 * swarm.BlockLen, PieceLength: 8 * swarm.BlockLen}
	x.ctx, x.close = context.WithCancel(t.Context())
	return x
}

func (x *torrent) ID() swarm.ID             { return swarm.ID{1} }
func (x *torrent) PeerID() swarm.PeerID     { return swarm.PeerID{'u', 's'} }
func (x *torrent) Store() *disk.Store       { return &x.store }
func (x *torrent) HasDHT() bool             { return false }
func (x *torrent) Uploads() *budget.Share   { return &x.share }
func (x *torrent) BeginTask() bool          { x.tasks.Add(1); return true }
func (x *torrent) AddTask()                 { x.tasks.Add(1) }
func (x *torrent) EndTask()                 { x.tasks.Done() }
func (x *torrent) Closing() bool            { return x.ctx.Err() != nil }
func (x *torrent) Context() context.Context { return x.ctx }
func (x *torrent) Blocked(a netip.Addr)     { x.blocked = append(x.blocked, a) }

func (x *torrent) Post(in protocol.Input) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.got = append(x.got, in)
}

func (x *torrent) Join(c *Conn, in protocol.Joined) {
	x.Post(in)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.conns = append(x.conns, c)
	c.Start()
}

// posted waits until all is quiet and returns what was posted since the last call.
func (x *torrent) posted() []protocol.Input {
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	got := x.got
	x.got = nil
	return got
}

// A dialFunc is a connect.Dialer.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (f dialFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

func testConfig(dial dialFunc) Config {
	return Config{
		Memory: memory.New(1<<20, 1<<20),
		Logger: slog.New(slog.DiscardHandler),
		Connector: connect.New(connect.Options{
			Dialers:  []connect.Dialer{dial},
			HalfOpen: 2,
			Blocked:  func(a netip.Addr) bool { return a == netip.MustParseAddr("10.0.0.66") },
		}),
		Places:      places.Limits{Total: 5},
		Handshakes:  2,
		PeerTimeout: 2 * time.Minute,
		OnFailed:    func(netip.AddrPort, error) {},
	}
}

// peer shakes hands on the other end of a dial, and is then the test's.
func peer(t *testing.T, id swarm.PeerID) (dial dialFunc, other net.Conn) {
	ours, theirs := net.Pipe()
	return func(context.Context, string, string) (net.Conn, error) {
		go handshake.Accept(t.Context(), theirs, func(h handshake.Handshake) (handshake.Handshake, error) {
			return handshake.Handshake{InfoHash: h.InfoHash, PeerID: id, Reserved: handshake.Bits(handshake.Fast)}, nil
		}, handshake.Options{})
		return ours, nil
	}, theirs
}

// connected runs f with a connection to a peer that has shaken hands.
func connected(t *testing.T, s swarm.Storage, f func(x *torrent, c *Conn, other net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		dial, other := peer(t, swarm.PeerID{'p'})
		x := newTorrent(t, s)
		sockets := NewSockets(testConfig(dial))
		sockets.Dial(x, netip.MustParseAddrPort("10.0.0.2:1"), x.ID(), false)
		joined := x.posted()[0].(protocol.Joined)
		require.True(t, joined.Outgoing && joined.Fast && !joined.Extended)
		require.Equal(t, swarm.PeerID{'p'}, joined.ID)
		require.Equal(t, x.conns[0].Peer(), joined.Peer)
		f(x, x.conns[0], other)
		x.conns[0].Close()
		other.Close()
		x.tasks.Wait()
		require.Zero(t, sockets.Open())
		require.Zero(t, sockets.Memory.Uploads.InUse())
		sockets.Connector.Close()
	})
}

// The reader fills one batch while the turn has another, and no third.
func TestReaderHasTwoBatches(t *testing.T) {
	connected(t, swarm.NewMemory(0), func(x *torrent, c *Conn, other net.Conn) {
		go func() {
			for i := range 5 {
				other.Write(peerwire.Message{Kind: peerwire.Have, Piece: i}.AppendTo(nil))
			}
		}()
		var pieces []int
		for _, n := range []int{2, 2, 1} {
			got := x.posted()
			require.Len(t, got, n)
			for _, in := range got {
				r := in.(*protocol.Received)
				require.Equal(t, c.Peer(), r.Peer)
				require.Len(t, r.Messages, 1)
				pieces = append(pieces, r.Messages[0].Piece)
				c.Return(r)
			}
		}
		require.Equal(t, []int{0, 1, 2, 3, 4}, pieces)
	})
}

func TestUnrequestedBlockTakesNoBuffer(t *testing.T) {
	connected(t, swarm.NewMemory(0), func(x *torrent, c *Conn, other net.Conn) {
		b := swarm.Block{Piece: 1, Length: swarm.BlockLen}
		other.Write(peerwire.Message{Kind: peerwire.Piece, Block: b, Data: make([]byte, swarm.BlockLen)}.AppendTo(nil))
		m := x.posted()[0].(*protocol.Received).Messages[0]
		require.Equal(t, b, m.Block)
		require.Nil(t, m.Data)
		require.Zero(t, c.tally.Down.Load())
		require.EqualValues(t, swarm.BlockLen+peerwire.PieceHeaderLen, c.tally.DownAll.Load())
	})
}

func TestBadBytesEndTheConnection(t *testing.T) {
	connected(t, swarm.NewMemory(0), func(x *torrent, c *Conn, other net.Conn) {
		other.Write([]byte{0, 0, 0, 5, 4, 0xff, 0xff, 0xff, 0xff}) // Have of no piece
		gone := x.posted()[0].(protocol.Gone)
		require.Equal(t, c.Peer(), gone.Peer)
		var wrong *peerwire.ProtocolError
		require.ErrorAs(t, gone.Err, &wrong)
	})
}

// Messages go before blocks, and blocks that follow one another are read together.
func TestWriterSendsMessagesAndBlocks(t *testing.T) {
	m := swarm.NewMemory(64 * swarm.BlockLen)
	content := bytes.Repeat([]byte("abcdefgh"), 8*swarm.BlockLen)
	m.WriteAt(content, 0)
	disk := storagetest.NewFaulty(m)
	connected(t, disk, func(x *torrent, c *Conn, other net.Conn) {
		blocks := []swarm.Block{x.store.Geometry.Block(0, 0), x.store.Geometry.Block(0, 1), x.store.Geometry.Block(3, 3)}
		o := &protocol.Outbox{
			Peer:  c.Peer(),
			Bytes: peerwire.Message{Kind: peerwire.Unchoke}.AppendTo(nil),
			Serve: blocks,
		}
		want := bytes.Clone(o.Bytes)
		for _, b := range blocks {
			off := x.store.Geometry.Offset(b)
			want = peerwire.Message{Kind: peerwire.Piece, Block: b, Data: content[off:][:b.Length]}.AppendTo(want)
		}
		c.Deliver(o)
		got := make([]byte, len(want))
		_, err := io.ReadFull(other, got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
		synctest.Wait()
		require.EqualValues(t, 3*swarm.BlockLen, c.tally.Up.Load())
		require.EqualValues(t, len(want), c.tally.UpAll.Load())

		disk.Fail(storagetest.Read, 1, errors.New("bad sector"))
		c.Deliver(&protocol.Outbox{Peer: c.Peer(), Serve: blocks[2:]})
		failed := x.posted()[0].(protocol.ReadFailed)
		require.Equal(t, blocks[2], failed.Block)
		require.ErrorContains(t, failed.Err, "bad sector")
	})
}

func TestPeerThatTakesNothingIsClosed(t *testing.T) {
	connected(t, swarm.NewMemory(0), func(x *torrent, c *Conn, _ net.Conn) {
		o := &protocol.Outbox{Peer: c.Peer(), Bytes: make([]byte, maxUnsent/2)}
		c.Deliver(o)
		synctest.Wait() // the writer has it
		c.Deliver(o)
		require.Empty(t, x.posted())
		c.Deliver(&protocol.Outbox{Peer: c.Peer(), Bytes: make([]byte, 1)}) // what the writer has counts too
		require.IsType(t, protocol.Gone{}, x.posted()[0])
	})
	connected(t, swarm.NewMemory(0), func(x *torrent, c *Conn, _ net.Conn) {
		c.Deliver(&protocol.Outbox{Peer: c.Peer(), Bytes: make([]byte, 1)})
		time.Sleep(2*time.Minute + time.Second)
		require.IsType(t, protocol.Gone{}, x.posted()[0], "also if little waits for it, in time")
	})
}

// A peer that takes too little is left when others wait for its buffer, and only then.
func TestPeerThatHoldsMemory(t *testing.T) {
	for name, test := range map[string]struct {
		taken  int // bytes in four seconds
		wanted bool
		left   bool
	}{
		"takes nothing":     {0, true, true},
		"takes little":      {1000, true, true},
		"is slow":           {swarm.BlockLen * 5 / 4, true, false},
		"nobody else waits": {0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := swarm.NewMemory(64 * swarm.BlockLen)
			connected(t, m, func(x *torrent, c *Conn, other net.Conn) {
				uploads := c.sockets.Memory.Uploads
				c.Deliver(&protocol.Outbox{Peer: c.Peer(), Serve: []swarm.Block{{Length: 8 * swarm.BlockLen}}})
				synctest.Wait()
				gone := make(chan struct{})
				var others sync.WaitGroup
				if test.wanted {
					for range 20 { // more than there is memory for
						others.Go(func() {
							b, ok := c.sockets.Memory.TakeUpload(&budget.Share{}, swarm.BlockLen*8, swarm.BlockLen*8, gone)
							if ok {
								<-gone
								uploads.Put(b)
							}
						})
					}
				}
				synctest.Wait()
				require.Equal(t, test.wanted, uploads.Wanted())
				for range 3 {
					if test.taken > 0 {
						go io.ReadFull(other, make([]byte, test.taken))
					}
					time.Sleep(4 * time.Second)
				}
				require.Equal(t, test.left, len(x.posted()) > 0)
				close(gone)
				c.Close()
				others.Wait()
			})
		})
	}
}
