package magnet

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/stretchr/testify/require"
)

// ports returns the ports of nodes of the DHT that the seeder was named.
func (s *seeder) ports() (all []uint16) {
	for _, m := range s.messages() {
		if m.Kind == peerwire.Port {
			all = append(all, m.Port)
		}
	}
	return all
}

// A fetch names the user's node of the DHT in its handshakes and to peers that have one, and
// passes on theirs. It follows a node that opens later, and hands over what peers said.
func TestNodesOfTheDHT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		info := randomInfo(5000)
		dht := []handshake.Bit{handshake.DHT}
		s := &seeder{info: info, bits: dht, mute: true, first: []peerwire.Message{{Kind: peerwire.Port, Port: 9001}}}
		plain := &seeder{info: info, mute: true}
		late := &seeder{info: info, bits: dht, wait: time.Second}
		n := &network{peers: map[string]remote{
			"10.0.0.1:1": {trip, s.serve},
			"10.0.0.2:1": {trip, plain.serve},
			"10.0.0.3:1": {trip, late.serve},
		}}
		port := uint16(0)
		var nodes []string
		o := options(info, n, "10.0.0.1:1", "10.0.0.2:1")
		o.DHTPort = func() uint16 { return port }
		o.OnDHTNode = func(a netip.AddrPort) { nodes = append(nodes, a.String()) }
		f, err := New(o)
		require.NoError(t, err)
		time.AfterFunc(time.Minute, func() {
			f.post(func(*run) { port = 7001 })
			f.AddPeers(at("10.0.0.3:1"))
		})
		time.AfterFunc(time.Minute+time.Second, func() {
			receiver, ok := o.Connector.Receiver(o.HashV1)
			require.True(t, ok)
			require.True(t, receiver.Ours.Reserved.Has(handshake.DHT), "peers that dial us read the same")
		})
		result, err := f.Run(t.Context())
		require.NoError(t, err)
		defer closeAll(result)
		_, ok := o.Connector.Receiver(o.HashV1)
		require.False(t, ok)
		require.Equal(t, []string{"10.0.0.1:9001"}, nodes)
		require.False(t, s.theirs.Reserved.Has(handshake.DHT))
		require.True(t, late.theirs.Reserved.Has(handshake.DHT))
		require.Equal(t, []uint16{7001}, s.ports())
		require.Equal(t, []uint16{7001}, late.ports())
		require.Empty(t, plain.ports())
		i := slices.IndexFunc(result.Conns, func(c Live) bool { return c.Addr == at("10.0.0.1:1").AddrPort })
		require.Contains(t, replayed(t, result.Conns[i].Conn), peerwire.Message{Kind: peerwire.Port, Port: 9001})
	})
}
