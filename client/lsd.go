package client

import (
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/lsd"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/swarm"
)

// newLSD returns the source that finds peers of all public torrents on the local network; nil if
// there is none. It announces the addresses at which the client accepts peers.
func (c *Client) newLSD() *lsd.Source {
	if !c.config.LSD {
		return nil
	}
	config := c.config.Local
	if len(config.From) == 0 {
		config.From = localAddrs(c.Addrs())
	}
	user := config.OnPeer
	config.OnPeer = func(id swarm.ID, a swarm.Address) {
		c.addLocalPeer(id, a)
		if user != nil {
			user(id, a)
		}
	}
	return lsd.New(config)
}

// localAddrs returns the addresses at which a client accepts peers of the local network. A listener
// for all addresses of IPv6 takes connections over IPv4, too.
func localAddrs(all []netip.AddrPort) (addrs []netip.Addr) {
	for _, a := range all {
		addrs = append(addrs, a.Addr())
		if a.Addr() == netip.IPv6Unspecified() {
			addrs = append(addrs, netip.IPv4Unspecified())
		}
	}
	return addrs
}

// IsLSD reports whether a source, such as that of a SourceReply, is that of the local network.
func (c *Client) IsLSD(s swarm.PeerSource) bool {
	return c.lsd != nil && s == swarm.PeerSource(c.lsd)
}

// addLocalPeer hands on a peer of the local network when it is heard, because the source is asked
// only every few minutes. It does not block.
func (c *Client) addLocalPeer(id swarm.ID, a swarm.Address) {
	c.mu.Lock()
	t := c.torrents[id]
	c.mu.Unlock()
	if t != nil {
		t.now().AddLocalPeer(id, a)
	}
}

func (t *running) AddLocalPeer(id swarm.ID, a swarm.Address) {
	i := slices.Index(metadata.IDsFrom(t.ids, t.torrent.id), id)
	if t.private || i < 0 { // it was a fetch a moment ago, which has proved private
		return
	}
	t.engine.AddFound(engine.Found{Addrs: []swarm.Address{a}, Swarms: addressbook.Swarms(1) << i, FromSource: true})
}
