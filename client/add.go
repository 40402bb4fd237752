package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"

	"github.com/shoal-bt/shoal/client/events"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/seedcontent"
	"github.com/shoal-bt/shoal/client/internal/torrentfile"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

// AddOptions are about one torrent. The zero value is ready for use.
type AddOptions struct {
	// Dir is the folder for the content. Empty means Config.Dir.
	Dir string

	// Paused means that the torrent does not start until Resume.
	Paused bool

	// MetadataOnly means that a torrent that was added by a link is paused as soon as its
	// metadata is there.
	MetadataOnly bool

	// Trust means that files of the right size are complete, without a check.
	// Recheck means that they are checked, even if the record confirms them.
	Trust, Recheck bool

	// Overwrite allows writing to files that exist and that no former run made,
	// even if their size is wrong. Without it a wrong size is a
	// *diskstore.SizeError.
	Overwrite bool

	// ReadOnly means that content is shared and never written to: pieces that are
	// missing or wrong stay so, and empty files that are missing are not made. A piece
	// that cannot be read does not keep the rest from being shared: a Warning names it,
	// and it is checked again later. Peers and trackers see a partial seed (BEP 21).
	ReadOnly bool

	// Priorities returns a priority for each of info.Entries, from 0, not wanted, to 7; those of pads do
	// not matter. It is called once when the metadata is there, and must not call the client. Its
	// error fails the torrent, or Add if the metadata is there already. Nil, and a nil result, mean
	// what a former run had; or else the files that the link selects (BEP 53); or else all.
	Priorities func(info *metainfo.Info) ([]uint8, error)

	// Sequential means that pieces are requested in order, as by SetSequential, and FirstLast
	// that the first and the last piece of each file come first, as by SetFirstLast.
	Sequential, FirstLast bool

	// Announce are tiers of announce URLs that replace the torrent's own, unless
	// they are nil.
	Announce [][]string

	// Peers are addresses to try at once.
	Peers []netip.AddrPort

	// Sources find peers in addition to the trackers. A private torrent must have
	// none.
	Sources []swarm.PeerSource

	// Engine overrides Config.Engine.Torrent. Its UserAgent is also what the
	// torrent's trackers see. Its Events is ignored, as there.
	Engine *engine.TorrentConfig
}

// Add adds a torrent and starts it. source is the path of a .torrent file, an http or
// https URL of one, its content as a []byte or an io.Reader, a *metainfo.Torrent or a
// *metainfo.Info. Or it says only which torrent it is: a magnet link as text or as a
// *metainfo.Magnet, or an info hash as text (see ParseHash) or as a swarm.ID. At most one
// AddOptions may be given.
//
// Of a link, Add returns at once, and the metadata is fetched from peers, or as a .torrent
// file from where the link says; Ready waits for that. What was fetched is stored in
// Config.State, so that the next Add of the link need not fetch it. Of a link with a public key
// (BEP 46), newer torrents are reported by NewVersion; if it has no info hash, Add waits until the
// DHT says which torrent it stands for now.
//
// Add resumes what former runs left. It compares the record with the files, and pieces
// that the record does not confirm are checked before anything is downloaded. Add does
// not wait for that check. ctx bounds Add alone; the torrent runs until it is removed or
// the client closed.
//
// The error matches ErrDuplicate if the client has the torrent; Add then returns that torrent
// as well. If another call is adding or removing it, Add waits for the end of that. A link adds
// its trackers and peers to a torrent that is there, unless it is private. A .torrent file of a torrent whose metadata is being fetched ends the fetch, without
// an error. The error matches ErrInUse if another client has the torrent in the same folder.
// Other errors say what is wrong: *metainfo.InvalidError, *MetadataError,
// *diskstore.SizeError, *StatusError; and of a key ErrDHTOff and the errors of dht.Node.Resolve.
func (c *Client) Add(ctx context.Context, source any, options ...AddOptions) (*Torrent, error) {
	o, err := optional(options)
	if err == nil {
		err = c.beginCall()
	}
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	defer c.endCall()
	ctx, cancel := c.callContext(ctx)
	defer cancel()
	link, err := metadata.LinkOf(source)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if link != nil {
		return c.addLinkOrKey(ctx, link, o)
	}
	meta, err := torrentfile.Read(ctx, source, c.config.webOptions())
	if err != nil {
		return nil, fmt.Errorf("client: %w", withCause(ctx, err))
	}
	return c.addNamed(ctx, meta, o, nil)
}

// addNamed is addTorrent with the name of the torrent in errors.
func (c *Client) addNamed(ctx context.Context, meta *metainfo.Torrent, o AddOptions, seed *seedcontent.Content) (*Torrent, error) {
	t, err := c.addTorrent(ctx, meta, o, addedFrom{seed: seed})
	if err != nil {
		err = fmt.Errorf("client: adding %q: %w", meta.Info.Name, withCause(ctx, err))
	}
	return t, err
}

// addedFrom says where a torrent comes from.
type addedFrom struct {
	seed *seedcontent.Content // where its content is; nil means that it is to be downloaded
	link *metainfo.Magnet     // that it was added by; nil for none

	fetch    *fetchStage     // that got the metadata, on whose goroutine this is; nil for none
	found    *magnet.Result  // by that fetch
	handOver <-chan struct{} // is closed when another claim wants what that fetch found
}

// addTorrent adds a torrent whose metadata is there. If the client has the torrent already,
// it returns that with the error.
func (c *Client) addTorrent(ctx context.Context, meta *metainfo.Torrent, o AddOptions, from addedFrom) (*Torrent, error) {
	info := meta.Info
	if missing := info.MissingLayers(); len(missing) > 0 && !info.HasV1() {
		return nil, fmt.Errorf("%d files: %w", len(missing), ErrPieceLayers)
	}
	if from.link != nil && info.Private {
		o.Sources = nil // nobody knew that
	}
	if err := checkPrivate(info.Private, o.Sources...); err != nil {
		return nil, err
	}
	if err := checkPeers(o.Peers); err != nil {
		return nil, err
	}
	t, err := c.newRunning(meta, o, from)
	if err != nil {
		return nil, err
	}
	k, other, err := c.claimSwarms(ctx, t, from)
	if err != nil {
		return other, err
	}
	if len(k.fetches) > 0 && o.Dir == "" {
		t.dir = k.fetches[0].Dir()
	}
	k.endFetches(from.found)
	if from.fetch != nil {
		err = from.fetch.SaveMetadata(meta)
	}
	if err == nil {
		err = t.start(ctx, meta, o, from, k)
	}
	if err != nil {
		c.releaseSwarms(k)
		return nil, err
	}
	k.handOver(o.Paused)
	if from.fetch == nil && len(k.fetches) > 0 { // the next Add of the link need not fetch it
		if err := k.fetches[0].SaveMetadata(meta); err != nil {
			t.emitWarning(err)
		}
	}
	c.listTorrent(k)
	k.handed.Close()
	if len(k.fetches) > 0 {
		c.leaveDHT(k.torrent) // nobody knew that it is private
	}
	return k.torrent, nil
}

// absDir returns the folder for the content.
func (c *Client) absDir(o AddOptions) (string, error) {
	return filepath.Abs(cmp.Or(o.Dir, c.config.Dir))
}

// newRunning returns a torrent that is not started yet.
func (c *Client) newRunning(meta *metainfo.Torrent, o AddOptions, from addedFrom) (*running, error) {
	info := meta.Info
	dir, err := c.absDir(o)
	if err != nil {
		return nil, err
	}
	t := &running{
		client:   c,
		ids:      meta.IDs(),
		name:     info.Name,
		length:   info.ContentLength(),
		geometry: info.Geometry(),
		private:  info.Private,
		dir:      dir,
	}
	t.cache.Pin(meta)
	if info.HasV2() {
		hash := info.HashV2 // a pointer into info would keep all of it in memory
		t.hashV2 = &hash
	}
	return t, nil
}

// start opens the torrent's content and starts it in the engine. Of the fetches of a claim the
// first one's trackers stay.
func (t *running) start(ctx context.Context, meta *metainfo.Torrent, o AddOptions, from addedFrom, k *claim) error {
	t.trackers = t.client.newTrackers(t.torrent.id, o)
	if len(k.fetches) > 0 {
		t.trackers = k.fetches[0].TrackerSet()
	}
	state, err := t.openContent(ctx, o, k.choice(o, from.link), from.seed)
	if err != nil {
		return err
	}
	spec := engine.Spec{
		Swarms:     metadata.IDsFrom(t.ids, t.torrent.id),
		Geometry:   t.geometry,
		Verify:     t.verify,
		Lanes:      meta.Info.Lanes(),
		Sections:   true,
		Storage:    t.storage,
		Have:       state.have,
		Check:      state.check,
		Spilled:    state.spilled,
		Uploaded:   state.totals.Uploaded,
		Downloaded: state.totals.Downloaded,
		NewPicker:  t.newPicker,
		Private:    t.private,
		UploadOnly: t.readOnly,
		Paused:     o.Paused,
		Config:     o.Engine,
		Priorities: t.wants.Pieces(),
		Deadlines:  state.totals.Selection.Deadlines,
		Sequential: state.totals.Selection.Sequential,
	}
	if o.Engine != nil {
		cfg := *o.Engine
		cfg.Events = events.OfEngine
		if cfg.Extensions != nil {
			cfg.Extensions = slices.Concat(t.client.extensions(), cfg.Extensions)
		}
		spec.Config = &cfg
	}
	if o.Announce == nil {
		o.Announce = state.totals.Trackers
	}
	if !t.private {
		o.Announce = trackers.Join(o.Announce, meta.Tiers, k.handed.Trackers())
		o.Sources = append(k.handed.Sources(), o.Sources...)
		t.client.suggestNodes(meta.Nodes)
	}
	if spec.Sources, err = t.newSources(meta, o.Announce); err != nil {
		return errors.Join(err, t.storage.Close(), t.storage.AbandonRecord())
	}
	spec.Sources = slices.Concat(spec.Sources, t.client.sharedSources(t.private), o.Sources)
	spec.Announced = k.handed.Announced(spec.Sources, t.trackers.Early())
	if err := t.addToEngine(spec); err != nil {
		return err
	}
	k.handed.Announces(spec.Announced)
	t.addPeers(o.Peers)
	return nil
}

// newPicker makes a picker when there is something to ask for.
func (t *running) newPicker() swarm.Picker {
	if custom := t.client.config.NewPicker; custom != nil {
		m, err := t.metainfo() // in memory, unless the storage could not be reopened
		if err == nil {
			return custom(m)
		}
		t.emitWarning(err)
	}
	return piecepicker.New(t.geometry)
}

// addToEngine adds the torrent to the engine. No lock is held meanwhile: the engine uses
// the storage at once, and closes it if it refuses the torrent. Saves wait until t.engine
// is set, because they ask it what is held.
func (t *running) addToEngine(spec engine.Spec) error {
	added, err := t.client.engine.Add(spec)
	if err != nil {
		return errors.Join(err, t.storage.AbandonRecord())
	}
	t.engine = added
	if len(spec.Deadlines) > 0 {
		t.reading = t.newReaders(spec.Deadlines)
	}
	t.storage.StartSaving()
	if spec.Check.Count() > 0 {
		t.storage.ScheduleSave()
	}
	return nil
}
