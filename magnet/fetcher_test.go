package magnet

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/magnet/fetch"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// fetched runs a fetch and returns its result and how long it took.
func fetched(t *testing.T, o Options) (*Result, time.Duration) {
	t.Helper()
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	result, err := Fetch(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() { closeAll(result) })
	return result, time.Since(start)
}

// With one peer at 50 ms one way, 1 MiB is here 1.2 s after the first SYN.
func TestOnePeerIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(1 << 20)
		s := &seeder{info: info}
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, s.serve}}}
		result, took := fetched(t, options(info, n, "10.0.0.1:1"))
		require.True(t, bytes.Equal(info, result.Info))
		require.LessOrEqual(t, took, 1200*time.Millisecond)
		t.Log(took)
	})
}

// With one slow and one lying peer among five, 1 MiB takes less than 3 s.
func TestSlowAndLyingPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(1 << 20)
		slow, liar := &seeder{info: info, wait: 2 * time.Second}, &seeder{info: spoiled(info)}
		n := &network{peers: map[string]remote{
			"10.0.0.1:1": {trip, slow.serve},
			"10.0.0.2:1": {trip / 2, liar.serve},
			"10.0.0.3:1": {trip, (&seeder{info: info}).serve},
			"10.0.0.4:1": {trip, (&seeder{info: info}).serve},
			"10.0.0.5:1": {trip, (&seeder{info: info}).serve},
		}}
		result, took := fetched(t, options(info, n, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1", "10.0.0.5:1"))
		require.True(t, bytes.Equal(info, result.Info))
		require.Less(t, took, 3*time.Second)
		t.Log(took)
	})
}

// Metadata of one piece is here two round trips after the connection, so the torrent has two
// more of the four until the first payload byte: interested and unchoke, request and block.
func TestOnePiece(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, (&seeder{info: info}).serve}}}
		result, took := fetched(t, options(info, n, "10.0.0.1:1"))
		require.Len(t, result.Conns, 1)
		require.Equal(t, 6*trip, took, "SYN, handshakes, request")
	})
}

// What the peer said goes along with its connection, and so does what it says afterwards.
func TestLiveConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(40_000)
		s := &seeder{
			info: info,
			first: []peerwire.Message{
				{Kind: peerwire.Bitfield, Data: []byte{0xf0}},
				{Kind: peerwire.Unchoke},
				{Kind: peerwire.Have, Piece: 3},
				{Kind: peerwire.Have, Piece: 5},
				{Kind: peerwire.KeepAlive},
				{Kind: peerwire.Interested},
				{Kind: peerwire.NotInterested},
				{Kind: peerwire.AllowedFast, Piece: 2},
			},
			more: []peerwire.Message{{Kind: peerwire.Have, Piece: 6}},
		}
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, s.serve}}}
		result, _ := fetched(t, options(info, n, "10.0.0.1:1"))
		require.Equal(t, info, result.Info)
		require.Len(t, result.Conns, 1)
		c := result.Conns[0]
		require.True(t, c.Greeted)
		require.True(t, c.Outgoing)
		require.Equal(t, Origin{User: true}, c.Origin)
		var kinds []peerwire.Kind
		for _, m := range replayed(t, c.Conn) {
			kinds = append(kinds, m.Kind)
		}
		require.Equal(t, []peerwire.Kind{
			peerwire.Extended, peerwire.Bitfield, peerwire.Have, peerwire.AllowedFast, peerwire.Have, peerwire.Unchoke,
		}, kinds)
		require.Equal(t, []Peer{{at("10.0.0.1:1"), Origin{User: true}}}, result.Peers)

		// The connection still works in both directions.
		_, err := c.Write(peerwire.Message{Kind: peerwire.Interested}.AppendTo(nil))
		require.NoError(t, err)
		time.Sleep(2 * trip)
		got := s.messages()
		require.Equal(t, peerwire.HaveNone, got[0].Kind)
		require.Equal(t, peerwire.Interested, got[len(got)-1].Kind)
		for _, m := range got[:len(got)-1] {
			require.NotEqual(t, peerwire.Interested, m.Kind)
		}
	})
}

// A message of which a part has arrived is complete with what comes later.
func TestPartOfAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		s := &seeder{info: info}
		have := peerwire.Message{Kind: peerwire.Have, Piece: 9}.AppendTo(nil)
		n := &network{peers: map[string]remote{"10.0.0.1:1": {0, func(c net.Conn) {
			s.serve(&tailConn{Conn: c, tail: have})
		}}}}
		result, _ := fetched(t, options(info, n, "10.0.0.1:1"))
		c := result.Conns[0]
		require.True(t, bytes.HasSuffix(c.Replay, have[:5]))
		rest := make([]byte, 4)
		_, err := c.Read(rest)
		require.NoError(t, err)
		require.Equal(t, have[5:], rest)
	})
}

// A tailConn sends the first bytes of a message with the answer to a request, and the
// others a second later.
type tailConn struct {
	net.Conn
	tail []byte
}

func (c *tailConn) Write(p []byte) (int, error) {
	if len(p) < 5000 {
		return c.Conn.Write(p)
	}
	_, err := c.Conn.Write(append(append([]byte(nil), p...), c.tail[:5]...))
	time.AfterFunc(time.Second, func() { c.Conn.Write(c.tail[5:]) })
	return len(p), err
}

// Connections that peers make to us come from the Connector.
func TestIncomingConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		o := options(info, &network{})
		f, err := New(o)
		require.NoError(t, err)
		go func() {
			time.Sleep(time.Minute)
			ours, theirs := delayed(trip, at("10.0.0.1:999").AddrPort)
			receiver, ok := o.Connector.Receiver(o.HashV1)
			if !ok {
				panic("no receiver")
			}
			go func() {
				_, err := handshake.Initiate(context.Background(), theirs, handshake.Handshake{
					InfoHash: o.HashV1, PeerID: swarm.PeerID{'s'}, Reserved: handshake.Bits(handshake.Extended),
				}, handshake.Options{})
				if err == nil {
					(&seeder{info: info}).talk(theirs)
				}
			}()
			c, err := o.Connector.Accept(context.Background(), ours, func(handshake.Handshake) (handshake.Handshake, error) { return receiver.Ours, nil })
			if err == nil {
				receiver.Take(c)
			}
		}()
		result, err := f.Run(t.Context())
		require.NoError(t, err)
		defer closeAll(result)
		require.Equal(t, info, result.Info)
		require.Equal(t, Origin{Incoming: true}, result.Conns[0].Origin)
		require.Equal(t, []Peer{{at("10.0.0.1:7777"), Origin{Incoming: true}}}, result.Peers)
		_, ok := o.Connector.Receiver(o.HashV1)
		require.False(t, ok)
		_, err = f.Run(t.Context())
		require.ErrorIs(t, err, ErrEnded)
	})
}

// Without peers a fetch waits until its context is done. Peers may be added meanwhile.
func TestNoPeersIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, (&seeder{info: info}).serve}}}
		f, err := New(options(info, n))
		require.NoError(t, err)
		time.AfterFunc(time.Hour, func() { f.AddPeers(at("10.0.0.1:1")) })
		start := time.Now()
		result, err := f.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, time.Hour+6*trip, time.Since(start))
		closeAll(result)
		require.Equal(t, "fetching metadata from 1 peer, 1 of 1 pieces", f.Progress().String())

		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, errors.New("enough"))
		defer cancel()
		_, err = Fetch(ctx, options(info, n))
		require.EqualError(t, err, "magnet: fetching metadata: enough")
	})
}

// A fetch that is ended has closed every connection, also those that come at that moment.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(100_000)
		mute := &seeder{info: info, mute: true}
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, mute.serve}, "10.0.0.2:1": {time.Hour, mute.serve}}}
		f, err := New(options(info, n, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ours, theirs := delayed(trip, at("10.0.0.9:9").AddrPort)
		time.AfterFunc(10*time.Second, func() {
			cancel()
			f.AddConn(&connect.Conn{Conn: ours, Swarm: f.swarms[0], Addr: at("10.0.0.9:9").AddrPort})
		})
		_, err = f.Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		discard(theirs) // until it is closed
		n.done.Wait()
		time.Sleep(time.Minute)
	})
}

func TestErrors(t *testing.T) {
	_, err := Fetch(t.Context(), Options{})
	require.ErrorIs(t, err, errNoHash)
	_, err = Fetch(t.Context(), Options{HashV1: [20]byte{1}})
	require.ErrorIs(t, err, errNoConnector)
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(100_000)
		n := &network{peers: map[string]remote{"10.0.0.1:1": {trip, (&seeder{info: info}).serve}}}
		o := options(info, n, "10.0.0.1:1")
		o.HashV2 = [32]byte{1}
		_, err := Fetch(t.Context(), o)
		require.ErrorIs(t, err, fetch.ErrTwoTorrents)

		o = options(info, n, "10.0.0.1:1")
		o.MaxSize = 1000
		var lines []string
		o.OnProgress = func(p Progress) { lines = append(lines, p.String()) }
		_, err = Fetch(t.Context(), o)
		var tooLong *fetch.SizeError
		require.ErrorAs(t, err, &tooLong)
		require.Contains(t, lines, "fetching metadata, looking for peers")
		require.Contains(t, lines, "fetching metadata: 1 peer, all sizes above the limit, such as 100000 bytes")
		time.Sleep(time.Minute)
	})
}

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
