package connect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// mask is a Secure for tests: it begins with a byte of its own and the mark of the swarm,
// and masks each byte that follows with its key.
type mask struct{ key byte }

const maskStart = 200 // a byte with which no handshake begins

func (m mask) Mark(id [20]byte) [20]byte {
	for i := range id {
		id[i] ^= m.key + 1
	}
	return id
}

func (m mask) Initiate(ctx context.Context, c net.Conn, id [20]byte, first []byte) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	mark := m.Mark(id)
	begin := append([]byte{maskStart + m.key}, mark[:]...)
	for _, b := range first {
		begin = append(begin, b^m.key)
	}
	_, err := c.Write(begin)
	return maskedConn{c, m.key}, err
}

func (m mask) Begins(first []byte) bool { return first[0] == maskStart+m.key }

func (m mask) Accept(ctx context.Context, c net.Conn, find func([20]byte) ([20]byte, bool)) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var begin [21]byte
	_, err := io.ReadFull(c, begin[:])
	if err != nil {
		return nil, err
	}
	_, ok := find([20]byte(begin[1:]))
	if !ok {
		return nil, ErrNoTorrent
	}
	return maskedConn{c, m.key}, nil
}

// maskedConn masks what is sent and received.
type maskedConn struct {
	net.Conn
	key byte
}

func (c maskedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for i := range n {
		p[i] ^= c.key
	}
	return n, err
}

func (c maskedConn) Write(p []byte) (int, error) {
	p = bytes.Clone(p)
	for i := range p {
		p[i] ^= c.key
	}
	return c.Conn.Write(p)
}

// accepted is the other end of a connection by mask{7}. One that is no such connection is
// closed.
func accepted(c net.Conn) net.Conn {
	first := make([]byte, 1)
	_, err := io.ReadFull(c, first)
	if err == nil && first[0] != maskStart+7 {
		c.Close()
		return c
	}
	secured, err := mask{7}.Accept(context.Background(), &begunConn{c, first}, func([20]byte) ([20]byte, bool) { return someSwarm, true })
	if err != nil {
		c.Close()
		return c
	}
	return secured
}

// say writes bytes, and drops what comes back.
func say(p []byte) func(net.Conn) {
	return func(c net.Conn) {
		go io.Copy(io.Discard, c)
		c.Write(p)
	}
}

// dials is a peer that dials us with a Secure; nil for plain.
func dials(s Secure, h handshake.Handshake, then ...byte) func(net.Conn) {
	return func(c net.Conn) {
		id := swarm.ID(h.InfoHash)
		if s == nil {
			handshake.Initiate(context.Background(), c, h, handshake.Options{})
			c.Write(then)
			return
		}
		secured, err := s.Initiate(context.Background(), c, id, h.AppendTo(nil))
		if err != nil {
			return
		}
		handshake.Initiate(context.Background(), &sentConn{secured, handshake.Len}, h, handshake.Options{})
		secured.Write(then)
	}
}

func TestAccept(t *testing.T) {
	full := errors.New("full")
	answer := func(theirs handshake.Handshake) (handshake.Handshake, error) {
		switch swarm.ID(theirs.InfoHash) {
		case someSwarm:
			return handshake.Handshake{PeerID: us.PeerID, Reserved: us.Reserved}, nil
		case swarm.ID{2}:
			return handshake.Handshake{}, full
		}
		return handshake.Handshake{}, ErrNoTorrent
	}
	in := func(id swarm.ID) handshake.Handshake {
		h := them
		h.InfoHash = id
		return h
	}
	ourselves := them
	ourselves.PeerID = us.PeerID
	inner := mask{7}.Mark(someSwarm)
	other := append([]byte{maskStart + 7}, inner[:]...)
	for _, b := range in(swarm.ID{2}).AppendTo(nil) {
		other = append(other, b^7)
	}
	both := []Secure{nil, mask{8}, mask{7}}
	for _, test := range []struct {
		name    string
		peer    func(net.Conn)
		secures []Secure
		why     Reason // zero for a handshake
		cause   error
		took    time.Duration
	}{
		{name: "plain", peer: dials(nil, them)},
		{name: "plain, or secured", peer: dials(nil, them), secures: both},
		{name: "secured, or plain", peer: dials(mask{7}, them), secures: both},
		{name: "secured by another", peer: dials(mask{8}, them), secures: both},
		{name: "only secured", peer: dials(mask{7}, them), secures: []Secure{mask{7}}},
		{name: "plain, only secured", peer: dials(nil, them), secures: []Secure{mask{7}}, why: Refused, cause: errPlain},
		{name: "secured, only plain", peer: dials(mask{7}, them), why: Foreign},
		{name: "secured by none of ours", peer: dials(mask{9}, them), secures: both, why: Foreign, cause: errUnknownKind},
		{name: "another protocol", peer: say([]byte("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")), why: Foreign},
		{name: "no such torrent", peer: dials(nil, in(swarm.ID{3})), why: NoTorrent, cause: ErrNoTorrent},
		{name: "no such torrent, secured", peer: dials(mask{7}, in(swarm.ID{3})), secures: both, why: NoTorrent, cause: ErrNoTorrent},
		{name: "two swarms", peer: say(other), secures: both, why: Refused, cause: errOtherSwarm},
		{name: "refused", peer: dials(nil, in(swarm.ID{2})), why: Refused, cause: full},
		{name: "ourselves", peer: dials(nil, ourselves), why: Self, cause: handshake.ErrSelf},
		{name: "hung up", peer: func(c net.Conn) { c.Close() }, why: HungUp},
		{name: "hung up, or secured", peer: func(c net.Conn) { c.Write([]byte{19}); c.Close() }, secures: both, why: HungUp},
		{name: "silent", peer: func(net.Conn) {}, why: Silent, took: 10 * time.Second},
		{name: "silent, or secured", peer: say([]byte{19}), secures: both, why: Silent, took: 10 * time.Second},
		{name: "silent, secured", peer: say(append([]byte{maskStart + 7}, inner[:]...)), secures: both, why: Silent, took: 10 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(Options{Secures: test.secures})
				c.AddSwarm(someSwarm)
				ours, theirs := net.Pipe()
				defer theirs.Close()
				go test.peer(theirs)
				begin := time.Now()
				conn, err := c.Accept(t.Context(), addrConn{ours, somewhere}, answer)
				require.Equal(t, test.took, time.Since(begin))
				if test.why == 0 {
					require.NoError(t, err)
					require.Equal(t, them.PeerID, conn.Theirs.PeerID)
					require.Equal(t, us, conn.Ours)
					require.Equal(t, somewhere, conn.Addr)
					require.Equal(t, someSwarm, conn.Swarm)
					require.False(t, conn.Outgoing)
					conn.Close()
					return
				}
				var failed *Error
				require.ErrorAs(t, err, &failed)
				require.Equal(t, test.why, failed.Why, "%v", err)
				require.Equal(t, somewhere, failed.Addr)
				require.Equal(t, test.why >= HungUp, errors.Is(err, ErrHandshake))
				if test.cause != nil {
					require.ErrorIs(t, err, test.cause)
				}
				_, err = ours.Read(make([]byte, 1))
				require.ErrorIs(t, err, io.ErrClosedPipe, "the socket is closed")
			})
		})
	}
}

// An address that is blocked gets no answer.
func TestAcceptBlocked(t *testing.T) {
	c := New(Options{Blocked: func(a netip.Addr) bool { return a == somewhere.Addr() }})
	ours, theirs := net.Pipe()
	defer theirs.Close()
	_, err := c.Accept(t.Context(), addrConn{ours, netip.MustParseAddrPort("[::ffff:10.0.0.2]:5")}, nil)
	var failed *Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, Filtered, failed.Why)
}

// An Accept ends with its context, in each of its steps.
func TestAcceptEndsWithItsContext(t *testing.T) {
	for _, secures := range [][]Secure{nil, {nil, mask{7}}} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Options{Secures: secures})
			ours, theirs := net.Pipe()
			defer theirs.Close()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			begin := time.Now()
			_, err := c.Accept(ctx, ours, nil)
			require.Equal(t, time.Second, time.Since(begin))
			var failed *Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, Canceled, failed.Why)
		})
	}
}

// What a peer sends after its handshake is still to be read.
func TestNothingIsLost(t *testing.T) {
	for _, s := range []Secure{nil, mask{7}} {
		c := New(Options{Secures: []Secure{nil, mask{7}}})
		c.AddSwarm(someSwarm)
		ours, theirs := net.Pipe()
		go dials(s, them, []byte("hello")...)(theirs)
		conn, err := c.Accept(t.Context(), ours, func(handshake.Handshake) (handshake.Handshake, error) { return us, nil })
		require.NoError(t, err)
		var p [5]byte
		_, err = io.ReadFull(conn, p[:])
		require.NoError(t, err)
		require.Equal(t, "hello", string(p[:]))
		conn.Close()
	}
}

// A swarm has a receiver until that stops, and a mark as long as somebody takes part in it.
func TestReceivers(t *testing.T) {
	c := New(Options{Secures: []Secure{nil, mask{7}}})
	_, ok := c.Receiver(someSwarm)
	require.False(t, ok)
	c.AddSwarm(someSwarm)
	stopFirst := c.Receive(someSwarm, Receiver{Ours: us})
	r, ok := c.Receiver(someSwarm)
	require.True(t, ok)
	ours, err := r.Answer(somewhere)
	require.NoError(t, err)
	require.Equal(t, us, ours)
	r.Admit = func(a netip.AddrPort) bool { return a == somewhere }
	_, err = r.Answer(somewhere)
	require.NoError(t, err)
	_, err = r.Answer(netip.MustParseAddrPort("10.0.0.3:1"))
	require.ErrorIs(t, err, errNotAdmitted)
	stopSecond := c.Receive(someSwarm, Receiver{Ours: them})
	stopFirst()
	stopFirst()
	r, ok = c.Receiver(someSwarm)
	require.True(t, ok)
	require.Equal(t, them, r.Ours)
	stopSecond()
	_, ok = c.Receiver(someSwarm)
	require.False(t, ok)
	_, ok = c.swarms.find(mask{7}, mask{7}.Mark(someSwarm))
	require.True(t, ok, "it was added apart from the receivers")
	c.RemoveSwarm(someSwarm)
	_, ok = c.swarms.find(mask{7}, mask{7}.Mark(someSwarm))
	require.False(t, ok)
	require.Empty(t, c.swarms.marks)
	require.Empty(t, c.swarms.uses)

	plain := New(Options{})
	plain.AddSwarm(someSwarm)
	plain.RemoveSwarm(someSwarm)
	require.Nil(t, plain.swarms.marks, "without encryption there are no marks")
}

// FuzzAccept has a peer say anything. Accept ends, and closes the socket unless it is a
// handshake.
func FuzzAccept(f *testing.F) {
	plain := them.AppendTo(nil)
	f.Add(plain, true)
	f.Add(plain[:30], false)
	f.Add([]byte("\x13BitTorrent protocol"), true)
	mark := mask{7}.Mark(someSwarm)
	secured := append([]byte{maskStart + 7}, mark[:]...)
	for _, b := range plain {
		secured = append(secured, b^7)
	}
	f.Add(secured, true)
	f.Add(secured[:25], true)
	f.Fuzz(func(t *testing.T, p []byte, encrypts bool) {
		o := Options{Secures: []Secure{nil}, HandshakeTimeout: -1}
		if encrypts {
			o.Secures = append(o.Secures, mask{7})
		}
		c := New(o)
		c.AddSwarm(someSwarm)
		ours, theirs := net.Pipe()
		go func() {
			go io.Copy(io.Discard, theirs)
			theirs.Write(p)
			theirs.Close()
		}()
		answered := 0
		conn, err := c.Accept(t.Context(), ours, func(theirs handshake.Handshake) (handshake.Handshake, error) {
			answered++
			if swarm.ID(theirs.InfoHash) != someSwarm {
				return handshake.Handshake{}, ErrNoTorrent
			}
			return us, nil
		})
		require.LessOrEqual(t, answered, 1)
		if err == nil {
			require.Equal(t, someSwarm, conn.Swarm)
			require.Equal(t, 1, answered)
			conn.Close()
		}
		_, err = ours.Write([]byte{0})
		require.ErrorIs(t, err, io.ErrClosedPipe)
	})
}
