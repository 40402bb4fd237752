package conns

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
		{name: "nobody listens", addr: "10.0.0.2:1", dialErr: refused, why: addressbook.Failed, err: ErrConnect},
		{name: "no handshake", addr: "10.0.0.2:1", why: addressbook.NoHandshake, err: ErrHandshake},
		{name: "ourselves", addr: "10.0.0.2:1", id: self, why: addressbook.Self, err: ErrHandshake},
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
						sockets.acquireDial(netip.AddrFrom4([4]byte{10, 1, byte(i), 1}))
					}
				}
				d, x := NewDialer(sockets), newTorrent(t, nil)
				d.Dial(x, netip.MustParseAddrPort(test.addr), x.ID(), false)
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
		d, x, y := NewDialer(sockets), newTorrent(t, nil), newTorrent(t, nil)
		for range 3 {
			d.Dial(x, netip.MustParseAddrPort("10.0.0.2:1"), x.ID(), false)
		}
		d.Dial(y, netip.MustParseAddrPort("10.0.0.3:1"), y.ID(), false)
		synctest.Wait()
		require.Equal(t, 2, dials)
		y.close()
		d.Forget(y)
		y.tasks.Wait()
		d.Dial(y, netip.MustParseAddrPort("10.0.0.3:1"), y.ID(), false) // too late
		time.Sleep(16 * time.Second)
		require.Len(t, x.posted(), 2)
		require.Equal(t, 3, dials)
		x.close()
		x.tasks.Wait()
		d.Close()
		require.Equal(t, 3, dials)
		require.Empty(t, x.posted(), "closing it ended the dial, not the peer")
		require.Empty(t, y.posted())
	})
}

// A torrent that dials many dead addresses does not delay the dials of others.
func TestDialsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var began []string
		config := testConfig(func(ctx context.Context, _, address string) (net.Conn, error) {
			mu.Lock()
			began = append(began, address)
			mu.Unlock()
			<-ctx.Done()
			return nil, ctx.Err()
		})
		all := func() []string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(began)
		}
		config.HalfOpen, config.Places.Total = 16, 500
		d := NewDialer(NewSockets(config))
		x, y, z := newTorrent(t, nil), newTorrent(t, nil), newTorrent(t, nil)
		for i := range 80 {
			d.Dial(x, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), uint16(i+1)), x.ID(), false)
		}
		require.Len(t, all(), 14, "the last two are for others")
		for i := range 20 {
			d.Dial(y, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), uint16(i+1)), y.ID(), false)
		}
		d.Dial(z, netip.MustParseAddrPort("10.0.0.3:1"), z.ID(), false)
		require.ElementsMatch(t, []string{"10.0.0.2:1", "10.0.0.3:1"}, all()[14:])
		time.Sleep(16 * time.Second)
		others := 0
		for _, addr := range all()[16:] {
			if strings.HasPrefix(addr, "10.0.0.2:") {
				others++
			}
		}
		require.Equal(t, 7, others, "two torrents share what became free")
		for _, o := range []*torrent{x, y, z} {
			o.close()
			d.Forget(o)
			o.tasks.Wait()
		}
		d.Close()
		require.Empty(t, d.queues)
		require.Empty(t, d.turns)
	})
}
