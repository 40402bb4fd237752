package client

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

// checkPrivate returns ErrPrivate if a private torrent would get sources of peers beside
// its own trackers, see https://www.bittorrent.org/beps/bep_0027.html. AddPeers is not
// concerned, because there a user names the peers.
func checkPrivate(private bool, sources ...swarm.PeerSource) error {
	if private && len(sources) > 0 {
		return ErrPrivate
	}
	return nil
}

// newSources makes the sources that a torrent starts with. tiers replace the torrent's
// own trackers unless they are nil.
func (t *running) newSources(meta *metainfo.Torrent, tiers [][]string) ([]swarm.PeerSource, error) {
	if custom := t.client.config.NewSources; custom != nil {
		sources := t.trackers.Sources() // of the fetch
		if len(sources) > 0 && !t.private {
			return sources, nil
		}
		return custom(meta)
	}
	changed := tiers != nil
	if !changed {
		tiers = meta.Tiers
	}
	return t.trackers.Start(tiers, changed, t.private), nil
}

// mayMeet reports whether a torrent may go on with a peer that a fetch knows: a private one only
// with peers that its own trackers or the user named, or that dialed us. Peers that a link
// names are not the user's. https://www.bittorrent.org/beps/bep_0027.html
func (t *running) mayMeet(addr netip.AddrPort, o magnet.Origin, user []netip.AddrPort) bool {
	own := t.trackers.Own()
	named := own != nil && slices.Contains(o.Sources, own)
	return !t.private || named || o.Incoming || slices.Contains(user, addr)
}

// adopt goes on with the connections and the peers that a fetch has. user are the peers that
// the user named. Connections come first, so that their peers are not dialed again.
func (t *running) adopt(found *metadata.Found, user []netip.AddrPort) {
	for _, b := range found.Banned {
		if !places.IsLocal(b.Addr()) { // there others may have the same address
			t.Ban(b.Addr())
		}
	}
	conns := found.Conns
	found.Conns = nil
	for _, c := range conns {
		if t.mayMeet(c.Addr, c.Origin, user) {
			t.engine.AddConn(c.Conn) // it closes what it does not want
		} else {
			c.Close()
		}
	}
	for _, p := range found.Peers {
		if t.mayMeet(p.AddrPort, p.Origin, user) {
			t.engine.AddPeers(p.Address)
		}
	}
}

func (t *running) AddSource(s swarm.PeerSource) error {
	if err := checkPrivate(t.private, s); err != nil {
		return fmt.Errorf("client: %q: %w", t.name, err)
	}
	t.engine.AddSource(s)
	return t.checkOpen()
}

func (t *running) RemoveSource(s swarm.PeerSource) { t.engine.RemoveSource(s) }

func (t *running) Sources() []engine.SourceStats { return t.engine.Sources() }

func (t *running) Announce() { t.engine.Announce() }
