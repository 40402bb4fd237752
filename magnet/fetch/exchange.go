package fetch

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/swarm"
)

// ExchangeNumber is the number that peers use in messages of peer exchange to us while the metadata
// is fetched; it is high for the same reason as MetadataNumber.
const ExchangeNumber = 201

// A Found is addresses that a peer named, which may have left since.
type Found struct {
	Peer  swarm.Peer
	By    netip.Addr // of the peer
	Addrs []swarm.Address
}

// extensions returns those that our handshake offers.
func (s *State) extensions() peerwire.Extensions {
	all := peerwire.Extensions{peerwire.MetadataName: MetadataNumber}
	if !s.config.NoPEX {
		all[peerwire.PEXName] = ExchangeNumber
	}
	return all
}

// receiveExchange takes in the addresses that a peer names
// (https://www.bittorrent.org/beps/bep_0011.html). Each costs it as much as a message that changes
// nothing.
func (s *State) receiveExchange(now time.Time, p *peer, body []byte) error {
	p.allowance.Spend(1 + len(body)/allowance.BytesPerUnit)
	if s.config.NoPEX {
		return nil
	}
	addrs, _, err := p.exchange.Message(now, body, s.othersThan(p))
	p.allowance.Spend(len(addrs))
	if len(addrs) > 0 {
		s.found = append(s.found, Found{p.Peer, p.Addr.Addr().Unmap(), addrs})
	}
	return err
}

// othersThan yields where the other peers are, and where those that say so accept connections.
func (s *State) othersThan(p *peer) func(yield func(swarm.Address) bool) {
	return func(yield func(swarm.Address) bool) {
		for _, o := range s.order {
			listens := netip.AddrPortFrom(o.Addr.Addr(), o.listenPort)
			if o != p && (!yield(swarm.Address{AddrPort: o.Addr}) || !yield(swarm.Address{AddrPort: listens})) {
				return
			}
		}
	}
}
