package connect

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/stretchr/testify/require"
)

// got has a group dial, and returns the connections that it got.
func got(t *testing.T, c *Connector, group any, n int) *[]*Conn {
	t.Helper()
	all := new([]*Conn)
	r := Request{Addr: somewhere, Ours: us, Group: group}
	for range n {
		require.True(t, c.Start(t.Context(), r, func(conn *Conn, err error) {
			if err == nil {
				*all = append(*all, conn)
			}
		}))
		synctest.Wait() // so that all is quiet when all is used
	}
	return all
}

// closeAll closes connections, and lets their peers notice.
func closeAll(conns []*Conn) {
	for _, conn := range conns {
		conn.Close()
		conn.Close()
	}
	synctest.Wait()
}

// Groups share the places of connections that nobody else counts. A dial waits for one, and
// a request that its caller counts needs none.
func TestMaxConns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Dialers: []Dialer{piped(shakesHands)}, MaxConns: 16})
		x := got(t, c, "x", 20)
		require.Len(t, *x, 9, "no more than are free, and one")
		y := got(t, c, "y", 20)
		require.Len(t, *y, 4, "no more than are free, and one")
		z := got(t, c, "z", 20)
		require.Len(t, *z, 1, "the last two are for groups that have none")
		last := got(t, c, "last", 2)
		require.Len(t, *last, 1)
		late := got(t, c, "late", 1)
		require.Len(t, *late, 1)
		later := got(t, c, "later", 1)
		require.Empty(t, *later)
		require.Equal(t, 16, c.held)

		counted := Request{Addr: somewhere, Ours: us, Admit: func() error { return nil }}
		conn, err := c.Dial(t.Context(), counted)
		require.NoError(t, err)
		conn.Close()
		require.Equal(t, 16, c.held)

		(*x)[0].Release() // as if a torrent counted it now
		synctest.Wait()
		require.Len(t, *later, 1, "who has none comes first")
		closeAll(*x)
		closeAll(*y)
		require.Equal(t, 16-16/8, c.held, "other dials have what became free")
		c.Close()
		for _, all := range []*[]*Conn{x, y, z, last, late, later} {
			closeAll(*all)
		}
		require.Zero(t, c.held)
		require.Empty(t, c.groups)
	})
}

// A dial that fails has no place any more.
func TestFailedDialsGiveTheirPlacesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{
			Dialers:  []Dialer{dialerFunc(func(context.Context, string) (net.Conn, error) { return nil, errRefused })},
			MaxConns: 1,
		})
		for range 3 {
			_, err := c.Dial(t.Context(), Request{Addr: somewhere, Ours: us})
			require.ErrorIs(t, err, ErrConnect)
		}
		require.Zero(t, c.held)
		require.Empty(t, c.groups)
		c.Close()
	})
}

// A dial that waits for a place does not make the dials of others short.
func TestDialsThatWaitForPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shakes := piped(shakesHands)
		c := New(Options{MaxConns: 1, Dialers: []Dialer{dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
			if address == somewhere.String() {
				return shakes(ctx, address)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		})}})
		x := got(t, c, "x", 2)
		require.Len(t, *x, 1)
		begin := time.Now()
		r := to("10.0.0.9:1")
		r.First, r.Admit = true, func() error { return nil }
		_, err := c.Dial(t.Context(), r)
		require.ErrorIs(t, err, ErrConnect)
		require.Equal(t, 15*time.Second, time.Since(begin))
		c.Forget("x")
		closeAll(*x)
		require.Zero(t, c.held)
		c.Close()
	})
}

// A Receiver gets connections as long as its group has places.
func TestDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{MaxConns: 1})
		var taken []*Conn
		r := Receiver{Group: "x", Take: func(conn *Conn) { taken = append(taken, conn) }}
		accept := func() *Conn {
			ours, theirs := net.Pipe()
			go dials(nil, them)(theirs)
			conn, err := c.Accept(t.Context(), ours, func(handshake.Handshake) (handshake.Handshake, error) { return us, nil })
			require.NoError(t, err)
			return conn
		}
		require.True(t, c.Deliver(accept(), r))
		refused := accept()
		require.False(t, c.Deliver(refused, r))
		_, err := refused.Read(make([]byte, 1))
		require.Error(t, err, "it is closed")
		closeAll(taken)
		require.True(t, c.Deliver(accept(), r))
		closeAll(taken)
		require.Len(t, taken, 2)
		require.Zero(t, c.held)
		require.Empty(t, c.groups)
	})
}
