package client

import (
	"cmp"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/shoal-bt/shoal/client/internal/dhtnode"
	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/swarm"
)

// DHTStats say how the client's node of the DHT is doing.
type DHTStats = dhtnode.Stats

// A DHTPortError says that the node of the DHT cannot have the UDP port at which the client accepts
// peers, so it takes another one. It comes as a Warning without a torrent.
type DHTPortError = dhtnode.PortError

// A DHTSaveError says that the nodes of the DHT could not be saved. It comes as a Warning without a
// torrent, and from Close.
type DHTSaveError = dhtnode.SaveError

// DHT returns the client's node of the DHT, and opens it if no torrent has needed it yet. From
// then on it stays open until Close, so that applications can find, store and read what they
// like; they must not close it. If its methods fail with dht.ErrClosed because the socket failed,
// DHT returns another one. The error matches ErrDHTOff if Config.DHT is not set.
func (c *Client) DHT() (*dht.Node, error) {
	if c.dht == nil {
		return nil, fmt.Errorf("client: %w", ErrDHTOff)
	}
	n, err := c.dht.Node(true)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return n, nil
}

// DHTStats returns figures of the node of the DHT. They are zero while it is not needed.
func (c *Client) DHTStats() DHTStats {
	if c.dht == nil {
		return DHTStats{}
	}
	return c.dht.Stats()
}

// engineAnnounces is the default of engine.Config.Announces.
const engineAnnounces = 50

// IsDHT reports whether a source, such as that of a SourceReply, is the node of the DHT.
func (c *Client) IsDHT(s swarm.PeerSource) bool {
	return c.dht != nil && s == swarm.PeerSource(c.dht)
}

// newDHT returns the source that all public torrents share; nil if there is none.
func (c *Client) newDHT() *dhtnode.Source {
	if !c.config.DHT {
		return nil
	}
	path := ""
	if c.config.State != "" {
		path = filepath.Join(c.config.State, statefolder.DHT)
	}
	return dhtnode.New(dhtnode.Config{
		Node:      c.config.Node,
		Addrs:     func() []netip.AddrPort { return c.engine.Addrs() },
		Path:      path,
		TakePath:  func() bool { return c.locks.Take(statefolder.DHT) == nil },
		SetPort:   func(port uint16) { c.engine.SetDHTPort(port) },
		Report:    func(e Event) { c.engine.Report(e) },
		Announces: cmp.Or(c.config.Engine.Announces, engineAnnounces) / 2,
	})
}

// addDHTNode names a node of the DHT that a peer of a public torrent has named as its own. It is
// called in a turn.
func (c *Client) addDHTNode(a netip.AddrPort) {
	c.dht.Suggest(a.String())
	if user := c.config.Engine.OnDHTNode; user != nil {
		user(a)
	}
}

// sharedSources returns the sources that all torrents share. A private torrent has none of them
// (https://www.bittorrent.org/beps/bep_0027.html).
func (c *Client) sharedSources(private bool) (all []swarm.PeerSource) {
	if c.dht != nil && !private {
		all = append(all, c.dht)
	}
	if c.lsd != nil && !private {
		all = append(all, c.lsd)
	}
	return all
}

// suggestNodes names nodes of the DHT that a public torrent or a link has.
func (c *Client) suggestNodes(names []string) {
	if c.dht != nil {
		c.dht.Suggest(names...)
	}
}

// suspendDHT closes the node of the DHT if only private torrents are left.
func (c *Client) suspendDHT() {
	if c.dht == nil || c.resolving.Load() > 0 {
		return
	}
	for _, t := range c.Torrents() {
		r, isRunning := t.now().(*running)
		if !isRunning || !r.private {
			return
		}
	}
	c.dht.Suspend()
}
