package engine

import (
	"context"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/conns"
	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/schedule"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/swarm"
)

// An owner is a Torrent as the rooms below see it: the Runner of its mailbox, and the
// Owner of what disk, schedule and conns have of it. Torrent itself would have to export
// these methods.
type owner Torrent

var (
	_ disk.Owner     = (*owner)(nil)
	_ schedule.Owner = (*owner)(nil)
	_ conns.Owner    = (*owner)(nil)
)

func (t *Torrent) owner() *owner { return (*owner)(t) }

// The torrent, by name.

func (o *owner) ID() swarm.ID           { return o.ids[0] }
func (o *owner) Swarms() []swarm.ID     { return o.ids }
func (o *owner) PeerID() swarm.PeerID   { return o.config.PeerID }
func (o *owner) HasDHT() bool           { return !o.private && o.engine.DHTPort() != 0 }
func (o *owner) Store() *disk.Store     { return &o.store }
func (o *owner) Uploads() *budget.Share { return &o.uploads }

// The mailbox and its tasks.

func (o *owner) Turn(batch []item) (idle bool)          { return (*Torrent)(o).turn(batch) }
func (o *owner) Post(in protocol.Input)                 { o.mailbox.Post(item{input: in}) }
func (o *owner) Join(c *conns.Conn, in protocol.Joined) { o.mailbox.Post(item{input: in, conn: c}) }
func (o *owner) BeginTask() bool                        { return o.mailbox.BeginTask() }
func (o *owner) AddTask()                               { o.mailbox.AddTask() }
func (o *owner) EndTask()                               { o.mailbox.EndTask() }
func (o *owner) Closing() bool                          { return o.mailbox.Closing() }
func (o *owner) Context() context.Context               { return o.mailbox.Context() }

// Announcement returns what to announce at this moment.
func (o *owner) Announcement() (a swarm.Announcement, ok bool) {
	ok = (*Torrent)(o).query(func(_ time.Time, s *protocol.State) { a = s.Announcement() })
	return a, ok
}

// Called reports what a call of a source brought.
func (o *owner) Called(r schedule.Reply) {
	mask := o.config.Events
	if r.Err == nil && mask&OnSourceReply != 0 {
		o.engine.hub.Emit(SourceReply{o.ID(), r.Source, r.Answer, r.Peers})
	}
	if r.Err != nil && mask&OnSourceError != 0 && !o.Closing() {
		o.engine.hub.Emit(SourceError{o.ID(), r.Source, r.Err, r.Errors})
	}
	if r.Answer.Warning != "" && mask&OnWarning != 0 {
		o.engine.hub.Emit(Warning{Torrent: o.ID(), Err: sourceWarning(r.Answer.Warning)})
	}
}

// sourceWarning is what a source wants the user to know.
type sourceWarning string

func (w sourceWarning) Error() string { return "source: " + string(w) }

// Blocked reports that an address was not dialed.
func (o *owner) Blocked(a netip.Addr) {
	if o.config.Events&OnPeerBlocked != 0 {
		o.engine.hub.Emit(PeerBlocked{o.ID(), a})
	}
}
