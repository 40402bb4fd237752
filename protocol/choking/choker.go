// Package choking chooses whom a torrent uploads to.
//
// In come the rates of the peers that are interested in us ([PeerRate]); out come
// those that may request blocks until the next call. [Choker] is the contract. Each policy
// has a file: [NewTitForTat], the default, [NewByRate], [NewFastestUpload], [NewRoundRobin]
// and [NewAntiLeech]; [ByName] finds one by its name. The package sends nothing and reads
// no clock.
package choking

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// UnusedTime is how long a peer has a slot before it counts as unused: a peer that wants
// something requests it within a round trip, which takes two seconds on a slow line whose
// queues are full.
const UnusedTime = 3 * time.Second

// A Choker chooses whom we upload to. Its calls never overlap and must not block. It
// is called every ten seconds while anyone is interested in us; sooner when an unchoked
// peer leaves, when a peer becomes interested while a slot is free, and, while others wait,
// UnusedTime after a peer got a slot.
type Choker interface {
	// Unchoke appends to dst the peers that may request blocks until the next
	// call. slots is the torrent's number of them, negative for no limit. seeding
	// says that we want nothing of anybody. It must not keep peers.
	Unchoke(dst []swarm.Peer, now time.Time, peers []PeerRate, slots int, seeding bool) []swarm.Peer
}

// A PeerRate is what a Choker may know about one interested peer.
type PeerRate struct {
	Peer      swarm.Peer
	Joined    time.Time
	Unchoked  time.Time // zero while we choke it
	SentSince int64     // bytes to it since it was unchoked
	Queued    int       // blocks that it requested and that were not sent yet
	Down, Up  float64   // bytes per second, over the last twenty seconds
	Has       float64   // share of the torrent that it has, 0 to 1
	Snubbed   bool      // blocks that we requested of it are overdue
}

// LeftUnused reports whether a peer has had a slot for UnusedTime, and neither took nor
// requested anything.
func (p PeerRate) LeftUnused(now time.Time) bool {
	return !p.Unchoked.IsZero() && now.Sub(p.Unchoked) >= UnusedTime && !p.uses()
}

func (p PeerRate) uses() bool { return p.SentSince > 0 || p.Queued > 0 }
