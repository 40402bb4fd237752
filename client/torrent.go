package client

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// A Torrent is a torrent of a Client. Until its metadata is there, as that of a magnet link,
// it has no pieces and no files. Its methods may be called from many goroutines at once. After
// it was removed, or the client closed, methods that return an error return one that matches
// ErrRemoved or ErrClosed; the others return the last state or do nothing.
type Torrent struct {
	client *Client
	id     swarm.ID

	mu    sync.Mutex // guards what follows; not held during I/O
	stage stage
}

// A stage is what a Torrent is: a *fetchStage or a *running. Its methods do what those of
// Torrent say.
type stage interface {
	IDs() []swarm.ID
	Name() string
	Dir() string
	Length() int64
	Metainfo() (*metainfo.Torrent, error)
	Magnet() string
	Files() ([]File, error)
	Bitfield() swarm.Bitfield
	ReadAt(p []byte, off int64) (int, error)

	Stats() engine.Stats
	Fetch() FetchStats
	Ready(ctx context.Context) error
	Wait(ctx context.Context) error
	Await(ctx context.Context, piece int) error
	Pause() error
	Resume() error
	Recheck(ctx context.Context) error

	Peers() []engine.PeerStats
	AddPeers(peers ...netip.AddrPort) error
	RemovePeer(addr netip.AddrPort)
	Ban(addr netip.Addr)
	AddSource(s swarm.PeerSource) error
	RemoveSource(s swarm.PeerSource)
	Sources() []engine.SourceStats
	Announce()
	Trackers() []Tracker
	AnnounceURLs() [][]string
	SetTrackers(tiers [][]string) error

	AddLocalPeer(id swarm.ID, a swarm.Address)                   // does not block
	AddLink(link *metainfo.Magnet, peers []netip.AddrPort) error // adds what another link says
	close(why error) error
	remove(content Content) (again bool, err error) // again says that the stage has changed
}

// now returns the present stage.
func (t *Torrent) now() stage {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stage
}

// setStage changes the stage.
func (t *Torrent) setStage(s stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stage = s
}

// ID returns the torrent's first swarm: its v1 info hash, or the v2 one cut to 20 bytes. If
// it was added by a link, that is the first of the link. It never changes.
func (t *Torrent) ID() swarm.ID { return t.id }

// IDs returns the torrent's swarms, two for a hybrid. The other one of a hybrid may be
// unknown until the metadata is there. The slice is the caller's.
func (t *Torrent) IDs() []swarm.ID { return t.now().IDs() }

// Name returns the name of the torrent's file or folder. Until the metadata is there it is
// the one that the link has, or the info hash.
func (t *Torrent) Name() string { return t.now().Name() }

// Length returns the length of all files in bytes. Until the metadata is there it is what the
// link says, or 0.
func (t *Torrent) Length() int64 { return t.now().Length() }

// Dir returns the folder that the content is in, as an absolute path.
func (t *Torrent) Dir() string { return t.now().Dir() }

// Metainfo returns the torrent as it was added. Do not change it. While the torrent is
// idle it is read from Config.State, which can fail. The error matches ErrNoMetadata while
// the metadata is missing.
func (t *Torrent) Metainfo() (*metainfo.Torrent, error) { return t.now().Metainfo() }

// Magnet returns a magnet link to the torrent. It has the full URLs of the trackers,
// including passkeys. Web seeds are left out if Metainfo fails.
func (t *Torrent) Magnet() string { return t.now().Magnet() }

// Ready waits until the metadata is there and the torrent has started. It fails with the
// error that prevents it, such as a *MetadataError; if the torrent is removed; and when ctx is
// done.
func (t *Torrent) Ready(ctx context.Context) error { return t.now().Ready(ctx) }

// Stats returns the figures of this moment. Totals are over all runs. Left is -1 until the
// metadata is there.
func (t *Torrent) Stats() engine.Stats { return t.now().Stats() }

// Fetch returns how far the fetch of the metadata is. It returns zeros if the metadata is
// there.
func (t *Torrent) Fetch() FetchStats { return t.now().Fetch() }

// Progress returns the share of what is wanted that is held, 0 to 1.
func (t *Torrent) Progress() float64 { return progress(t.Stats()) }

func progress(s engine.Stats) float64 {
	if s.WantedLeft < 0 {
		return 0
	}
	if s.WantedLength == 0 || s.WantedLeft == 0 {
		return 1
	}
	return 1 - float64(s.WantedLeft)/float64(s.WantedLength)
}

// ETA returns how long the missing bytes of what is wanted take at the present rate. It returns 0 if
// nothing wanted is missing, and false if nothing is received or the metadata is missing.
func (t *Torrent) ETA() (time.Duration, bool) {
	s := t.Stats()
	if s.WantedLeft < 0 {
		return 0, false
	}
	if s.WantedLeft == 0 {
		return 0, true
	}
	seconds := float64(s.WantedLeft) / s.Down.Rate
	if s.Down.Rate <= 0 || seconds > 1e9 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// Bitfield returns the pieces that are held. The caller owns it.
func (t *Torrent) Bitfield() swarm.Bitfield { return t.now().Bitfield() }

// Wait waits until every piece that is wanted is held and synced. It fails if the torrent fails, with the error
// that stopped it; if the torrent is removed; and when ctx is done.
func (t *Torrent) Wait(ctx context.Context) error {
	if err := t.Ready(ctx); err != nil {
		return err
	}
	return t.now().Wait(ctx)
}

// Await waits until one piece is held. It fails as Wait does, and with an error that matches
// ErrNotWanted if the piece is not wanted.
func (t *Torrent) Await(ctx context.Context, piece int) error {
	if err := t.Ready(ctx); err != nil {
		return err
	}
	return t.now().Await(ctx, piece)
}

// ReadAt reads bytes of pieces that are held, at an offset in the torrent. It fails
// with engine.ErrNoPiece if one of these pieces is missing.
func (t *Torrent) ReadAt(p []byte, off int64) (int, error) { return t.now().ReadAt(p, off) }

// Pause ends all connections and notifies the trackers. Nothing is downloaded, uploaded
// or announced until Resume.
func (t *Torrent) Pause() error { return t.now().Pause() }

// Resume ends a pause. After the torrent failed, Resume tries again: it checks what is
// stored first.
func (t *Torrent) Resume() error { return t.now().Resume() }

// Recheck ends all connections, checks everything that is stored, and continues with
// the pieces that it found. It returns when the check is done. If ctx ends first,
// Recheck returns and the check continues.
func (t *Torrent) Recheck(ctx context.Context) error { return t.now().Recheck(ctx) }

// Files returns the torrent's files in order, without pads. The slice is the
// caller's. It fails as Metainfo does.
func (t *Torrent) Files() ([]File, error) { return t.now().Files() }

// Peers returns the figures of each connection. The slice is the caller's.
func (t *Torrent) Peers() []engine.PeerStats { return t.now().Peers() }

// AddPeers gives the torrent addresses of peers to try. A private torrent accepts them
// too, because a user names them. The error matches ErrAddress if a peer cannot be at
// one of the addresses; then none is added.
func (t *Torrent) AddPeers(peers ...netip.AddrPort) error { return t.now().AddPeers(peers...) }

// RemovePeer ends the connections to an address. The peer may connect again.
func (t *Torrent) RemovePeer(addr netip.AddrPort) { t.now().RemovePeer(addr) }

// Ban ends all connections to an address, and refuses new ones until the torrent is
// removed or the client closed.
func (t *Torrent) Ban(addr netip.Addr) { t.now().Ban(addr) }

// AddSource adds a source of peers, which is asked at once. The error matches
// ErrPrivate if the torrent is private.
func (t *Torrent) AddSource(s swarm.PeerSource) error { return t.now().AddSource(s) }

// RemoveSource removes a source that AddSource added.
func (t *Torrent) RemoveSource(s swarm.PeerSource) { t.now().RemoveSource(s) }

// Sources returns the state of each source. The torrent's trackers are one source, and
// those of Config.Announce another. The slice is the caller's.
func (t *Torrent) Sources() []engine.SourceStats { return t.now().Sources() }

// Announce asks all sources for peers now, or as soon as they allow.
func (t *Torrent) Announce() { t.now().Announce() }

// Trackers returns the state of each tracker, in the order in which they are tried.
// Those of Config.Announce come last; they are tried independently. The slice is the
// caller's.
func (t *Torrent) Trackers() []Tracker { return t.now().Trackers() }

// AnnounceURLs returns the tiers of the torrent's trackers, without those of
// Config.Announce, for SetTrackers. The URLs are complete, including passkeys.
func (t *Torrent) AnnounceURLs() [][]string { return t.now().AnnounceURLs() }

// SetTrackers replaces the tiers of trackers, and announces to the new ones. The record
// keeps them. Nil restores the trackers of the metainfo.
func (t *Torrent) SetTrackers(tiers [][]string) error { return t.now().SetTrackers(tiers) }
