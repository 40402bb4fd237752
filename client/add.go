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

	// Paused means that the torrent does not start until Resume.
	Paused bool

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
// *metainfo.Info. At most one AddOptions may be given.
//
// Add resumes what former runs left. It compares the record with the files, and pieces
// that the record does not confirm are checked before anything is downloaded. Add does
// not wait for that check. ctx bounds Add alone; the torrent runs until it is removed or
// the client closed.
//
// The error matches ErrDuplicate if the client has the torrent, ErrInUse if another
// client has it in the same folder, and ErrMagnet if only an info hash is known. Other
// errors say what is wrong: *metainfo.InvalidError, *diskstore.SizeError, *StatusError.
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

// addTorrent adds a torrent. seed says where its content is; nil means that it is to be
// downloaded.
func (c *Client) addTorrent(ctx context.Context, meta *metainfo.Torrent, o AddOptions, seed *seedContent) (*Torrent, error) {
	info := meta.Info
	fail := func(err error) (*Torrent, error) { return nil, fmt.Errorf("client: adding %q: %w", info.Name, err) }
	missing := info.MissingLayers()
	if len(missing) > 0 && !info.HasV1() {
		return fail(&metainfo.InvalidError{Err: fmt.Errorf("the piece layers of %d files are missing", len(missing))})
	}
	if err := checkPrivate(info.Private, o.Sources...); err != nil {
		return fail(err)
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
	t := &Torrent{
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
	if err := c.reserveSwarms(t); err != nil {
		return fail(err)
	}
	if err := t.start(ctx, meta, o, seed); err != nil {
		c.removeTorrent(t)
		return fail(withCause(ctx, err))
	}
	c.listTorrent(t)
	return t, nil
}

// start opens the torrent's content and starts it in the engine.
func (t *Torrent) start(ctx context.Context, meta *metainfo.Torrent, o AddOptions, seed *seedContent) error {
	state, err := t.openContent(ctx, o, seed)
	if err != nil {
		return err
	}
	spec := engine.Spec{
		Swarms:     t.ids,
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
	}
	if o.Engine != nil {
		t.trackers.userAgent = o.Engine.UserAgent
		cfg := *o.Engine
		cfg.Events = engineEvents
		spec.Config = &cfg
	}
	if o.Announce == nil {
		o.Announce = state.totals.Trackers
	}
	if spec.Sources, err = t.newSources(meta, o.Announce); err != nil {
		return errors.Join(err, t.storage.Close(), t.storage.AbandonRecord())
	}
	spec.Sources = append(spec.Sources, o.Sources...)
	if err := t.addToEngine(spec); err != nil {
		return err
	}
	t.addPeers(o.Peers)
	return nil
}

// newPicker makes a picker when there is something to ask for.
func (t *Torrent) newPicker() swarm.Picker {
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
func (t *Torrent) addToEngine(spec engine.Spec) error {
	added, err := t.client.engine.Add(spec)
	if err != nil {
		return errors.Join(err, t.storage.AbandonRecord())
	}
	t.engine = added
	t.storage.StartSaving()
	if spec.Check.Count() > 0 {
		t.storage.ScheduleSave()
	}
	return nil
}
