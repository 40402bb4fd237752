package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine/internal/conns"
	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/mailbox"
	"github.com/shoal-bt/shoal/engine/internal/schedule"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/swarm"
)

// A Found is addresses of peers, for Torrent.AddFound.
type Found = protocol.Found

// ErrNoPiece says that a torrent has no such piece, or does not hold it.
var ErrNoPiece = errors.New("no such piece here")

// A Torrent is a torrent in an Engine. Its methods may be called from many
// goroutines at once.
type Torrent struct {
	engine   *Engine
	ids      []swarm.ID
	private  bool
	config   *TorrentConfig // shared with others; it must not change
	store    disk.Store
	quota    *budget.Quota
	uploads  budget.Share // of the memory of blocks on their way to peers
	mailbox  mailbox.Mailbox[item, *owner]
	sources  schedule.Sources
	deadline schedule.Entry[*Torrent] // of the next Tick
	closing  atomic.Pointer[closing]  // nil until Close begins

	// What follows belongs to the turn.
	state   *protocol.State
	conns   map[swarm.Peer]*conns.Conn     // nil for none
	answers map[protocol.Ticket]chan error // of the calls that wait; nil for none
}

// newTorrent makes a torrent that nobody knows of yet.
func newTorrent(e *Engine, spec Spec) *Torrent {
	t := &Torrent{engine: e, ids: spec.Swarms, private: spec.Private, config: &e.cfg.Torrent}
	if spec.Config != nil {
		own := spec.Config.Or(e.cfg.Torrent)
		t.config = &own
	}
	t.store.Storage = spec.Storage
	t.store.Geometry = spec.Geometry
	t.store.Verify = spec.Verify
	t.store.Lanes = spec.Lanes
	t.deadline.Value = t
	t.mailbox.Init(t.owner())
	t.quota = e.memory.Blocks.Open(
		func() { t.mailbox.TryPost(item{input: protocol.Refilled{}}) },
		func() { t.mailbox.TryPost(item{input: protocol.Reclaim{}}) })
	t.state = protocol.New(time.Now(), protocol.Setup{
		Swarms:      t.ids,
		Geometry:    &t.store.Geometry,
		Config:      t.config,
		NewPicker:   spec.NewPicker,
		Memory:      t.quota,
		Port:        e.Port(),
		PeerTimeout: e.cfg.PeerTimeout,
		Lanes:       spec.Lanes,
		Sections:    spec.Sections,
		Have:        spec.Have,
		Check:       spec.Check,
		Priorities:  spec.Priorities,
		Deadlines:   spec.Deadlines,
		Sequential:  spec.Sequential,
		Spilled:     spec.Spilled,
		Uploaded:    spec.Uploaded,
		Downloaded:  spec.Downloaded,
		Private:     spec.Private,
		UploadOnly:  spec.UploadOnly,
		Extensions:  spec.Extensions,
		Say:         t.say,
		Paused:      spec.Paused,
	})
	return t
}

// say sends a message of an extension from outside of the turn.
func (t *Torrent) say(p swarm.Peer, name string, body []byte) {
	t.mailbox.TryPost(item{input: protocol.Say{Peer: p, Name: name, Body: body}})
}

// start gives the torrent its first turn, and says which trackers answered another: a private
// torrent leaves their peers when another tracker answers.
func (t *Torrent) start(announced []SourceStats) {
	t.mailbox.TryPost(item{input: protocol.Start{}})
	for _, s := range announced {
		if i := slices.Index(t.ids, s.Swarm); i >= 0 {
			t.mailbox.TryPost(item{input: protocol.Found{Swarms: 1 << i, Tracker: s.Answer.Tracker}})
		}
	}
}

// tick says that the torrent's deadline has come.
func (t *Torrent) tick() { t.mailbox.TryPost(item{input: protocol.Tick{}}) }

// ID returns the first of the torrent's swarms.
func (t *Torrent) ID() swarm.ID { return t.ids[0] }

// Stats returns the figures of this moment; while Close is under way those of its
// beginning, and then the last ones.
func (t *Torrent) Stats() (st Stats) {
	if !t.query(func(now time.Time, s *protocol.State) { st = s.Stats(now) }) {
		return t.lastFigures().stats
	}
	return st
}

// Peers returns the figures of each connection, in order of joining.
func (t *Torrent) Peers() (all []PeerStats) {
	t.query(func(now time.Time, s *protocol.State) { all = s.Peers(now) })
	return all
}

// Pieces returns the pieces that are held: checked and written, though not
// necessarily synced. While Close is under way they are those that were held when
// it began. The caller owns it.
func (t *Torrent) Pieces() (b swarm.Bitfield) {
	if !t.query(func(_ time.Time, s *protocol.State) { b = s.Pieces() }) {
		return t.lastFigures().pieces.Clone()
	}
	return b
}

// Spilled returns the blocks of incomplete pieces that are stored unchecked: block
// numbers by piece. After Close it has all that were written.
func (t *Torrent) Spilled() (m map[int][]int) {
	if !t.query(func(_ time.Time, s *protocol.State) { m = s.Spilled() }) {
		c := t.closing.Load()
		<-c.done
		return c.last.spilled
	}
	return m
}

// Sources returns how each source is doing.
func (t *Torrent) Sources() []SourceStats { return t.engine.announcer.Status(&t.sources) }

// Wait waits until every piece that is wanted is held and synced. It fails when the torrent
// does, when it is closed, and when ctx is done.
func (t *Torrent) Wait(ctx context.Context) error { return t.await(ctx, -1) }

// Await waits until one piece is held, and fails as Wait does, and with ErrNotWanted if the
// piece is not wanted, or not any more.
func (t *Torrent) Await(ctx context.Context, piece int) error {
	if piece < 0 || piece >= t.store.Geometry.Pieces() {
		return fmt.Errorf("engine: piece %d: %w", piece, ErrNoPiece)
	}
	return t.await(ctx, piece)
}

func (t *Torrent) await(ctx context.Context, piece int) error {
	ticket := t.newTicket()
	return t.wait(ctx, ticket, protocol.Await{Ticket: ticket, Piece: piece})
}

// Recheck ends all connections, reads what is stored, and goes on with that. It
// returns when the check is done.
func (t *Torrent) Recheck(ctx context.Context) error {
	ticket := t.newTicket()
	return t.wait(ctx, ticket, protocol.Recheck{Ticket: ticket})
}

// ReadAt reads bytes of pieces that are held. It fails with ErrNoPiece if one of
// them is not.
func (t *Torrent) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > t.store.Geometry.Length-int64(len(p)) {
		return 0, fmt.Errorf("engine: read of %d bytes at %d: %w", len(p), off, ErrNoPiece)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if !t.mailbox.BeginTask() {
		return 0, errClosed
	}
	defer t.mailbox.EndTask()
	missing, err := t.firstMissing(off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	if missing >= 0 {
		return 0, fmt.Errorf("engine: piece %d: %w", missing, ErrNoPiece)
	}
	n, err := t.store.ReadAt(p, off, t.mailbox.Context().Done())
	if errors.Is(err, disk.ErrClosed) {
		err = errClosed
	}
	return n, err
}

// firstMissing returns the first piece in a range of bytes that is not held, or -1. A
// user is about to read there, so the torrent is in use.
func (t *Torrent) firstMissing(off, length int64) (int, error) {
	missing := -1
	asked := t.callWith(protocol.Use{}, func(_ time.Time, s *protocol.State) {
		size := t.store.Geometry.PieceLength
		for i := int(off / size); i <= int((off+length-1)/size); i++ {
			if !s.Holds(i) {
				missing = i
				return
			}
		}
	})
	if !asked {
		return 0, errClosed
	}
	return missing, nil
}

// Fail stops the torrent with an error of its Storage that came outside of the engine's
// calls, as an error of a write does. Resume checks what is stored and goes on. It does
// nothing once the torrent is closed.
func (t *Torrent) Fail(err error) { t.mailbox.TryPost(item{input: protocol.StorageFailed{Err: err}}) }

// Pause ends all connections and announces that we stopped.
func (t *Torrent) Pause() { t.call(protocol.Pause{}) }

// Resume ends a pause. A torrent that failed is checked first.
func (t *Torrent) Resume() { t.call(protocol.Resume{}) }

// Announce asks all sources for peers now, or as soon as they allow.
func (t *Torrent) Announce() { t.mailbox.TryPost(item{input: protocol.Reannounce{}}) }

// AddSource adds a source of peers, which is asked at once.
func (t *Torrent) AddSource(p swarm.PeerSource) {
	t.query(func(_ time.Time, s *protocol.State) { t.engine.announcer.Add(t.owner(), &t.sources, p, s.Running()) })
}

// RemoveSource takes a source out, after it got a Stopped announce. One whose type
// cannot be compared, such as swarm.List, is not found.
func (t *Torrent) RemoveSource(p swarm.PeerSource) {
	t.query(func(_ time.Time, s *protocol.State) { t.engine.announcer.Remove(&t.sources, p, s.Announcement()) })
}

// AddPeers tells the torrent of peers. A private torrent takes only those that a
// user names, so what was found elsewhere must not come here.
func (t *Torrent) AddPeers(peers ...swarm.Address) {
	t.mailbox.TryPost(item{input: protocol.Found{Addrs: slices.Clone(peers)}})
}

// AddFound tells the torrent of peers that were found before it began, as by a fetch of its metadata,
// and keeps who named them: a source, or a peer, whose addresses are bounded and of which a private
// torrent takes none. The engine owns f from then on.
func (t *Torrent) AddFound(f Found) { t.mailbox.TryPost(item{input: f}) }

// RemovePeer ends the connections to an address.
func (t *Torrent) RemovePeer(addr netip.AddrPort) { t.call(protocol.Disconnect{Addr: addr}) }

// Ban ends all connections to an address, for good.
func (t *Torrent) Ban(addr netip.Addr) { t.call(protocol.Ban{Addr: addr.Unmap()}) }

// AddConn gives the torrent a connection that has shaken hands in one of its swarms, and
// owns it from then on: it is closed if it is not wanted. Places, bans and the rule of one
// connection for each peer hold as for any other. An error says why it was closed at once;
// what the torrent decides later are events. Peers that are connected should be added
// before AddPeers names their addresses, so that they are not dialed again.
func (t *Torrent) AddConn(c *connect.Conn) error {
	if !t.mailbox.BeginTask() {
		c.Close()
		return errClosed
	}
	defer t.mailbox.EndTask()
	if !slices.Contains(t.ids, c.Swarm) {
		c.Close()
		return fmt.Errorf("engine: a connection of swarm %s: %w", c.Swarm, connect.ErrNoTorrent)
	}
	err := t.engine.sockets.Adopt(t.owner(), c)
	if err != nil {
		return fmt.Errorf("engine: a connection to %s: %w", c.Addr, err)
	}
	return nil
}
