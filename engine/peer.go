package engine

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// tally is what the goroutines of one connection and the turn count together.
type tally struct {
	// credits are the units set aside for blocks that the peer may send. The
	// turn adds one with each request; the reader takes one with each block,
	// and a block without one takes no buffer.
	credits atomic.Int64

	// queued are the blocks that wait to be sent.
	queued atomic.Int64

	down, downAll, up, upAll atomic.Int64 // bytes: payload, everything

	unknown atomic.Int64 // messages of a kind that we do not know
}

// takeCredit takes one credit, if there is one.
func (t *tally) takeCredit() bool {
	for {
		n := t.credits.Load()
		if n <= 0 {
			return false
		}
		if t.credits.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// takeCredits takes up to n credits and returns how many it got.
func (t *tally) takeCredits(n int) int {
	got := 0
	for got < n && t.takeCredit() {
		got++
	}
	return got
}

// A request is a block that we asked of a peer.
type request struct {
	block swarm.Block
	sent  time.Time
	late  bool // the picker was told that it does not come; a credit still waits
	void  bool // late, and the peer will not send it: cancelled or passed over
}

// peerState is what the turn knows of one connection.
type peerState struct {
	id       swarm.Peer
	addr     netip.AddrPort
	peerID   swarm.PeerID
	swarm    swarm.ID
	outgoing bool
	fast     bool // BEP 6
	extended bool // BEP 10
	tally    *tally

	client       string         // what it calls itself (BEP 10)
	dialAddr     netip.AddrPort // where it may be dialed, if known
	have         swarm.Bitfield // nil while it has nothing or everything
	haveN        int            // pieces that it has
	gotFirst     bool           // a message came: a bitfield is out of order now
	inPicker     bool           // the picker knows it
	choking      bool           // it chokes us
	interested   bool           // it is interested in us
	amChoking    bool           // we choke it
	amInterested bool           // we are interested in it
	parole       bool           // it took part in a wrong piece
	closing      bool           // the turn is done with it
	closeErr     error

	pace          pace
	requests      []request // oldest first
	allowed       []int     // pieces we may ask for while choked (BEP 6)
	suggest       []int     // pieces that it suggests (BEP 6)
	refusedByUs   int       // requests that we refused
	refusedByPeer int       // of ours in a row that it refused, though it does not choke us
	stalls        int       // times in a row that it was given up
	bytesAsked    int64     // bytes of blocks that we ever asked it for
	bytesGot      int64     // bytes of blocks that it sent

	joinedAt     time.Time
	lastReceived time.Time // last message
	lastSent     time.Time // last of ours
	lastBlock    time.Time // last block, or first request since none was open
	lastInterest time.Time // last time that one of us was interested
	unchokedAt   time.Time
	upAtUnchoke  int64 // tally.up at unchoked
	down, up     meter

	// What the turn will hand to the writer.
	out     []byte
	serve   []swarm.Block
	cancel  []swarm.Block
	clear   bool // drop all that waits to be sent
	isDirty bool
}

// isSeed reports whether the peer has all of n pieces.
func (p *peerState) isSeed(n int) bool { return n > 0 && p.haveN == n }

// has reports whether the peer has a piece.
func (p *peerState) has(piece, n int) bool {
	return p.haveN == n || p.have.Has(piece)
}

// setHave notes that the peer has a piece, or no longer; it reports a change.
func (p *peerState) setHave(piece, n int, has bool) bool {
	if p.has(piece, n) == has {
		return false
	}
	if p.have == nil {
		p.have = swarm.NewBitfield(n)
		if p.haveN == n {
			p.have.SetAll(n)
		}
	}
	if has {
		p.have.Set(piece)
		p.haveN++
	} else {
		p.have.Clear(piece)
		p.haveN--
	}
	if p.haveN == n || p.haveN == 0 {
		p.have = nil // all seeds share the same nothing
	}
	return true
}

// bitfield returns what the peer has; it must not be changed.
func (p *peerState) bitfield(n int) swarm.Bitfield {
	if p.have == nil {
		b := swarm.NewBitfield(n)
		if p.haveN == n {
			b.SetAll(n)
		}
		return b
	}
	return p.have
}

// find returns the index of the request for b, or -1.
func (p *peerState) findRequest(b swarm.Block) int {
	for i := range p.requests {
		if p.requests[i].block == b {
			return i
		}
	}
	return -1
}

// forget removes request i. The first is the usual one, so it is cheap.
func (p *peerState) removeRequest(i int) request {
	r := p.requests[i]
	if i == 0 {
		p.requests = p.requests[1:]
		return r
	}
	p.requests = append(p.requests[:i], p.requests[i+1:]...)
	return r
}
