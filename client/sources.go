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
