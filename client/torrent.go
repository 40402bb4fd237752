package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A Torrent is a torrent of a Client. Its methods may be called from many
// goroutines at once. After it was removed, or the client closed, those that
// return an error return one that matches ErrRemoved or ErrClosed, the others show
// the last state or do nothing.
type Torrent struct {
	client    *Client
	ids       []swarm.ID
	name      string
	length    int64 // of all files, in bytes
	geometry  swarm.Geometry
	hashV2    *[32]byte // nil if there is none
	private   bool
	overwrite bool           // as in AddOptions
	dir       string         // absolute
	place     []swarm.File   // where a seed's files are, if they are not where the metainfo says
	folder    *resume.Folder // of the record; nil if nothing is remembered
	original  original
	storage   *ledger
	engine    *engine.Torrent
	trackers  trackers

	removing sync.Mutex // held by Remove
	ending   sync.Mutex // held while the torrent is shut
	mu       sync.Mutex
	over     error // why the torrent is shut: ErrRemoved or ErrClosed
	shutBy   error // of shut
}

// ID returns the first of the torrent's swarms: its v1 info hash, or the v2 one
// cut to 20 bytes.
func (t *Torrent) ID() swarm.ID { return t.ids[0] }

// IDs returns the torrent's swarms, two for a hybrid.
func (t *Torrent) IDs() []swarm.ID { return slices.Clone(t.ids) }

// Name returns the name of the torrent's file or folder.
func (t *Torrent) Name() string { return t.name }

// Length returns the length of all files in bytes.
func (t *Torrent) Length() int64 { return t.length }

// Dir returns the folder that the content is in, as an absolute path.
func (t *Torrent) Dir() string { return t.dir }

// Metainfo returns the torrent as it was added. Do not change it. Of a torrent that is
// whole and that nobody downloads it is read from Config.State, where the error is
// from.
func (t *Torrent) Metainfo() (*metainfo.Torrent, error) {
	m, err := t.metainfo()
	if err == nil {
		return m, nil
	}
	if over := t.live(); over != nil {
		return nil, over
	}
	return nil, fmt.Errorf("client: %q: %w", t.name, err)
}

// Magnet returns a magnet link to the torrent. It shows the trackers' URLs whole,
// with passkeys if they have any. Web seeds are left out if Metainfo fails.
func (t *Torrent) Magnet() string {
	m := metainfo.Magnet{Name: t.name, Length: t.length}
	if t.hashV2 == nil || len(t.ids) > 1 {
		m.HashV1 = t.ids[0]
	}
	if t.hashV2 != nil {
		m.HashV2 = *t.hashV2
	}
	if meta, err := t.metainfo(); err == nil {
		m.WebSeeds = meta.WebSeeds
	}
	for _, tier := range t.AnnounceURLs() {
		m.Trackers = append(m.Trackers, tier...)
	}
	return m.String()
}

// Stats returns the figures of this moment; totals are over all runs.
func (t *Torrent) Stats() engine.Stats { return t.engine.Stats() }

// Progress returns the share of the torrent that is held, 0 to 1.
func (t *Torrent) Progress() float64 { return progress(t.Stats()) }

func progress(s engine.Stats) float64 {
	if s.Length == 0 || s.Left == 0 {
		return 1
	}
	return 1 - float64(s.Left)/float64(s.Length)
}

// ETA returns how long the rest takes at the present rate; 0 for complete, and
// false if nothing comes in.
func (t *Torrent) ETA() (time.Duration, bool) {
	s := t.Stats()
	if s.Left == 0 {
		return 0, true
	}
	seconds := float64(s.Left) / s.Down.Rate
	if s.Down.Rate <= 0 || seconds > 1e9 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// Bitfield returns the pieces that are held. The caller owns it.
func (t *Torrent) Bitfield() swarm.Bitfield { return t.engine.Pieces() }

// Peers returns the figures of each connection.
func (t *Torrent) Peers() []engine.PeerStats { return t.engine.Peers() }

// Wait waits until every piece is held. It fails when the torrent does, with the
// error that stopped it; when it is removed; and when ctx is done.
func (t *Torrent) Wait(ctx context.Context) error { return t.explain(t.engine.Wait(ctx)) }

// Await waits until one piece is held, and fails as Wait does.
func (t *Torrent) Await(ctx context.Context, piece int) error {
	return t.explain(t.engine.Await(ctx, piece))
}

// ReadAt reads bytes of pieces that are held, at an offset in the torrent. It fails
// with engine.ErrNoPiece if one of them is not.
func (t *Torrent) ReadAt(p []byte, off int64) (int, error) {
	n, err := t.engine.ReadAt(p, off)
	return n, t.explain(err)
}

// explain says why the torrent is closed, and whose error it is.
func (t *Torrent) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, engine.ErrClosed):
		if over := t.ended(); over != nil {
			return fmt.Errorf("client: %q: %w", t.Name(), over)
		}
	}
	return fmt.Errorf("client: %q: %w", t.Name(), err)
}

// ended returns why the torrent is over, or nil.
func (t *Torrent) ended() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}

// live returns an error if the torrent is over.
func (t *Torrent) live() error {
	if over := t.ended(); over != nil {
		return fmt.Errorf("client: %q: %w", t.Name(), over)
	}
	return nil
}

// AddPeers tells the torrent of peers. A private torrent takes them too, for here
// a user names them. The error matches ErrAddress if a peer cannot be at one of
// the addresses; then none is taken.
func (t *Torrent) AddPeers(peers ...netip.AddrPort) error {
	for _, p := range peers {
		if err := checkPeer(p); err != nil {
			return err
		}
	}
	t.addPeers(peers)
	return t.live()
}

func (t *Torrent) addPeers(peers []netip.AddrPort) {
	if len(peers) == 0 {
		return
	}
	all := make([]swarm.Address, len(peers))
	for i, p := range peers {
		all[i].AddrPort = p
	}
	t.engine.AddPeers(all...)
}

// RemovePeer ends the connections to an address. It may come again.
func (t *Torrent) RemovePeer(addr netip.AddrPort) { t.engine.RemovePeer(addr) }

// Ban ends all connections to an address, for as long as the torrent is there.
func (t *Torrent) Ban(addr netip.Addr) { t.engine.Ban(addr) }

// AddSource adds a source of peers, which is asked at once. The error matches
// ErrPrivate if the torrent is private.
func (t *Torrent) AddSource(s swarm.PeerSource) error {
	if t.private {
		return fmt.Errorf("client: %q: %w", t.Name(), ErrPrivate)
	}
	t.engine.AddSource(s)
	return t.live()
}

// RemoveSource takes out a source that AddSource added.
func (t *Torrent) RemoveSource(s swarm.PeerSource) { t.engine.RemoveSource(s) }

// Sources returns how each source does, the trackers together being one or two.
func (t *Torrent) Sources() []engine.SourceStats { return t.engine.Sources() }

// Pause ends all connections and tells the trackers that we stopped: nothing is
// downloaded, uploaded or asked for until Resume.
func (t *Torrent) Pause() error {
	t.engine.Pause()
	return t.live()
}

// Resume ends a pause, or tries again after the torrent failed: then what is
// stored is checked first.
func (t *Torrent) Resume() error {
	if t.engine.Stats().Phase == engine.PhaseFailed && t.live() == nil {
		if err := t.revive(); err != nil {
			return err
		}
	}
	t.engine.Resume()
	t.storage.wrote()
	return t.live()
}

// Recheck ends all connections, checks all that is stored, and goes on with what
// was found. It returns when the check is done, or with ctx, without ending the
// check.
func (t *Torrent) Recheck(ctx context.Context) error {
	if err := t.live(); err != nil {
		return err
	}
	if err := t.revive(); err != nil {
		return err
	}
	t.storage.wrote()
	err := t.engine.Recheck(ctx)
	t.storage.wrote()
	return t.explain(err)
}

// holds is what the record says of the torrent.
func (t *Torrent) holds() (swarm.Bitfield, map[int][]int, func(*resume.Totals)) {
	// Blocks before pieces: a piece that becomes whole in between counts as
	// whole, and its blocks need no mention.
	spilled := t.engine.Spilled()
	held := t.engine.Pieces()
	stats := t.engine.Stats()
	now := time.Now()
	return held, spilled, func(l *resume.Totals) {
		l.Uploaded, l.Downloaded = stats.Up.Total, stats.Down.Total
		l.Trackers = t.trackers.edited()
		if stats.Complete() && l.Completed.IsZero() {
			l.Completed = now
		}
	}
}

// checking reports whether stored pieces are being checked.
func (t *Torrent) checking() bool { return t.engine.Stats().Phase == engine.PhaseChecking }

// warn tells who listens of trouble that the torrent goes on with.
func (t *Torrent) warn(err error) {
	t.client.engine.Report(engine.Warning{Torrent: t.ID(), Err: err})
}

// shut ends the torrent for good; why is ErrRemoved or ErrClosed. All calls return
// the same.
func (t *Torrent) shut(why error) error {
	t.ending.Lock()
	defer t.ending.Unlock()
	t.mu.Lock()
	if t.over != nil {
		defer t.mu.Unlock()
		return t.shutBy
	}
	t.over = why
	t.mu.Unlock()
	if t.storage.now() == nil && t.trackers.unsaved() {
		if err := t.storage.wake(false); err != nil {
			t.warn(err)
		}
	}
	if o := t.storage.now(); o != nil {
		o.recorder.end()
	}
	err := t.engine.Close()
	err = errors.Join(err, t.unrecord(err))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shutBy = err
	return err
}

// unrecord saves the last record, after the storage was closed with an error or nil.
// The record of a torrent at rest says all there is to say.
func (t *Torrent) unrecord(storage error) error {
	o := t.storage.now()
	if o == nil {
		return nil
	}
	o.recorder.end() // also of one that was opened meanwhile
	return o.recorder.close(storage)
}
