package conns

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A dial that fails says at which step, and what that means for the address.
func TestOutcomesOfDials(t *testing.T) {
	good, self := swarm.PeerID{'p'}, swarm.PeerID{'u', 's'}
	refused := errors.New("connection refused")
	for _, test := range []struct {
		name, addr string
		id         swarm.PeerID // zero for a peer that closes instead of shaking hands
		dialErr    error
		full       bool
		why        addressbook.Outcome
		err        error
	}{
		{name: "nobody listens", addr: "10.0.0.2:1", dialErr: refused, why: addressbook.Failed, err: connect.ErrConnect},
		{name: "no handshake", addr: "10.0.0.2:1", why: addressbook.NoHandshake, err: connect.ErrHandshake},
		{name: "ourselves", addr: "10.0.0.2:1", id: self, why: addressbook.Self, err: connect.ErrHandshake},
		{name: "too many connections", addr: "10.0.0.2:1", id: good, full: true, why: addressbook.NoRoom},
		{name: "blocked", addr: "10.0.0.66:1", id: good, why: addressbook.Failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dial, other := peer(t, test.id)
				defer other.Close()
				config := testConfig(func(ctx context.Context, network, address string) (net.Conn, error) {
					if test.dialErr != nil {
						return nil, test.dialErr
					}
					ours, theirs := net.Pipe()
					switch test.id {
					case good:
						return dial(ctx, network, address)
					case self: // what we write comes back
						go func() {
							var p [68]byte
							io.ReadFull(theirs, p[:])
							theirs.Write(p[:])
						}()
					default:
						theirs.Close()
					}
					return ours, nil
				})
				sockets := NewSockets(config)
				if test.full {
					for i := range 5 {
						sockets.acquireOutgoing(netip.AddrFrom4([4]byte{10, 1, byte(i), 1}))
					}
				}
				x := newTorrent(t, nil)
				sockets.Dial(x, netip.MustParseAddrPort(test.addr), x.ID(), false)
				got := x.posted()
				require.Len(t, got, 1)
				u := got[0].(protocol.Unreached)
				require.Equal(t, test.why, u.Why)
				require.Equal(t, test.addr, u.Addr.String())
				if test.err == nil {
					require.NoError(t, u.Err, "it was never tried")
				} else {
					require.ErrorIs(t, u.Err, test.err)
				}
				require.Equal(t, test.addr == "10.0.0.66:1", len(x.blocked) == 1)
				x.tasks.Wait()
				require.Equal(t, test.full, sockets.Open() == 5)
			})
		})
	}
}

// Dials wait for others, but not once their torrent is closed.
func TestDialsWaitForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		var mu sync.Mutex
		sockets := NewSockets(testConfig(func(ctx context.Context, _, _ string) (net.Conn, error) {
			mu.Lock()
			dials++
			mu.Unlock()
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		x, y := newTorrent(t, nil), newTorrent(t, nil)
		for range 3 {
			sockets.Dial(x, netip.MustParseAddrPort("10.0.0.2:1"), x.ID(), false)
		}
		sockets.Dial(y, netip.MustParseAddrPort("10.0.0.3:1"), y.ID(), false)
		synctest.Wait()
		require.Equal(t, 2, dials)
		y.close()
		sockets.ForgetDials(y)
		y.tasks.Wait()
		sockets.Dial(y, netip.MustParseAddrPort("10.0.0.3:1"), y.ID(), false) // too late
		y.tasks.Wait()
		time.Sleep(16 * time.Second)
		require.Len(t, x.posted(), 2)
		require.Equal(t, 3, dials)
		require.Equal(t, 1, sockets.Open(), "the dials that ended gave their places back")
		x.close()
		x.tasks.Wait()
		sockets.Connector.Close()
		require.Equal(t, 3, dials)
		require.Empty(t, x.posted(), "closing it ended the dial, not the peer")
		require.Empty(t, y.posted())
		require.Zero(t, sockets.Open())
	})
}

// A torrent that is closed while it dials does not wait for the dials of others.
func TestDialWhileClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sockets := NewSockets(testConfig(func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		x := newTorrent(t, nil)
		for range 2 {
			sockets.Dial(x, netip.MustParseAddrPort("10.0.0.2:1"), x.ID(), false)
		}
		y := &closesLate{torrent: newTorrent(t, nil)}
		begin := time.Now()
		sockets.Dial(y, netip.MustParseAddrPort("10.0.0.3:1"), y.ID(), false)
		y.tasks.Wait()
		require.Zero(t, time.Since(begin))
		require.Empty(t, y.posted())
		x.close()
		x.tasks.Wait()
		sockets.Connector.Close()
	})
}

// closesLate is a torrent that is closed, with all that this does at once, between the first
// question and what follows.
type closesLate struct {
	*torrent
	asked bool
}

func (x *closesLate) Closing() bool {
	was := x.asked
	x.asked = true
	return was
}

// A Connector that another closed dials nobody.
func TestDialOnClosedConnector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sockets := NewSockets(testConfig(nil))
		sockets.Connector.Close()
		x := newTorrent(t, nil)
		sockets.Dial(x, netip.MustParseAddrPort("10.0.0.2:1"), x.ID(), false)
		x.tasks.Wait()
		got := x.posted()
		require.Len(t, got, 1)
		require.Equal(t, connect.ErrClosed, got[0].(protocol.Unreached).Err)
	})
}
