package engine

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestDeadAddressesDoNotStarveAFreshOne has a user name two hundred hosts that do not
// answer, and then one that does: the torrent is complete after each of the others was tried
// once, quickly, and none of them twice.
func TestDeadAddressesDoNotStarveAFreshOne(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const dead = 200
		s := newSample(1, 1<<20, 1<<18)
		good := r.engine("10.0.0.2", link, Config{})
		r.seed(good, s)
		var addrs []swarm.Address
		for i := range dead {
			addr := netip.AddrFrom4([4]byte{10, 5, 0, byte(i)})
			host := r.network.Host(addr.String(), simnet.Link{})
			l, err := host.Listen(6881)
			require.NoError(t, err)
			defer l.Close()
			host.Vanish() // a dial to it hangs
			addrs = append(addrs, swarm.Address{AddrPort: netip.AddrPortFrom(addr, 6881)})
		}
		e := r.engine("10.0.0.1", link, Config{})
		x := r.add(e, s.spec(swarm.NewMemory(s.geometry.Length)))
		x.AddPeers(append(addrs, at(good))...)
		begin := time.Now()
		for !x.Stats().Complete() {
			time.Sleep(time.Second)
			require.Less(t, time.Since(begin), 10*time.Minute)
		}
		const halfOpen, connectTimeout = 50, 15 * time.Second
		rounds := dead/halfOpen + 1
		require.LessOrEqual(t, time.Since(begin), time.Duration(rounds)*connectTimeout/3+2*time.Second)
	})
}
