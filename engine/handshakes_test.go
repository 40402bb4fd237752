package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestSlowHandshakes has one address, and then many, begin far more handshakes than may
// be under way. An honest peer does not wait for them, nor does it find no place.
func TestSlowHandshakes(t *testing.T) {
	for name, addr := range map[string]func(i int) string{
		"one address":                 func(int) string { return "198.51.100.1" },
		"one network":                 func(i int) string { return fmt.Sprintf("198.51.100.%d", i%250+1) },
		"a local address":             func(int) string { return "10.6.0.1" },
		"an address of IPv6":          func(int) string { return "2001:db8::1" },
		"a network of IPv6":           func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) },
		"a handful of other networks": func(i int) string { return fmt.Sprintf("198.51.%d.1", i%5) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				s := newSample(1, 1<<20, 1<<18)
				e := r.engine("192.0.2.1", simnet.Link{}, Config{MaxConns: 20})
				r.seed(e, s)
				other := r.slowHandshakes(e, "203.0.113.9", 1)
				var slow []net.Conn
				for i := range 2000 {
					slow = append(slow, r.slowHandshakes(e, addr(i), 1)...)
				}
				begin := time.Now()
				a := r.dialAs("a", e, s)
				require.Zero(t, time.Since(begin), "it waits for nobody")
				a.send(peerwire.Message{Kind: peerwire.Interested})
				a.expect(peerwire.Unchoke)
				require.Equal(t, 1, e.sockets.Open(), "handshakes take no place")
				under := open(slow)
				require.Positive(t, under)
				require.Less(t, under, 256, "others have room")
				require.Equal(t, 1, open(other), "who has more than a share loses its own")
			})
		})
	}
}

// TestCloseDoesNotWaitForHandshakes has a peer name a torrent and then be silent.
func TestCloseDoesNotWaitForHandshakes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("192.0.2.1", simnet.Link{}, Config{})
		x := r.seed(e, s)
		c, err := r.network.Host("198.51.100.1", simnet.Link{}).DialContext(t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(t, err)
		defer c.Close()
		var p [68]byte
		copy(p[:], "\x13BitTorrent protocol")
		copy(p[28:], s.id[:])
		_, err = c.Write(p[:48])
		require.NoError(t, err)
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, x.Close())
		require.Zero(t, time.Since(begin))
	})
}

// TestManySlowHandshakes has so many networks begin handshakes that all that may be under
// way are taken. The oldest slow one is ended; one that is not slow is not.
func TestManySlowHandshakes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("192.0.2.1", simnet.Link{}, Config{Handshakes: 20})
		r.seed(e, s)
		var slow []net.Conn
		for i := range 60 {
			slow = append(slow, r.slowHandshakes(e, fmt.Sprintf("198.51.%d.1", i), 1)...)
		}
		require.Equal(t, 60, open(slow), "the others wait to be accepted")
		begin := time.Now()
		r.dialAs("a", e, s)
		require.Equal(t, 3*time.Second, time.Since(begin).Round(time.Second), "it comes after three times twenty")
		require.Equal(t, 19, open(slow), "twenty, and the oldest of the next twenty-one, were slow")
		require.Equal(t, 19, open(slow[41:]), "only the oldest are ended")
		time.Sleep(10 * time.Second)
		require.Zero(t, open(slow), "a handshake has ten seconds")
	})
}

func TestHalfOpenIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := new(counting)
		e := r.engine("10.0.0.1", link, Config{Dialer: d, HalfOpen: 7})
		events := e.Subscribe(100_000)
		for i := range 3 {
			var dead swarm.List
			for k := range 500 {
				dead = append(dead, swarm.Address{AddrPort: netip.MustParseAddrPort(fmt.Sprintf("10.%d.%d.%d:1", i, k>>8, k&255))})
			}
			s := newSample(byte(i+1), 1<<20, 1<<18)
			r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), dead))
		}
		time.Sleep(10 * time.Minute)
		require.EqualValues(t, 7, d.most.Load())
		require.Greater(t, d.all.Load(), int64(250))
		var f PeerFailed
		for ev := range events.All(t.Context()) {
			if failed, ok := ev.(PeerFailed); ok {
				f = failed
				break
			}
		}
		require.ErrorIs(t, f.Err, ErrConnect)
		require.ErrorIs(t, f.Err, context.DeadlineExceeded)
	})
}
