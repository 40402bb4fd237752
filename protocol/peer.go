package protocol

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/protocol/pacing"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/requests"
	"github.com/shoal-bt/shoal/protocol/traffic"
	"github.com/shoal-bt/shoal/swarm"
)

// A peer is what the State knows of one connection.
type peer struct {
	id       swarm.Peer
	sender   pieces.Sender // of its blocks
	addr     netip.AddrPort
	peerID   swarm.PeerID
	swarm    swarm.ID
	outgoing bool
	fast     bool // both sides speak the fast extension (BEP 6)
	extended bool // both sides speak the extension protocol (BEP 10)
	greeted  bool // as in Joined
	dht      bool // it has a node of the DHT (BEP 5)
	tally    *Tally

	client     string // what it calls itself (BEP 10)
	encrypts   bool   // it prefers encrypted connections (BEP 10)
	uploadOnly bool   // it downloads nothing, though it may lack pieces (BEP 21)

	saidUploadOnly bool // our last extension handshake said that we download nothing

	extension extension.Connection
	dialAddr  netip.AddrPort      // where it can be dialed, if that is known
	allowance allowance.Allowance // of messages that change nothing
	portAt    time.Time           // before this no message about its node of the DHT is heeded
	answers   int                 // messages of interest that cost nothing, because they may answer our HAVEs

	closing     bool      // we closed it; Gone has not come
	closeErr    error     // why
	end         End       // the same, as an enum
	duplicateAt time.Time // when another address was refused that has its peer id
	parole      bool      // it sent blocks of a wrong piece, maybe a wrong one
	proven      bool      // it sent blocks of a right piece

	peerPieces
	peerInterest
	peerRequests
	peerClock

	down, up traffic.Meter

	out     Outbox // what this turn has for it
	isDirty bool   // it is in workingSet.dirty
}

// peerPieces is what a peer has.
type peerPieces struct {
	has      pieces.Set
	gotFirst bool // a message came, so a first bitfield may not come any more
	inPicker bool // the picker knows it
}

// peerInterest is choking and interest in both directions
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol").
type peerInterest struct {
	choking      bool // it chokes us
	interested   bool // it is interested in us
	amChoking    bool // we choke it
	amInterested bool // we are interested in it

	unchokedAt  time.Time
	upAtUnchoke int64 // Tally.Up at unchokedAt
}

// peerRequests is what we requested of a peer, and what it sent.
type peerRequests struct {
	pace          pacing.Pace
	requests      requests.List
	allowed       []int // pieces that we may request while choked (BEP 6)
	suggested     []int // pieces that it suggests (BEP 6)
	offered       []int // pieces that it may request while we choke it (BEP 6)
	refusedByUs   int   // of its requests
	refusedByPeer int   // of ours in a row, though it does not choke us
	stalls        int   // times in a row that we gave up on its blocks
	bytesAsked    int64 // of all blocks that we ever requested
	bytesGot      int64 // of blocks that it sent
}

// peerClock is when things last happened on a connection.
type peerClock struct {
	joinedAt     time.Time
	lastReceived time.Time // its last message
	upSeen       int64     // Tally.Up when Tally.Use was last called for an upload
	lastSent     time.Time // our last message
	lastBlock    time.Time // its last block, or our first request since none was open
	lastInterest time.Time // when either side was last interested; for Config.IdleTimeout
}

// stats returns the figures of a peer.
func (p *peer) stats() PeerStats {
	return PeerStats{
		Addr:            p.addr,
		ID:              p.peerID,
		Client:          p.client,
		Outgoing:        p.outgoing,
		Joined:          p.joinedAt,
		BitfieldPending: !p.gotFirst,
		Choking:         p.choking,
		Interested:      p.interested,
		AmChoking:       p.amChoking,
		AmInterested:    p.amInterested,
		Snubbed:         p.pace.Snubbed(),
		Pieces:          p.has.Count(),
		Requested:       p.requests.Len(),
		Queue:           p.pace.Queue(),
		Serving:         p.tally.Queued(),
		RoundTrip:       p.pace.RoundTrip(),
		Down:            p.down.Flow(p.tally.Down.Load()),
		Up:              p.up.Flow(p.tally.Up.Load()),
		DownAll:         p.tally.DownAll.Load(),
		UpAll:           p.tally.UpAll.Load(),
		Unknown:         p.tally.Unknown.Load(),
		Ignored:         p.tally.Ignored.Load(),
	}
}
