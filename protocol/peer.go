package protocol

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/pacing"
	"github.com/shoal-bt/shoal/protocol/pieces"
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
	tally    *Tally

	client   string         // what it calls itself (BEP 10)
	dialAddr netip.AddrPort // where it can be dialed, if that is known
	closing  bool           // we closed it; Gone has not come
	closeErr error          // why
	parole   bool           // it sent blocks of a wrong piece, maybe a wrong one

	peerPieces
	peerInterest
	peerRequests
	peerClock

	down, up meter

	out     Outbox // what this turn has for it
	isDirty bool   // it is in workingSet.dirty
}

// peerPieces is what a peer has.
type peerPieces struct {
	have     swarm.Bitfield // nil while it has nothing or everything
	haveN    int            // pieces that it has
	gotFirst bool           // a message came, so a first bitfield may not come any more
	inPicker bool           // the picker knows it
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
	requests      []request // oldest first
	allowed       []int     // pieces that we may request while choked (BEP 6)
	suggested     []int     // pieces that it suggests (BEP 6)
	refusedByUs   int       // of its requests
	refusedByPeer int       // of ours in a row, though it does not choke us
	stalls        int       // times in a row that we gave up on its blocks
	bytesAsked    int64     // of all blocks that we ever requested
	bytesGot      int64     // of blocks that it sent
}

// peerClock is when things last happened on a connection.
type peerClock struct {
	joinedAt     time.Time
	lastReceived time.Time // its last message
	lastSent     time.Time // our last message
	lastBlock    time.Time // its last block, or our first request since none was open
	lastInterest time.Time // when either side was last interested; for Config.IdleTimeout
}

// A request is a block that we requested of a peer.
type request struct {
	block swarm.Block
	sent  time.Time
	late  bool // the picker counts the block as free again; its unit is still set aside
	void  bool // late, and the peer will not send the block: it was cancelled or passed over
}

// isSeed reports whether the peer has all of n pieces.
func (p *peerPieces) isSeed(n int) bool { return n > 0 && p.haveN == n }

// has reports whether the peer has a piece, of n.
func (p *peerPieces) has(piece, n int) bool { return p.haveN == n || p.have.Has(piece) }

// setAll notes what the peer has, of n pieces.
func (p *peerPieces) setAll(have swarm.Bitfield, n int) {
	p.have, p.haveN = have, have.Count()
	if p.haveN == 0 || p.haveN == n {
		p.have = nil
	}
}

// setHave notes that the peer has one more piece, of n, and reports whether that is new.
func (p *peerPieces) setHave(piece, n int) bool {
	if p.has(piece, n) {
		return false
	}
	if p.have == nil {
		p.have = swarm.NewBitfield(n)
	}
	p.have.Set(piece)
	p.haveN++
	if p.haveN == n {
		p.have = nil // seeds need no set of their own
	}
	return true
}

// bitfield returns what the peer has of n pieces; it must not be changed.
func (p *peerPieces) bitfield(n int) swarm.Bitfield {
	if p.have != nil {
		return p.have
	}
	b := swarm.NewBitfield(n)
	if p.haveN == n {
		b.SetAll(n)
	}
	return b
}

// findRequest returns the index of the request for b, or -1.
func (p *peerRequests) findRequest(b swarm.Block) int {
	for i := range p.requests {
		if p.requests[i].block == b {
			return i
		}
	}
	return -1
}

// removeRequest removes request i. The first is the usual one, so it is cheap.
func (p *peerRequests) removeRequest(i int) request {
	r := p.requests[i]
	if i == 0 {
		p.requests = p.requests[1:]
		return r
	}
	p.requests = append(p.requests[:i], p.requests[i+1:]...)
	return r
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
		Pieces:          p.haveN,
		Requested:       len(p.requests),
		Queue:           p.pace.Queue(),
		Serving:         int(p.tally.queued.Load()),
		RoundTrip:       p.pace.RoundTrip(),
		Down:            p.down.flowAt(p.tally.Down.Load()),
		Up:              p.up.flowAt(p.tally.Up.Load()),
		DownAll:         p.tally.DownAll.Load(),
		UpAll:           p.tally.UpAll.Load(),
		Unknown:         p.tally.Unknown.Load(),
	}
}
