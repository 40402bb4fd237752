package conns

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// elsewhere returns a connection that was made elsewhere, and its other end.
func elsewhere(x *torrent, addr string, outgoing bool) (*connect.Conn, net.Conn) {
	ours, theirs := net.Pipe()
	bits := handshake.Bits(handshake.Fast, handshake.Extended)
	return &connect.Conn{
		Conn:     ours,
		Addr:     netip.MustParseAddrPort(addr),
		Swarm:    x.ID(),
		Ours:     handshake.Handshake{Reserved: bits, InfoHash: x.ID(), PeerID: x.PeerID()},
		Theirs:   handshake.Handshake{Reserved: bits, InfoHash: x.ID(), PeerID: swarm.PeerID{'p'}},
		Outgoing: outgoing,
		Greeted:  true,
	}, theirs
}

// What was read elsewhere comes first, as if it were read now, also if it is long and ends
// in the middle of a message.
func TestReplay(t *testing.T) {
	message := func(k peerwire.Kind) []byte { return peerwire.Message{Kind: k}.AppendTo(nil) }
	long := peerwire.Message{Kind: peerwire.Extended, ExtID: 1, Data: make([]byte, 60<<10)}.AppendTo(nil)
	have := peerwire.Message{Kind: peerwire.Have, Piece: 3}.AppendTo(nil)
	for _, test := range []struct {
		name     string
		all      []byte
		messages int
	}{
		{"nothing", nil, 0},
		{"few messages", append(message(peerwire.HaveAll), message(peerwire.Unchoke)...), 2},
		{"a long one", append(bytes.Clone(long), have...), 2},
		{"as many as may be", bytes.Repeat(have, connect.MaxReplay/len(have)), connect.MaxReplay / len(have)},
	} {
		for _, cut := range []int{0, 1, 5, len(test.all) / 2, len(test.all)} { // what comes only now
			if cut > len(test.all) {
				continue
			}
			t.Run(test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					x := newTorrent(t, swarm.NewMemory(0))
					sockets := NewSockets(testConfig(nil))
					c, other := elsewhere(x, "10.0.0.2:1", true)
					c.Replay = test.all[:len(test.all)-cut]
					x.BeginTask()
					require.NoError(t, sockets.Adopt(x, c))
					x.EndTask()
					if cut > 0 {
						go other.Write(test.all[len(test.all)-cut:])
					}
					joined := false
					n := 0
					for all := x.posted(); len(all) > 0; all = x.posted() {
						for _, in := range all {
							switch in := in.(type) {
							case protocol.Joined:
								require.True(t, in.Greeted && in.Outgoing && in.Fast && in.Extended)
								require.Zero(t, n)
								joined = true
							case *protocol.Received:
								n += len(in.Messages)
								x.conns[0].Return(in)
							}
						}
					}
					require.True(t, joined)
					require.Equal(t, test.messages, n)
					require.EqualValues(t, len(test.all), x.conns[0].tally.DownAll.Load())
					require.Equal(t, 1, sockets.Open())
					x.conns[0].Close()
					x.tasks.Wait()
					require.Zero(t, sockets.Open())
				})
			})
		}
	}
}

// A connection from elsewhere that finds no place is closed, and takes none.
func TestAdoptRefuses(t *testing.T) {
	for _, test := range []struct {
		name     string
		addr     string
		outgoing bool
		change   func(s *Sockets, c *connect.Conn)
		err      error
	}{
		{"blocked", "10.0.0.66:1", true, nil, errBlocked},
		{"too long", "10.0.0.2:1", true, func(_ *Sockets, c *connect.Conn) { c.Replay = make([]byte, connect.MaxReplay+1) }, errLongReplay},
		{"full, outgoing", "10.0.0.2:1", true, fill, errNoRoom},
		{"full, incoming", "10.0.0.2:1", false, fill, errNoRoom},
		{"closed", "10.0.0.2:1", true, func(_ *Sockets, c *connect.Conn) { c.Close() }, net.ErrClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newTorrent(t, nil)
				sockets := NewSockets(testConfig(nil))
				c, other := elsewhere(x, test.addr, test.outgoing)
				if test.change != nil {
					test.change(sockets, c)
				}
				before := sockets.Open()
				err := sockets.Adopt(x, c)
				if test.err == net.ErrClosed {
					require.Error(t, err)
				} else {
					require.Equal(t, test.err, err)
				}
				_, err = other.Read(make([]byte, 1))
				require.Error(t, err, "it is closed")
				require.Empty(t, x.posted())
				require.Equal(t, before, sockets.Open())
			})
		})
	}
}

// fill takes all places.
func fill(s *Sockets, _ *connect.Conn) {
	for i := range 5 {
		s.acquireOutgoing(netip.AddrFrom4([4]byte{10, 1, byte(i), 1}))
	}
}

// FuzzReplay has a peer say anything, of which a part was read elsewhere. The messages are
// the same as if all of it came now, and so is the end of the connection.
func FuzzReplay(f *testing.F) {
	have := peerwire.Message{Kind: peerwire.Have, Piece: 3}.AppendTo(nil)
	f.Add(have, 3)
	f.Add(bytes.Repeat(have, 400), 3000)
	f.Add(append([]byte{0, 0, 0x40, 9, 20, 1}, make([]byte, 5000)...), 4000)
	f.Add([]byte{0, 0, 0, 5, 4, 0xff, 0xff, 0xff, 0xff}, 9)
	f.Fuzz(func(t *testing.T, all []byte, cut int) {
		if cut < 0 || cut > len(all) || len(all) > connect.MaxReplay {
			return
		}
		kinds, broken := said(t, all, cut)
		want, wantBroken := said(t, all, 0)
		require.Equal(t, want, kinds)
		require.Equal(t, wantBroken, broken)
	})
}

// said returns the kinds of the messages in all, of which the first bytes were read
// elsewhere, and whether they broke a rule.
func said(t *testing.T, all []byte, first int) (kinds []peerwire.Kind, broken bool) {
	synctest.Test(t, func(t *testing.T) {
		x := newTorrent(t, swarm.NewMemory(0))
		sockets := NewSockets(testConfig(nil))
		c, other := elsewhere(x, "10.0.0.2:1", true)
		c.Replay = all[:first]
		require.NoError(t, sockets.Adopt(x, c))
		go func() {
			other.Write(all[first:])
			other.Close()
		}()
		for batch := x.posted(); len(batch) > 0; batch = x.posted() {
			for _, in := range batch {
				switch in := in.(type) {
				case *protocol.Received:
					for _, m := range in.Messages {
						kinds = append(kinds, m.Kind)
					}
					x.conns[0].Return(in)
				case protocol.Gone:
					var wrong *peerwire.ProtocolError
					broken = errors.As(in.Err, &wrong)
				}
			}
		}
		x.tasks.Wait()
		require.Zero(t, sockets.Open())
	})
	return kinds, broken
}
