package connect

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/stretchr/testify/require"
)

// holder keeps the connections of a group.
type holder struct {
	mu    sync.Mutex
	conns []*Conn
}

func (h *holder) add(conn *Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns = append(h.conns, conn)
}

// all waits until all is quiet and returns the connections.
func (h *holder) all() []*Conn {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.conns)
}

// dialsOf has a group dial, and returns who keeps the connections.
func dialsOf(t *testing.T, c *Connector, group any, n int) *holder {
	t.Helper()
	h := new(holder)
	r := Request{Addr: somewhere, Ours: us, Group: group}
	for range n {
		require.True(t, c.Start(t.Context(), r, func(conn *Conn, err error) {
			if err == nil {
				h.add(conn)
			}
		}))
	}
	synctest.Wait()
	return h
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
		x := dialsOf(t, c, "x", 20)
		require.Len(t, x.all(), 9, "no more than are free, and one")
		y := dialsOf(t, c, "y", 20)
		require.Len(t, y.all(), 4, "no more than are free, and one")
		z := dialsOf(t, c, "z", 20)
		require.Len(t, z.all(), 1, "the last two are for groups that have none")
		last := dialsOf(t, c, "last", 2)
		require.Len(t, last.all(), 1)
		late := dialsOf(t, c, "late", 1)
		require.Len(t, late.all(), 1)
		later := dialsOf(t, c, "later", 1)
		require.Empty(t, later.all())
		require.Equal(t, 16, c.held)

		counted := Request{Addr: somewhere, Ours: us, Admit: func() error { return nil }}
		conn, err := c.Dial(t.Context(), counted)
		require.NoError(t, err)
		conn.Close()
		require.Equal(t, 16, c.held)

		x.all()[0].Release() // as if a torrent counted it now
		synctest.Wait()
		require.Len(t, later.all(), 1, "who has none comes first")
		closeAll(x.all())
		closeAll(y.all())
		require.Equal(t, 16-16/8, c.held, "other dials have what became free")
		c.Close()
		for _, h := range []*holder{x, y, z, last, late, later} {
			closeAll(h.all())
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
		c.Close()
		require.Zero(t, c.held)
		require.Empty(t, c.groups)
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
		x := dialsOf(t, c, "x", 2)
		require.Len(t, x.all(), 1)
		begin := time.Now()
		r := to("10.0.0.9:1")
		r.First, r.Admit = true, func() error { return nil }
		_, err := c.Dial(t.Context(), r)
		require.ErrorIs(t, err, ErrConnect)
		require.Equal(t, 15*time.Second, time.Since(begin))
		c.Forget("x")
		closeAll(x.all())
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
