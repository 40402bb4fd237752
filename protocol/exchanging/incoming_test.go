package exchanging

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// numbers returns addresses i to j, without j.
func numbers(i, j int) (all []swarm.Address) {
	for ; i < j; i++ {
		ip := netip.AddrFrom4([4]byte{20, byte(i >> 16), byte(i >> 8), byte(i)})
		all = append(all, swarm.Address{AddrPort: netip.AddrPortFrom(ip, 6881)})
	}
	return all
}

// body returns a message that adds peers.
func body(added []swarm.Address) []byte { return peerwire.PEX{Added: added}.AppendTo(nil) }

// Of the first message 200 addresses are taken, and of later ones 50.
func TestFirstMessageMayBeLonger(t *testing.T) {
	var i Incoming
	nobody := slices.Values[[]swarm.Address](nil)
	found, ignored, err := i.Message(start, body(numbers(0, 300)), nobody)
	require.NoError(t, err)
	require.Equal(t, numbers(0, 200), found)
	require.Equal(t, 100, ignored)
	found, ignored, err = i.Message(start.Add(Every), body(numbers(300, 360)), nobody)
	require.NoError(t, err)
	require.Equal(t, numbers(300, 350), found)
	require.Equal(t, 10, ignored)
}

// Who is connected is not found, in whatever form the address is, and is not ignored either.
func TestConnectedPeersAreNotFound(t *testing.T) {
	var i Incoming
	mapped := netip.AddrPortFrom(netip.MustParseAddr("::ffff:20.0.0.1"), 6881)
	found, ignored, err := i.Message(start, body(numbers(0, 3)), slices.Values([]swarm.Address{{AddrPort: mapped}}))
	require.NoError(t, err)
	require.Equal(t, append(numbers(0, 1), numbers(2, 3)...), found)
	require.Zero(t, ignored)
}

// The second message may come early, and the seventh within a minute is one too many.
func TestMessagesThatComeTooSoon(t *testing.T) {
	var i Incoming
	for n := range maxPerMinute {
		found, ignored, err := i.Message(start.Add(time.Duration(n)*time.Second), body(numbers(n, n+1)), slices.Values[[]swarm.Address](nil))
		require.NoError(t, err)
		require.Equal(t, n < 2, len(found) == 1)
		require.Equal(t, n >= 2, ignored == 1)
	}
	_, _, err := i.Message(start.Add(59*time.Second), body(nil), slices.Values[[]swarm.Address](nil))
	require.Error(t, err)
	_, _, err = new(Incoming).Message(start, make([]byte, maxBody+1), slices.Values[[]swarm.Address](nil))
	require.Error(t, err)
}

// FuzzIncoming feeds messages that come at any times. What is found is bounded, has one port of
// each address, and can be dialed.
func FuzzIncoming(f *testing.F) {
	f.Add([]byte{0, 1, 60, 60}, body(numbers(0, 60)), byte(1))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0}, []byte("d5:added6:\x14\x00\x00\x01\x00\x01e"), byte(0))
	f.Fuzz(func(t *testing.T, waits, message []byte, connected byte) {
		var i Incoming
		now := start
		isFirst := true
		for _, wait := range waits[:min(len(waits), 100)] {
			now = now.Add(time.Duration(wait) * time.Second)
			found, ignored, err := i.Message(now, message, slices.Values(numbers(0, int(connected))))
			if err != nil {
				require.Empty(t, found)
				return
			}
			require.GreaterOrEqual(t, ignored, 0)
			most := peerwire.MaxPEX
			if isFirst {
				most = 200
			}
			isFirst = false
			require.LessOrEqual(t, len(found), most)
			hosts := make(map[netip.Addr]bool)
			for _, a := range found {
				require.NotZero(t, a.Port())
				require.False(t, a.Addr().IsUnspecified() || a.Addr().IsMulticast() || hosts[a.Addr()])
				hosts[a.Addr()] = true
			}
		}
	})
}
