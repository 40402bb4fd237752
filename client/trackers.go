package client

import (
	"errors"
	"strings"

	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
)

// A Tracker is the state of a tracker. Its URL shows no passkey.
type Tracker = trackers.Tracker

// newTrackers returns the trackers of a torrent, of which there are none yet.
func (c *Client) newTrackers(id swarm.ID, o AddOptions) *trackers.Set {
	open := c.newTracker
	if o.Engine != nil && o.Engine.UserAgent != "" {
		config := c.config.Tracker
		config.UserAgent = o.Engine.UserAgent
		open = newTrackerFunc(config, c.udp)
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

// newTrackerFunc returns a function that makes trackers by the scheme of their URL. Those
// of a scheme share what they need. udp is nil if UDP trackers must not be used.
func newTrackerFunc(c httptracker.Config, udp *udptracker.Trackers) func(url string) (swarm.PeerSource, error) {
	http := httptracker.NewTrackers(c)
	return func(url string) (swarm.PeerSource, error) {
		scheme, _, _ := strings.Cut(url, "://")
		switch {
		case !strings.EqualFold(scheme, "udp"):
			return http.New(url)
		case udp == nil:
			return nil, errAroundProxy
		}
		return udp.New(url)
	}
}

var errAroundProxy = errors.New("UDP trackers are not used, because they would go around Config.Tracker.Client or Dial; set Config.UDPTracker.Listen too")

// newUDPTrackers returns what opens UDP trackers; nil if that would go around a proxy.
func newUDPTrackers(c Config) *udptracker.Trackers {
	hasOwnTCP := c.Tracker.Client != nil || c.Tracker.Dial != nil
	hasOwnUDP := c.UDPTracker.Listen != nil || c.UDPTracker.Conn4 != nil || c.UDPTracker.Conn6 != nil
	if hasOwnTCP && !hasOwnUDP {
		return nil
	}
	return udptracker.NewTrackers(c.UDPTracker)
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
