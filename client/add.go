package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

// AddOptions are about one torrent. The zero value is ready for use.
type AddOptions struct {
	// Dir is the folder for the content. Empty means Config.Dir.
	Dir string

	// Paused says that the torrent waits for Resume.
	Paused bool

	// Trust takes what is there in the right size for whole, without a check.
	// Recheck checks all of it, whatever the record says.
	Trust, Recheck bool

	// Overwrite says that files which exist and which no former run made may
	// be written to, also if they have another size. Without it such a size
	// is a *diskstore.SizeError.
	Overwrite bool

	// Announce are tiers of announce URLs in place of the torrent's own.
	Announce [][]string

	// Peers are addresses to try at once.
	Peers []netip.AddrPort

	// Sources find peers besides the trackers. A private torrent takes none.
	Sources []swarm.PeerSource

	// Engine overrides Config.Engine.Torrent. Its UserAgent is also what the
	// torrent's trackers see.
	Engine *engine.TorrentConfig
}

// Add adds a torrent and begins with it. source is the path of a .torrent file, an
// http or https URL of one, its content as a []byte or an io.Reader, a
// *metainfo.Torrent or a *metainfo.Info. At most one AddOptions may be given.
//
// What former runs left is taken up: Add looks at the record and at the files, and
// what the record does not vouch for is checked before anything is downloaded; Add
// does not wait for that. ctx bounds Add alone; the torrent runs until it is
// removed or the client closed.
//
// The error matches ErrDuplicate if the torrent is there, ErrInUse if another client
// has it in the same folder, ErrMagnet if only an info hash is known, and else says
// what is wrong: *metainfo.InvalidError, *diskstore.SizeError, *StatusError.
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
	meta, err := c.readTorrent(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("client: %w", withCause(ctx, err))
	}
	return c.addTorrent(ctx, meta, o, nil)
}

// addTorrent adds a torrent whose content is in place, or to be downloaded.
func (c *Client) addTorrent(ctx context.Context, meta *metainfo.Torrent, o AddOptions, place *seedContent) (*Torrent, error) {
	info := meta.Info
	fail := func(err error) (*Torrent, error) { return nil, fmt.Errorf("client: adding %q: %w", info.Name, err) }
	switch missing := info.MissingLayers(); {
	case len(missing) > 0 && !info.HasV1():
		return fail(&metainfo.InvalidError{Err: fmt.Errorf("the piece layers of %d files are missing", len(missing))})
	case info.Private && len(o.Sources) > 0:
		return fail(ErrPrivate)
	}
	for _, p := range o.Peers {
		if err := checkPeer(p); err != nil {
			return nil, err
		}
	}
	if o.Dir == "" {
		o.Dir = c.config.Dir
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return fail(err)
	}
	o.Dir = dir
	t := &Torrent{client: c, ids: meta.IDs(), name: info.Name, length: info.ContentLength(), geometry: info.Geometry(), private: info.Private, dir: dir}
	t.cache.pin(meta)
	if info.HasV2() {
		hash := info.HashV2 // a pointer into info would keep all of it
		t.hashV2 = &hash
	}
	if err := c.reserveSwarms(t); err != nil {
		return fail(err)
	}
	if err := t.start(ctx, meta, o, place); err != nil {
		c.removeTorrent(t)
		return fail(withCause(ctx, err))
	}
	c.listTorrent(t)
	return t, nil
}

// start opens the torrent's storage and hands it to the engine.
func (t *Torrent) start(ctx context.Context, meta *metainfo.Torrent, o AddOptions, place *seedContent) error {
	found, err := t.openContent(ctx, o, place)
	if err != nil {
		return err
	}
	spec := engine.Spec{
		Swarms:   t.ids,
		Geometry: t.geometry,
		Verify:   t.verify,
		Lanes:    meta.Info.Lanes(), Sections: true,
		Storage:  t.storage,
		Have:     found.have,
		Check:    found.check,
		Spilled:  found.spilled,
		Uploaded: found.totals.Uploaded, Downloaded: found.totals.Downloaded,
		Private: t.private,
		Paused:  o.Paused,
		Config:  o.Engine,
	}
	if o.Engine != nil && o.Engine.Events != 0 {
		cfg := *o.Engine
		cfg.Events |= fileEvents
		spec.Config = &cfg
	}
	if o.Engine != nil {
		t.trackers.userAgent = o.Engine.UserAgent
	}
	if o.Announce == nil {
		o.Announce = found.totals.Trackers
	}
	if spec.Sources, err = t.newSources(meta, o.Announce); err != nil {
		return errors.Join(err, t.storage.Close(), t.storage.closeRecord())
	}
	spec.Sources = append(spec.Sources, o.Sources...)
	spec.NewPicker = t.newPicker
	if err := t.addToEngine(spec); err != nil {
		return err
	}
	t.addPeers(o.Peers)
	return nil
}

// newPicker makes a picker when there is something to ask for.
func (t *Torrent) newPicker() swarm.Picker {
	if custom := t.client.config.NewPicker; custom != nil {
		m, err := t.metainfo() // in memory, but for a torrent that could not be opened
		if err == nil {
			return custom(m)
		}
		t.emitWarning(err)
	}
	return piecepicker.New(t.geometry)
}

// addToEngine hands the torrent to the engine. The recorder has to wait until there is
// something to ask.
func (t *Torrent) addToEngine(spec engine.Spec) (err error) {
	l := t.storage
	l.begun.Lock()
	defer l.begun.Unlock()
	t.ending.Lock()
	defer t.ending.Unlock()
	var r *recorder
	if l.open != nil {
		r = l.open.recorder
	}
	if r != nil {
		r.saving.Lock()
	}
	t.engine, err = t.client.engine.Add(spec)
	if r != nil {
		r.saving.Unlock()
	}
	if err != nil {
		return errors.Join(err, l.closeRecord())
	}
	if spec.Check.Count() > 0 {
		r.scheduleSave()
	}
	return nil
}
