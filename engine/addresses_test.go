package engine

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestDeadAddressesDoNotStarveAFreshOne has a user name two hundred hosts that are of no
// use, and then one that is: the torrent is complete after each of the others was tried
// once, quickly, and none of them twice.
func TestDeadAddressesDoNotStarveAFreshOne(t *testing.T) {
	for name, test := range map[string]struct {
		most    time.Duration // until the torrent is complete
		prepare func(host *simnet.Host, l net.Listener)
	}{
		"hosts that do not answer":                    {5 * 15 * time.Second / 3, func(host *simnet.Host, _ net.Listener) { host.Vanish() }},
		"hosts that take connections and say nothing": {5 * 10 * time.Second / 3, func(_ *simnet.Host, l net.Listener) { go hold(l) }},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				s := newSample(1, 1<<20, 1<<18)
				good := r.engine("10.0.0.2", link, Config{})
				r.seed(good, s)
				e := r.engine("10.0.0.1", link, Config{})
				x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length)))
				for i := range 200 {
					addr := netip.AddrFrom4([4]byte{10, 5, 0, byte(i)})
					host := r.network.Host(addr.String(), simnet.Link{})
					l, err := host.Listen(6881)
					require.NoError(t, err)
					defer l.Close()
					test.prepare(host, l)
					x.AddPeers(swarm.Address{AddrPort: netip.AddrPortFrom(addr, 6881)})
				}
				x.AddPeers(at(good))
				begin := time.Now()
				for !x.Stats().Complete() {
					time.Sleep(time.Second)
					require.Less(t, time.Since(begin), 10*time.Minute)
				}
				require.LessOrEqual(t, time.Since(begin), test.most+2*time.Second, "50 dials at a time")
			})
		})
	}
}

// hold takes connections until its listener is closed, and says nothing.
func hold(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
	}
}

// TestPeerThatPausedIsConnectedSoon has a seed pause for a while, which ends the
// connection. When it goes on, it waits for us to dial, which we do within 5 s.
func TestPeerThatPausedIsConnectedSoon(t *testing.T) {
	for _, pause := range []time.Duration{3 * time.Second, 9 * time.Second, 40 * time.Second} {
		inBubble(t, func(t *testing.T, r *rig) {
			s := newSample(1, 64<<20, 1<<18)
			slow := simnet.Link{Up: 1 << 19}
			good := r.engine("10.0.0.2", slow, Config{Torrent: TorrentConfig{SeedOutgoing: protocol.Off}})
			seed := r.seed(good, s)
			e := r.engine("10.0.0.1", link, Config{})
			x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length), list(at(good))))
			time.Sleep(10 * time.Second)
			require.Len(t, x.Peers(), 1)
			seed.Pause()
			time.Sleep(pause)
			require.Empty(t, x.Peers())
			seed.Resume()
			time.Sleep(5 * time.Second)
			require.Len(t, x.Peers(), 1, "after a pause of %v", pause)
		})
	}
}

// TestUsersOfOneRouterAreServed has more users of one address than its share of the places,
// most of which are free.
func TestUsersOfOneRouterAreServed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<18, 1<<15)
		e := r.engine("10.0.0.1", link, Config{})
		seed := r.seed(e, s)
		for i := range 30 {
			a := r.dialFrom("198.51.100.7", fmt.Sprint("user ", i), e, s, handshake.Fast)
			a.expect(peerwire.HaveAll)
		}
		require.Len(t, seed.Peers(), 30)
	})
}
