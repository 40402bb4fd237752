package client

import (
	"context"

	"github.com/shoal-bt/shoal/client/internal/fetching"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/wishes"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// FetchStats are how far the fetch of a torrent's metadata is.
type FetchStats = fetching.Stats

// A fetchStage is the stage of a Torrent whose metadata is missing.
type fetchStage struct {
	*fetching.Torrent
	client  *Client
	torrent *Torrent
	options AddOptions
}

// newFetchStage makes the stage of a Torrent that was added by a link.
func (c *Client) newFetchStage(link *metainfo.Magnet, o AddOptions, dir string) *fetchStage {
	f := &fetchStage{client: c, torrent: &Torrent{client: c, id: link.IDs()[0]}, options: o}
	config := fetching.Config{
		Host:       (*fetchHost)(f),
		Link:       link,
		Dir:        dir,
		Trackers:   c.newTrackers(f.torrent.id, o),
		Announce:   o.Announce,
		NewSources: c.config.NewSources,
		Peers:      o.Peers,
		Sources:    o.Sources,
		Paused:     o.Paused,
		Metainfo:   c.config.Metainfo,
		Interested: !o.MetadataOnly && !o.ReadOnly,
		Web:        c.config.linkOptions(),
	}
	if c.config.State != "" {
		config.Records = c.recordFolder
	}
	if o.Engine != nil {
		config.PeerID, config.UserAgent = o.Engine.PeerID, o.Engine.UserAgent
	}
	f.Torrent = fetching.New(config)
	f.torrent.stage = f
	return f
}

// become ends the stage: from now on the torrent is r.
func (f *fetchStage) become(r *running) wishes.Wishes {
	f.torrent.setStage(r)
	return f.Become(r)
}

func (f *fetchStage) Files() ([]File, error) {
	_, err := f.Metainfo()
	return nil, err
}

func (f *fetchStage) close(why error) error { return f.Close(why) }

func (f *fetchStage) remove(content Content) (again bool, err error) {
	return f.Remove(content == Delete, ErrRemoved)
}

func (f *fetchStage) lockName() string { return lockName(f.torrent.id, f.Dir()) }

// A fetchHost is a Client as a fetch sees it.
type fetchHost fetchStage

func (h *fetchHost) stage() *fetchStage { return (*fetchStage)(h) }

func (h *fetchHost) BeginCall() error { return h.client.beginCall() }

func (h *fetchHost) EndCall() { h.client.endCall() }

func (h *fetchHost) CallContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return h.client.callContext(ctx)
}

func (h *fetchHost) LockFiles() error { return h.client.lockFiles(h.stage().lockName()) }

func (h *fetchHost) UnlockFiles() { h.client.unlockFiles(h.stage().lockName()) }

func (h *fetchHost) SharedSources() []swarm.PeerSource { return h.client.sharedSources(false) }

func (h *fetchHost) SuggestNodes(names []string) { h.client.suggestNodes(names) }

func (h *fetchHost) Ask(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
	return h.client.askPeers(ctx, r)
}

func (h *fetchHost) Start(ctx context.Context, meta *metainfo.Torrent, found fetching.Found) error {
	o := h.options
	o.Paused = o.MetadataOnly || h.Wishes().Paused
	o.Peers, o.Sources = nil, nil // the claim adds these
	_, err := h.client.addTorrent(ctx, meta, o, addedFrom{
		link:     found.Link,
		fetch:    h.stage(),
		found:    found.Result,
		handOver: found.HandOver,
	})
	return err
}

func (h *fetchHost) Report(e engine.Event) { h.client.engine.Report(e) }

func (h *fetchHost) Warn(err error) { h.client.warn(h.torrent.id, err) }

func (h *fetchHost) Ended() { h.client.leaveDHT(h.torrent) } // if it has proved private

func (h *fetchHost) Removed() { h.client.removeTorrent(h.torrent) }
