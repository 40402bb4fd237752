// Package peers is what a State knows of one connection.
//
// In come the fields of a handshake; a State, which owns a [Peer], changes the rest. Out go
// what follows from the fields alone, and the figures that users see. It reads no clock and
// does no I/O.
package peers

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/protocol/choking"
	"github.com/shoal-bt/shoal/protocol/connection"
	"github.com/shoal-bt/shoal/protocol/duplicates"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/protocol/input"
	"github.com/shoal-bt/shoal/protocol/pacing"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/protocol/requests"
	"github.com/shoal-bt/shoal/protocol/traffic"
	"github.com/shoal-bt/shoal/swarm"
)

// maxHints is how many allowed-fast and suggested pieces of a peer are remembered, of each kind.
const maxHints = 100

// A Peer is what the State knows of one connection.
type Peer struct {
	ID       swarm.Peer
	Sender   pieces.Sender // of its blocks
	Addr     netip.AddrPort
	PeerID   swarm.PeerID
	Swarm    swarm.ID
	Outgoing bool
	Fast     bool // both sides speak the fast extension (BEP 6)
	Extended bool // both sides speak the extension protocol (BEP 10)
	Greeted  bool // as in Joined
	DHT      bool // it has a node of the DHT (BEP 5)
	Tally    *connection.Tally

	Client     string // what it calls itself (BEP 10)
	Encrypts   bool   // it prefers encrypted connections (BEP 10)
	UploadOnly bool   // it downloads nothing, though it may lack pieces (BEP 21)

	// SaidUploadOnly says that our last extension handshake said the same of us.
	SaidUploadOnly bool

	Extension extension.Connection
	DialAddr  netip.AddrPort      // where it can be dialed, if that is known
	Allowance allowance.Allowance // of messages that change nothing
	PortAt    time.Time           // before this no message about its node of the DHT is heeded
	Answers   int                 // messages of interest that cost nothing, because they may answer our HAVEs

	Closing     bool       // we closed it; Gone has not come
	CloseErr    error      // why
	End         report.End // the same, as an enum
	DuplicateAt time.Time  // when another address was refused that has its peer id
	Parole      bool       // it sent blocks of a wrong piece, maybe a wrong one
	Proven      bool       // it sent blocks of a right piece

	peerPieces
	peerInterest
	peerRequests
	peerClock

	Down, Up traffic.Meter

	Out     connection.Outbox // what this turn has for it
	IsDirty bool              // it is listed among those whose Out was written to
}

// peerPieces is what a peer has.
type peerPieces struct {
	Has      pieces.Set
	GotFirst bool // a message came, so a first bitfield may not come any more
	InPicker bool // the picker knows it
}

// peerInterest is choking and interest in both directions
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol").
type peerInterest struct {
	Choking      bool // it chokes us
	Interested   bool // it is interested in us
	AmChoking    bool // we choke it
	AmInterested bool // we are interested in it

	UnchokedAt  time.Time
	UpAtUnchoke int64 // Tally.Up at unchokedAt
}

// peerRequests is what we requested of a peer, and what it sent.
type peerRequests struct {
	Pace          pacing.Pace
	Requests      requests.List
	Allowed       []int // pieces that we may request while choked (BEP 6)
	Suggested     []int // pieces that it suggests (BEP 6)
	Offered       []int // pieces that it may request while we choke it (BEP 6)
	RefusedByUs   int   // of its requests
	RefusedByPeer int   // of ours in a row, though it does not choke us
	Stalls        int   // times in a row that we gave up on its blocks
	BytesAsked    int64 // of all blocks that we ever requested
	BytesGot      int64 // of blocks that it sent
}

// peerClock is when things last happened on a connection.
type peerClock struct {
	JoinedAt     time.Time
	LastReceived time.Time // its last message
	UpSeen       int64     // Tally.Up when Tally.Use was last called for an upload
	LastSent     time.Time // our last message
	LastBlock    time.Time // its last block, or our first request since none was open
	LastInterest time.Time // when either side was last interested; for Config.IdleTimeout
}

// New returns what is known of a connection whose handshake is done.
func New(now time.Time, e input.Joined) *Peer {
	p := &Peer{
		ID:           e.Peer,
		Sender:       pieces.Sender{Peer: e.Peer, Addr: e.Addr},
		Addr:         e.Addr,
		PeerID:       e.ID,
		Swarm:        e.Swarm,
		Outgoing:     e.Outgoing,
		Fast:         e.Fast,
		Extended:     e.Extended,
		Greeted:      e.Greeted,
		DHT:          e.DHT,
		Tally:        e.Tally,
		Allowance:    allowance.New(now),
		peerInterest: peerInterest{Choking: true, AmChoking: true, AmInterested: e.Interested},
		peerRequests: peerRequests{Pace: pacing.New()},
		peerClock:    peerClock{JoinedAt: now, LastReceived: now, LastSent: now, LastInterest: now},
		Down:         traffic.NewMeter(now),
		Up:           traffic.NewMeter(now),
	}
	p.Out.Peer = p.ID
	p.Tally.Use(now)
	if p.Outgoing {
		p.DialAddr = p.Addr
	}
	return p
}

// Conn returns what tells two connections of one peer apart.
func (p *Peer) Conn() duplicates.Conn {
	return duplicates.Conn{Addr: p.Addr, ID: p.PeerID, Outgoing: p.Outgoing}
}

// WantsNothing reports whether a peer downloads nothing, of a torrent with n pieces.
func (p *Peer) WantsNothing(n int) bool { return p.UploadOnly || p.Has.All(n) }

// AddHint adds a piece to a list of hints, once, unless the list is full.
func (p *Peer) AddHint(list []int, piece int) []int {
	if len(list) >= maxHints || slices.Contains(list, piece) {
		p.Allowance.Spend(1)
		return list
	}
	return append(list, piece)
}

// CheckAllowance returns an error if a peer has sent too many messages that change nothing.
// The last one was of kind k.
func (p *Peer) CheckAllowance(k peerwire.Kind) error {
	if p.Allowance.Exceeded() {
		return ending.Flood(k, "the last of too many such messages")
	}
	return nil
}

// ChokeRate returns what a Choker may know about a peer, of a torrent with n pieces.
func (p *Peer) ChokeRate(now time.Time, n int) choking.PeerRate {
	p.Down.Read(now, p.Tally.Down.Load())
	p.Up.Read(now, p.Tally.Up.Load())
	r := choking.PeerRate{
		Peer:    p.ID,
		Joined:  p.JoinedAt,
		Down:    p.Down.Rate(),
		Up:      p.Up.Rate(),
		Snubbed: p.Pace.Snubbed(),
	}
	if n > 0 {
		r.Has = float64(p.Has.Count()) / float64(n)
	}
	if !p.AmChoking {
		r.Unchoked, r.SentSince, r.Queued = p.UnchokedAt, p.Tally.Up.Load()-p.UpAtUnchoke, p.Tally.Queued()
	}
	return r
}

// Traits returns what others may know of a peer, of a torrent with n pieces.
func (p *Peer) Traits(n int) extension.Traits {
	return extension.Traits{
		Encrypts:  p.Encrypts,
		Seed:      p.WantsNothing(n),
		Holepunch: p.Extension.Holepunch,
		Reachable: p.Outgoing,
	}
}

// Stats returns the figures of a peer.
func (p *Peer) Stats() report.PeerStats {
	return report.PeerStats{
		Addr:            p.Addr,
		ID:              p.PeerID,
		Client:          p.Client,
		Outgoing:        p.Outgoing,
		Joined:          p.JoinedAt,
		BitfieldPending: !p.GotFirst,
		Choking:         p.Choking,
		Interested:      p.Interested,
		AmChoking:       p.AmChoking,
		AmInterested:    p.AmInterested,
		Snubbed:         p.Pace.Snubbed(),
		Pieces:          p.Has.Count(),
		Requested:       p.Requests.Len(),
		Queue:           p.Pace.Queue(),
		Serving:         p.Tally.Queued(),
		RoundTrip:       p.Pace.RoundTrip(),
		Down:            p.Down.Flow(p.Tally.Down.Load()),
		Up:              p.Up.Flow(p.Tally.Up.Load()),
		DownAll:         p.Tally.DownAll.Load(),
		UpAll:           p.Tally.UpAll.Load(),
		Unknown:         p.Tally.Unknown.Load(),
		Ignored:         p.Tally.Ignored.Load(),
	}
}
