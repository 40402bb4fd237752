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
	open := c.newTracker
	if o.Engine != nil && o.Engine.UserAgent != "" {
		config := c.config.Tracker
		config.UserAgent = o.Engine.UserAgent
		open = c.opener.Func(config)
	}
	return trackers.New(trackers.Config{
		Open:      open,
		Extra:     c.config.Announce,
		Threshold: c.config.TrackerErrors,
		Warn:      c.warnOf(id),
	})
}

// warnOf returns a function that emits warnings about a torrent.
func (c *Client) warnOf(id swarm.ID) func(error) {
	return func(err error) { c.engine.Report(engine.Warning{Torrent: id, Err: err}) }
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
