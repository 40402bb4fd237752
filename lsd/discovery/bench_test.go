package discovery_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/lsd/discovery"
	"github.com/shoal-bt/shoal/lsd/message"
	"github.com/shoal-bt/shoal/swarm"
)

// BenchmarkReceive takes in datagrams that announce 20 swarms of ours each, of a sender that
// is within its limit and of one that is not.
func BenchmarkReceive(b *testing.B) {
	for _, test := range []struct {
		name string
		step time.Duration // between two datagrams
	}{
		{"within the limit", time.Second / 10},
		{"over the limit", time.Microsecond},
	} {
		b.Run(test.name, func(b *testing.B) {
			s := discovery.New(discovery.Config{})
			now := time.Unix(1e9, 0)
			s.SetLinks(now, []discovery.Link{lan(1, "10.0.0.1/24")})
			m := message.Message{Port: 7000}
			for i := range 20 {
				m.Swarms = append(m.Swarms, swarm.ID{byte(i)})
			}
			datagram := m.AppendTo(nil)
			from := netip.MustParseAddrPort("10.0.0.5:6771")
			for n := 0; b.Loop(); n++ {
				now = now.Add(test.step)
				if n%1000 == 0 {
					for _, id := range m.Swarms {
						s.Join(now, id, 0)
					}
				}
				s.Receive(now, discovery.LinkID{Index: 1}, from, datagram)
				s.Settle(now)
			}
		})
	}
}
