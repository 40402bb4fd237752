package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// oursFor is what a fetch for a sample says in its handshake.
func oursFor(e *Engine, s *sample) handshake.Handshake {
	return handshake.Handshake{
		InfoHash: s.id,
		PeerID:   e.PeerID(),
		Reserved: handshake.Bits(handshake.Fast, handshake.Extended),
	}
}

// fetched dials as a fetch of metadata does.
func (r *rig) fetched(e *Engine, addr netip.AddrPort, s *sample) *connect.Conn {
	r.t.Helper()
	c, err := e.Connector().Dial(r.t.Context(), connect.Request{Addr: addr, Ours: oursFor(e, s)})
	require.NoError(r.t, err)
	return c
}

// greet sends what a fetch says first.
func greet(t *testing.T, c *connect.Conn) {
	hello := peerwire.ExtendedHandshake{V: "fetch", M: peerwire.Extensions{"ut_metadata": 7}}
	first := peerwire.Message{Kind: peerwire.HaveNone}.AppendTo(nil)
	first = peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)}.AppendTo(first)
	_, err := c.Write(first)
	require.NoError(t, err)
	c.Greeted = true
}

// readInto reads what came so far into Replay.
func readInto(t *testing.T, c *connect.Conn) {
	synctest.Wait()
	p := make([]byte, connect.MaxReplay)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Second))) // the torrent clears it
	n, err := c.Read(p)
	require.NoError(t, err)
	c.Replay = append(c.Replay, p[:n]...)
}

// passing is a dialer that counts calls.
type passing struct {
	*simnet.Host
	all atomic.Int64
}

func (d *passing) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.all.Add(1)
	return d.Host.DialContext(ctx, network, address)
}

// A torrent downloads over a connection that was made before there was a torrent: over one
// that said nothing, and over one on which a fetch ran. No other connection is made, also
// when a source names the address.
func TestDownloadOverAdoptedConnection(t *testing.T) {
	for _, ran := range []bool{false, true} {
		inBubble(t, func(t *testing.T, r *rig) {
			s := newSample(1, 1<<22, 1<<18)
			good := r.engine("10.0.0.2", link, Config{})
			r.seed(good, s)
			dials := &passing{Host: r.network.Host("10.0.0.1", link)}
			e := r.engine("10.0.0.1", link, Config{Dialer: dials})
			c := r.fetched(e, at(good).AddrPort, s)
			if ran {
				greet(t, c)
				time.Sleep(time.Second)
				readInto(t, c)
			}
			require.Zero(t, e.sockets.Open(), "nobody has a place for it yet")
			storage := swarm.NewMemory(s.geometry.Length)
			x := r.add(e, s.spec(storage))
			require.NoError(t, x.AddConn(c))
			x.AddPeers(at(good))
			require.Equal(t, 1, e.sockets.Open())
			r.wait(x, time.Minute)
			s.has(t, storage)
			require.EqualValues(t, 1, dials.all.Load(), "the address was not dialed again")
		})
	}
}

// What the peer said before counts, and what we said is not said again, but for the extension
// handshake, whose numbers may be others now.
func TestAdoptedConnectionGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		l, err := r.network.Host("10.0.0.2", simnet.Link{}).Listen(6881)
		require.NoError(t, err)
		defer l.Close()
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		peers := make(chan net.Conn, 1)
		go func() {
			c, err := l.Accept()
			require.NoError(t, err)
			h := handshake.Handshake{PeerID: peerID("a"), Reserved: handshake.Bits(handshake.Fast, handshake.Extended)}
			_, err = handshake.Accept(t.Context(), c, func(handshake.Handshake) (handshake.Handshake, error) { return h, nil }, handshake.Options{})
			require.NoError(t, err)
			peers <- c
		}()
		c := r.fetched(e, addrPort("10.0.0.2", 6881), s)
		a := newActor(t, <-peers, s, true)
		hello := peerwire.ExtendedHandshake{V: "a", Reqq: 3}
		a.send(peerwire.Message{Kind: peerwire.Bitfield, Data: s.all()},
			peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)},
			peerwire.Message{Kind: peerwire.Unchoke})
		greet(t, c)
		readInto(t, c)
		a.expect(peerwire.HaveNone)
		a.expect(peerwire.Extended)

		spec := s.spec(s.filled())
		spec.Have = swarm.NewBitfield(s.geometry.Pieces())
		spec.Have.Set(1)
		x := r.add(e, spec)
		require.NoError(t, x.AddConn(c))
		var got []peerwire.Kind
		for len(got) < 6 {
			m, err := a.next()
			require.NoError(t, err)
			got = append(got, m.Kind)
		}
		require.Equal(t, []peerwire.Kind{
			peerwire.Have, peerwire.Extended, peerwire.Interested,
			peerwire.Request, peerwire.Request, peerwire.Request,
		}, got)
		p := x.Peers()[0]
		require.Equal(t, s.geometry.Pieces(), p.Pieces)
		require.False(t, p.Choking)
	})
}

// A connection that is not wanted is closed, whatever the reason, and takes no place.
func TestConnectionsThatAreNotAdopted(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(r *rig, x *Torrent, c *connect.Conn)
		err    error // of AddConn; nil if the torrent closes it
	}{
		{name: "the torrent is closed", change: func(_ *rig, x *Torrent, _ *connect.Conn) { x.Close() }, err: ErrClosed},
		{name: "another swarm", change: func(_ *rig, _ *Torrent, c *connect.Conn) { c.Swarm = swarm.ID{9} }, err: connect.ErrNoTorrent},
		{name: "paused", change: func(_ *rig, x *Torrent, _ *connect.Conn) { x.Pause() }},
		{name: "banned", change: func(_ *rig, x *Torrent, c *connect.Conn) { x.Ban(c.Addr.Addr()) }},
		{name: "garbage was read", change: func(_ *rig, _ *Torrent, c *connect.Conn) { c.Replay = []byte{0, 0, 0, 5, 4, 9, 9, 9, 9} }},
		{name: "connected already", change: func(r *rig, x *Torrent, c *connect.Conn) {
			require.NoError(r.t, x.AddConn(r.fetched(x.engine, c.Addr, &sample{id: c.Swarm})))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				s := newSample(1, 1<<20, 1<<18)
				l, err := r.network.Host("10.0.0.2", link).Listen(6881)
				require.NoError(t, err)
				defer l.Close()
				go r.acceptSilently(l, "a", s)
				e := r.engine("10.0.0.1", link, Config{})
				x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length)))
				c := r.fetched(e, addrPort("10.0.0.2", 6881), s)
				test.change(r, x, c)
				before := e.sockets.Open()
				err = x.AddConn(c)
				if test.err != nil {
					require.ErrorIs(t, err, test.err)
				} else {
					require.NoError(t, err)
				}
				time.Sleep(time.Second)
				_, err = io.ReadAll(c)
				require.Error(t, err)
				require.Equal(t, before, e.sockets.Open())
			})
		})
	}
}

// A torrent may be closed while connections come.
func TestAdoptWhileClosing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		good := r.engine("10.0.0.2", link, Config{})
		r.seed(good, s)
		e := r.engine("10.0.0.1", link, Config{})
		for range 50 {
			x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length)))
			c := r.fetched(e, at(good).AddrPort, s)
			done := make(chan error, 1)
			go func() { done <- x.AddConn(c) }()
			x.Close()
			err := <-done
			require.True(t, err == nil || errors.Is(err, ErrClosed), "%v", err)
			_, err = io.ReadAll(c)
			require.Error(t, err)
			require.Zero(t, e.sockets.Open())
		}
	})
}

// A peer that dials us for a swarm whose metadata is being fetched reaches the fetch, and
// the torrent later adopts the connection.
func TestReceiver(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		took := make(chan *connect.Conn, 10)
		stop := e.Connector().Receive(s.id, connect.Receiver{
			Ours:  oursFor(e, s),
			Admit: func(a netip.AddrPort) bool { return a.Addr() != netip.MustParseAddr("10.9.0.1") },
			Take:  func(c *connect.Conn) { took <- c },
		})
		refused := func(addr string) {
			socket, err := r.network.Host(addr, simnet.Link{}).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
			require.NoError(t, err)
			h := handshake.Handshake{InfoHash: s.id, PeerID: peerID("r")}
			_, err = handshake.Initiate(t.Context(), socket, h, handshake.Options{})
			require.ErrorIs(t, err, io.EOF)
		}
		refused("10.9.0.1")
		a := r.dialAs("a", e, s, handshake.Fast)
		c := <-took
		require.False(t, c.Outgoing)
		require.EqualValues(t, peerID("a"), c.Theirs.PeerID)
		require.Equal(t, s.id, c.Swarm)
		require.Zero(t, e.sockets.Open(), "the fetch has places of its own")
		greet(t, c)
		a.send(peerwire.Message{Kind: peerwire.HaveNone})
		readInto(t, c)

		x := r.seed(e, s) // from now on the torrent gets the connections
		require.NoError(t, x.AddConn(c))
		require.Equal(t, 1, e.sockets.Open())
		for range s.geometry.Pieces() {
			a.expect(peerwire.Have)
		}
		b := r.dialAs("b", e, s, handshake.Fast)
		b.expect(peerwire.HaveAll)
		require.Empty(t, took)
		x.Close()
		d := r.dialAs("d", e, s, handshake.Fast)
		(<-took).Close()
		require.True(t, d.ended(time.Second))

		stop()
		refused("10.9.1.1")
	})
}

// A torrent that is added during a handshake gets the connection, not the fetch before it.
func TestReceiverMakesWayForTorrent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", simnet.Link{}, Config{})
		stop := e.Connector().Receive(s.id, connect.Receiver{
			Ours: oursFor(e, s),
			Take: func(*connect.Conn) { panic("there is a torrent") },
		})
		c, err := r.network.Host("10.0.0.2", simnet.Link{}).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		p := handshake.Handshake{InfoHash: s.id, PeerID: peerID("a"), Reserved: handshake.Bits(handshake.Fast)}.AppendTo(nil)
		_, err = c.Write(p[:48])
		require.NoError(t, err)
		synctest.Wait()
		x := r.seed(e, s)
		stop()
		_, err = c.Write(p[48:])
		require.NoError(t, err)
		_, err = handshake.Read(c)
		require.NoError(t, err)
		a := newActor(t, c, s, true)
		a.expect(peerwire.HaveAll)
		require.Len(t, x.Peers(), 1)
		require.Equal(t, 1, e.sockets.Open())
	})
}

// Engines that share a Connector share its limit of dials, and leave it open.
func TestSharedConnector(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := new(counting)
		shared := connect.New(connect.Options{Dialers: []connect.Dialer{d}, HalfOpen: 5})
		for i := range 2 {
			e := r.engine(addrPort("10.0.0.1", 0).Addr().String(), link, Config{Connector: shared, Listeners: []net.Listener{}})
			require.Same(t, shared, e.Connector())
			var dead swarm.List
			for k := range 50 {
				dead = append(dead, swarm.Address{AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 5, byte(i), byte(k)}), 1)})
			}
			s := newSample(byte(i+1), 1<<20, 1<<18)
			r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), dead))
		}
		time.Sleep(10 * time.Minute)
		require.EqualValues(t, 5, d.most.Load())
		for _, e := range r.engines {
			r.close(e)
		}
		_, err := shared.Dial(t.Context(), connect.Request{Addr: addrPort("10.0.0.9", 1)})
		require.ErrorIs(t, err, connect.ErrConnect, "it still dials")
		shared.Close()
	})
}

// shift is a Secure for tests: it shows the swarm's ID with another first byte, and sends the
// rest as it is.
type shift struct{}

func (shift) Mark(id [20]byte) [20]byte { id[0]++; return id }

func (s shift) Initiate(_ context.Context, c net.Conn, id [20]byte, first []byte) (net.Conn, error) {
	mark := s.Mark(id)
	_, err := c.Write(append(mark[:], first...))
	return c, err
}

func (shift) Begins([]byte) bool { return true }

func (shift) Accept(_ context.Context, c net.Conn, find func([20]byte) ([20]byte, bool)) (net.Conn, error) {
	var mark [20]byte
	_, err := io.ReadFull(c, mark[:])
	if err != nil {
		return nil, err
	}
	_, ok := find(mark)
	if !ok {
		return nil, connect.ErrNoTorrent
	}
	return c, nil
}

// Two engines meet on connections that are secured, and one that is not secured does not join.
func TestSecuredConnections(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		connector := func(addr string, secures ...connect.Secure) *connect.Connector {
			return connect.New(connect.Options{
				Dialers: []connect.Dialer{r.network.Host(addr, link)},
				Secures: secures,
			})
		}
		good := r.engine("10.0.0.2", link, Config{Connector: connector("10.0.0.2", shift{})})
		seed := r.seed(good, s)
		plain := r.engine("10.0.0.3", link, Config{Connector: connector("10.0.0.3")})
		y := r.add(plain, s.spec(swarm.NewMemory(s.geometry.Length), list(at(good))))
		e := r.engine("10.0.0.1", link, Config{Connector: connector("10.0.0.1", shift{}, nil)})
		storage := swarm.NewMemory(s.geometry.Length)
		x := r.add(e, s.spec(storage, list(at(good))))
		r.wait(x, time.Minute)
		s.has(t, storage)
		require.Empty(t, y.Peers())
		seed.Close()
		_, err := e.Connector().Dial(t.Context(), connect.Request{Addr: at(good).AddrPort, Ours: oursFor(e, s)})
		require.Error(t, err, "its mark is not known any more")
	})
}
