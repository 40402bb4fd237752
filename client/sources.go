package client

import (
	"fmt"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
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
// own trackers unless they are nil. A private torrent does not use Config.Announce.
func (t *Torrent) newSources(meta *metainfo.Torrent, tiers [][]string) ([]swarm.PeerSource, error) {
	c := t.client.config
	if c.NewSources != nil {
		return c.NewSources(meta)
	}
	var all []swarm.PeerSource
	k := &t.trackers
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changed = tiers != nil
	if tiers == nil {
		tiers = meta.Tiers
	}
	if countURLs(tiers) > 0 {
		k.own = t.newTiers(tiers)
		all = append(all, k.own)
	}
	if len(c.Announce) > 0 && !t.private {
		extra := make([][]string, len(c.Announce))
		for i, url := range c.Announce {
			extra[i] = []string{url}
		}
		k.extra = t.newTiers(extra)
		all = append(all, k.extra)
	}
	return all, nil
}

// AddSource adds a source of peers, which is asked at once. The error matches
// ErrPrivate if the torrent is private.
func (t *Torrent) AddSource(s swarm.PeerSource) error {
	if err := checkPrivate(t.private, s); err != nil {
		return fmt.Errorf("client: %q: %w", t.name, err)
	}
	t.engine.AddSource(s)
	return t.checkOpen()
}

// RemoveSource removes a source that AddSource added.
func (t *Torrent) RemoveSource(s swarm.PeerSource) { t.engine.RemoveSource(s) }

// Sources returns the state of each source. The torrent's trackers are one source, and
// those of Config.Announce another. The slice is the caller's.
func (t *Torrent) Sources() []engine.SourceStats { return t.engine.Sources() }

// Announce asks all sources for peers now, or as soon as they allow.
func (t *Torrent) Announce() { t.engine.Announce() }
