package magnet

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// Peers that misbehave are closed, a liar is not dialed again, and its address is handed on
// as banned. Each end is counted.
func TestBadPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(20_000)
		liar := &seeder{info: spoiled(info)}
		broken := &seeder{info: info, first: []peerwire.Message{{Kind: peerwire.Unchoke}, {Kind: peerwire.HaveAll}}}
		flood := &seeder{info: info, first: []peerwire.Message{{Kind: peerwire.Piece, Data: []byte("x")}}}
		n := &network{peers: map[string]remote{
			"8.0.0.1:1":  {trip, liar.serve},
			"10.0.0.1:1": {trip, liar.serve},
			"8.0.0.2:1":  {trip, broken.serve},
			"8.0.0.3:1":  {trip, flood.serve},
			"8.0.0.4:1":  {10 * trip, (&seeder{info: info}).serve},
		}}
		o := options(info, n, "8.0.0.1:1", "8.0.0.1:2", "8.0.0.2:1", "8.0.0.3:1")
		f, err := New(o)
		require.NoError(t, err)
		time.AfterFunc(9*time.Second, func() { f.AddPeers(at("10.0.0.1:1")) })
		time.AfterFunc(10*time.Second, func() { f.AddPeers(at("8.0.0.1:3"), at("8.0.0.4:1")) })
		result, err := f.Run(t.Context())
		require.NoError(t, err)
		defer closeAll(result)
		require.Len(t, result.Conns, 1)
		require.Equal(t, at("8.0.0.1:1").AddrPort, result.Banned[0])
		require.Equal(t, 1, n.dials["8.0.0.1:1"])
		require.Zero(t, n.dials["8.0.0.1:3"])
		require.Equal(t, 1, n.dials["10.0.0.1:1"])
		ends := f.Progress().Ends
		require.Equal(t, 2, ends[4], "banned")
		require.Positive(t, ends[2], "broken")
		require.Positive(t, ends[3], "flood")
	})
}

// Links that are full of addresses do not make more connections than allowed.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(20_000)
		n := &network{peers: map[string]remote{}}
		o := options(info, n)
		o.MaxPeers = 10
		none := &seeder{info: info, size: -1}
		for i := range 30 {
			a := swarm.Address{AddrPort: at("8.0.0.1:1").AddrPort}
			addr := a.Addr().As4()
			addr[1] = byte(i)
			a.AddrPort = at(net.JoinHostPort(net.IP(addr[:]).String(), "1")).AddrPort
			n.peers[a.String()] = remote{trip, none.serve}
			o.Peers = append(o.Peers, a)
		}
		most := 0
		o.OnProgress = func(p Progress) { most = max(most, p.Peers) }
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, err := Fetch(ctx, o)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10, most)
		require.Len(t, n.dials, 30, "those without metadata give up their places")
		n.done.Wait()
		time.Sleep(time.Minute)
	})
}

// Two peers that dial each other at once keep one connection, both the same.
func TestCrossedConnections(t *testing.T) {
	for _, id := range []string{"a", "z"} { // ours is "us"
		synctest.Test(t, func(t *testing.T) {
			info := randomInfo(5000)
			f, err := New(options(info, &network{}))
			require.NoError(t, err)
			r := newRun(t.Context(), f)
			theirs := handshake.Handshake{Reserved: handshake.Bits(handshake.Extended)}
			copy(theirs.PeerID[:], id)
			var ends []net.Conn
			connected := func(addr string, outgoing bool) *connect.Conn {
				ours, far := net.Pipe()
				ends = append(ends, ours, far)
				go discard(far)
				return &connect.Conn{Conn: ours, Addr: at(addr).AddrPort, Swarm: f.swarms[0], Theirs: theirs, Outgoing: outgoing}
			}
			r.places.Add(at("8.0.0.1:1").Addr(), true)
			r.dialed(at("8.0.0.1:1").AddrPort, connected("8.0.0.1:1", true), nil)
			r.adopt(connected("8.0.0.1:999", false))
			require.Len(t, r.conns, 1)
			require.Equal(t, 1, r.places.Len())
			for _, c := range r.conns {
				require.Equal(t, id == "a", c.Outgoing, "that of the greater peer id")
			}
			r.adopt(connected("8.0.0.2:1", false))
			require.Len(t, r.conns, 1, "it pretends to be the same")
			theirs.PeerID = f.options.PeerID
			r.adopt(connected("8.0.0.3:1", false))
			theirs.PeerID = swarm.PeerID{'o'}
			other := connected("8.0.0.3:1", false)
			other.Swarm = swarm.ID{9}
			r.adopt(other)
			require.Len(t, r.conns, 1, "ourselves, another swarm")
			r.abandon()
			for _, c := range ends {
				c.Close()
			}
		})
	}
}

// A peer that sends more than can be replayed is closed.
func TestGreedyPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		var haves []byte
		for i := range 30_000 {
			haves = peerwire.Message{Kind: peerwire.Have, Piece: i}.AppendTo(haves)
		}
		talks := &seeder{info: info, size: -1}
		n := &network{peers: map[string]remote{
			"8.0.0.1:1": {trip, func(c net.Conn) {
				go talks.serve(&prefixConn{Conn: c, more: haves})
				time.Sleep(time.Minute)
				c.Close()
			}},
		}}
		f, err := New(options(info, n, "8.0.0.1:1"))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = f.Run(ctx)
		require.Error(t, err)
		require.Positive(t, f.Progress().Ends[8], "replaced")
		time.Sleep(5 * time.Minute)
	})
}

// A prefixConn sends something with its second write, which follows the handshake.
type prefixConn struct {
	net.Conn
	writes int
	more   []byte
}

func (c *prefixConn) Write(p []byte) (int, error) {
	c.writes++
	n, err := c.Conn.Write(p)
	if c.writes == 2 {
		c.Conn.Write(c.more)
	}
	return n, err
}
