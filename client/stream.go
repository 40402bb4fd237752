package client

import (
	"context"

	"github.com/shoal-bt/shoal/client/events"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// An Event is something that happened: one of the types of this package. Use a type
// switch.
type Event = events.Event

// An EventMask is a set of kinds of events, which begin with On.
type EventMask = events.Mask

// The client's own kinds: OnFile is that of FileCompleted, OnFetch of FetchTick, OnMerged of
// Merged, OnDHT of DHTBootstrapped and DHTClosed, and OnVersion of NewVersion.
const (
	OnFile    = events.OnFile
	OnFetch   = events.OnFetch
	OnMerged  = events.OnMerged
	OnDHT     = events.OnDHT
	OnVersion = events.OnVersion
)

// CheapEvents are those that come seldom: none by piece, by connection or by the second.
// AllEvents are all there are.
const (
	CheapEvents = events.Cheap
	AllEvents   = events.All
)

// The client's own events.
type (
	// FileCompleted says that the last missing piece of a file is held.
	FileCompleted = events.FileCompleted

	// FetchTick says how far the fetch of a torrent's metadata is, once a second.
	FetchTick = events.FetchTick

	// Merged says that a torrent whose metadata was being fetched proved to be another one of
	// the client. From now on both are the same, and the events are those of Into.
	Merged = events.Merged

	// DHTBootstrapped says that the node of the DHT knows others of a family of addresses now.
	// If Err is not nil, it does not: no node answers, and it tries again in 30 seconds, and
	// later in 10 minutes.
	DHTBootstrapped = events.DHTBootstrapped

	// DHTClosed says that the node of the DHT closed. If Err is not nil, its socket failed, and
	// the next announce opens it again; else no torrent needs it.
	DHTClosed = events.DHTClosed

	// NewVersion says that the public key of a torrent's link names another, newer torrent now. The
	// torrent goes on, and its files stay. To have the newer one, add its hash.
	NewVersion = events.NewVersion
)

// TorrentOf returns the torrent that an event is about, or the zero ID if there is none.
func TorrentOf(e Event) swarm.ID { return events.TorrentOf(e) }

// A Stream is a bounded queue of events. It never blocks the client: while it is full, new
// events are dropped and counted. StatsTick is made when its method Next is called, so a slow
// reader gets only the latest. Completed, Failed, Removed and FileCompleted are never dropped.
type Stream = events.Stream

// Events returns a stream of the events of all torrents from now on. mask alone decides
// which kinds arrive; zero means CheapEvents. size is the number of events that may wait;
// zero means 1,024.
func (c *Client) Events(mask EventMask, size int) *Stream {
	return events.Open(streamClient{c}, mask, size, nil)
}

// Events is Client.Events for one torrent.
func (t *Torrent) Events(mask EventMask, size int) *Stream {
	return events.Open(streamClient{t.client}, mask, size, t)
}

// A streamClient is a Client as a Stream sees it.
type streamClient struct{ client *Client }

func (c streamClient) Torrents() (all []events.Torrent) {
	for _, t := range c.client.Torrents() {
		all = append(all, t)
	}
	return all
}

func (c streamClient) Torrent(id swarm.ID) (events.Torrent, error) { return c.client.Torrent(id) }

func (c streamClient) Info(id swarm.ID) *metainfo.Info {
	t := c.client.runningOf(id)
	if t == nil {
		return nil
	}
	return t.info()
}

func (c streamClient) Wants(id swarm.ID, file int) bool {
	t := c.client.runningOf(id)
	return t == nil || t.wants.File(file) > 0
}

func (c streamClient) AwaitAdded(ctx context.Context, id swarm.ID) {
	c.client.mu.Lock()
	k := c.client.adding[id]
	c.client.mu.Unlock()
	if k == nil {
		return
	}
	select {
	case <-k.ended:
	case <-ctx.Done():
	}
}

func (c streamClient) SubscribeTo(size int, wants func(Event) bool) *engine.Stream {
	return c.client.engine.SubscribeTo(size, wants)
}

// emitWarning emits a Warning; the torrent keeps running.
func (t *running) emitWarning(err error) {
	t.client.warn(t.torrent.id, err)
}
