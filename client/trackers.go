package client

import (
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// A Tracker is the state of a tracker. Its URL shows no passkey.
type Tracker = trackers.Tracker

// newTrackers returns the trackers of a torrent, of which there are none yet.
func (c *Client) newTrackers(id swarm.ID, o AddOptions) *trackers.Set {
	config := &c.trackers
	if o.Engine != nil && o.Engine.UserAgent != "" {
		requests := c.config.Tracker
		requests.UserAgent = o.Engine.UserAgent
		own := c.trackers
		own.Open = c.opener.Func(requests)
		config = &own
	}
	return trackers.New(id, config)
}

// warn emits a warning about a torrent.
func (c *Client) warn(id swarm.ID, err error) {
	c.engine.Report(engine.Warning{Torrent: id, Err: err})
}

func (t *running) Trackers() []Tracker { return t.trackers.Status() }

func (t *running) AnnounceURLs() [][]string { return t.trackers.URLs() }

func (t *running) SetTrackers(tiers [][]string) error {
	if err := t.checkOpen(); err != nil {
		return err
	}
	changed := tiers != nil
	if !changed {
		meta, err := t.Metainfo()
		if err != nil {
			return err
		}
		tiers = meta.Tiers
	}
	t.trackers.Replace(tiers, changed, t.engine)
	return nil
}
