package connect

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// start has a group dial, and counts the dials that are done.
func start(t *testing.T, c *Connector, r Request, done *atomic.Int32) {
	t.Helper()
	require.True(t, c.Start(t.Context(), r, func(*Conn, error) { done.Add(1) }))
}

// Dials wait for others, but not once their group is forgotten.
func TestDialsWaitForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(hangs)
		c := New(Options{Dialers: []Dialer{d}, HalfOpen: 2})
		var x, y atomic.Int32
		for range 3 {
			r := to("10.0.0.2:1")
			r.Group = "x"
			start(t, c, r, &x)
		}
		other := to("10.0.0.3:1")
		other.Group = "y"
		start(t, c, other, &y)
		require.Len(t, d.all(), 2)
		c.Forget("y")
		require.EqualValues(t, 1, y.Load())
		c.Forget("y")
		time.Sleep(16 * time.Second)
		require.EqualValues(t, 2, x.Load())
		require.Len(t, d.all(), 3)
		time.Sleep(16 * time.Second)
		require.EqualValues(t, 3, x.Load())
		c.Close()
		require.Empty(t, c.groups)
		require.Empty(t, c.turns)
		require.False(t, c.Start(t.Context(), other, nil))
		_, err := c.Dial(t.Context(), other)
		require.Equal(t, ErrClosed, err)
	})
}

// A group that dials many dead addresses does not delay the dials of others.
func TestDialsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(hangs)
		c := New(Options{Dialers: []Dialer{d}, HalfOpen: 16})
		ctx, cancel := context.WithCancel(t.Context())
		dial := func(group byte, n int) {
			for i := range n {
				addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, group}), uint16(i+1))
				c.Start(ctx, Request{Addr: addr, Ours: us, Group: group}, func(*Conn, error) {})
			}
		}
		dial(1, 80)
		require.Len(t, d.all(), 14, "the last two are for others")
		dial(2, 20)
		dial(3, 1)
		require.ElementsMatch(t, []string{"10.0.0.2:1", "10.0.0.3:1"}, d.all()[14:])
		time.Sleep(16 * time.Second)
		others := 0
		for _, addr := range d.all()[16:] {
			if strings.HasPrefix(addr, "10.0.0.2:") {
				others++
			}
		}
		require.Equal(t, 7, others, "two groups share what became free")
		cancel()
		c.Close()
		synctest.Wait()
		require.Empty(t, c.groups)
		require.Empty(t, c.turns)
	})
}

// The first dial to an address gives up at a third of its time if others wait, and only then.
func TestFirstDialsAreShort(t *testing.T) {
	for _, test := range []struct {
		name    string
		first   bool
		waiting int
		took    time.Duration
	}{
		{"first, others wait", true, 1, 5 * time.Second},
		{"first, nobody waits", true, 0, 15 * time.Second},
		{"again, others wait", false, 1, 15 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(Options{Dialers: []Dialer{new(hangs)}, HalfOpen: 1})
				r := to("10.0.0.2:1")
				r.First = test.first
				begin := time.Now()
				failed := make(chan error, 1)
				c.Start(t.Context(), r, func(_ *Conn, err error) { failed <- err })
				for range test.waiting {
					c.Start(t.Context(), to("10.0.0.3:1"), func(*Conn, error) {})
				}
				err := <-failed
				require.Equal(t, test.took, time.Since(begin))
				require.ErrorIs(t, err, ErrConnect)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				c.Close()
			})
		})
	}
}

// A Dial whose context ends returns at once, also if its turn has not come.
func TestDialEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(hangs)
		c := New(Options{Dialers: []Dialer{d}, HalfOpen: 1})
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		var dials sync.WaitGroup
		for range 3 {
			dials.Go(func() {
				_, err := c.Dial(ctx, to("10.0.0.2:1"))
				var failed *Error
				require.ErrorAs(t, err, &failed)
				require.Equal(t, Canceled, failed.Why)
				require.ErrorIs(t, err, why)
			})
		}
		require.Len(t, d.all(), 1)
		begin := time.Now()
		cancel(why)
		dials.Wait()
		c.Close()
		require.Zero(t, time.Since(begin))
		require.Len(t, d.all(), 1)
		require.Empty(t, c.groups)
	})
}

// Close ends the dials that wait, and waits for the others.
func TestCloseEndsDialsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Dialers: []Dialer{new(hangs)}, HalfOpen: 1})
		ended := make(chan error, 3)
		for range 3 {
			c.Start(t.Context(), to("10.0.0.2:1"), func(_ *Conn, err error) { ended <- err })
		}
		begin := time.Now()
		go c.Close()
		require.Equal(t, ErrClosed, <-ended)
		require.Equal(t, ErrClosed, <-ended)
		require.Zero(t, time.Since(begin))
		require.ErrorIs(t, <-ended, ErrConnect)
		synctest.Wait()
		require.Empty(t, c.groups)
	})
}

// No limit of dials is no limit.
func TestNoHalfOpenLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(hangs)
		c := New(Options{Dialers: []Dialer{d}, HalfOpen: -1, MaxConns: -1})
		var done atomic.Int32
		for range 200 {
			start(t, c, to("10.0.0.2:1"), &done)
		}
		require.Len(t, d.all(), 200)
		time.Sleep(15 * time.Second)
		c.Close()
		require.EqualValues(t, 200, done.Load())
	})
}

// A dial that is not admitted connects to nobody, and its place in the limit is free again.
func TestAdmit(t *testing.T) {
	full := errors.New("full")
	c := New(Options{Dialers: []Dialer{dialerFunc(func(context.Context, string) (net.Conn, error) {
		panic("it must not dial")
	})}, HalfOpen: 1})
	r := to("10.0.0.2:1")
	r.Admit = func() error { return full }
	for range 3 {
		_, err := c.Dial(t.Context(), r)
		require.Equal(t, full, err)
	}
	c.Close()
}
