package trackerserver

import (
	"context"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Handler decides what a Server answers. Its methods are called concurrently. An
// error that is a *Refusal is told to the peer; of any other it is told only that
// something is wrong here.
type Handler interface {
	// Announce takes note of the peer in r and fills in reply, whose intervals
	// are set already, and to whose Peers it appends. It keeps neither r nor
	// reply, nor anything that they point to.
	Announce(ctx context.Context, r *Request, reply *Reply) error

	// Scrape fills in counts[i] for ids[i], and keeps neither. Swarms that are
	// not known stay zero.
	Scrape(ctx context.Context, ids []swarm.ID, counts []Counts) error
}

// A Request is what a peer announced, checked.
type Request struct {
	Swarm swarm.ID
	Peer  swarm.PeerID
	Event swarm.Event

	// Addr is where the peer says that it accepts connections. Its port is 0
	// if it accepts none; it is then to be told of others but not to others.
	Addr netip.AddrPort

	Uploaded   int64 // payload bytes since started, as the peer says
	Downloaded int64 // payload bytes since started, as the peer says
	Left       int64 // bytes until complete; -1 for unknown
	Want       int   // peers to tell it of at most

	// Path is that of the URL, such as /key/announce. It is not unescaped.
	Path string
}

// Seed reports whether the peer says that it has everything.
func (r *Request) Seed() bool { return r.Left == 0 }

// A Reply is what a peer is told.
type Reply struct {
	Interval    time.Duration // until the next announce
	MinInterval time.Duration // not before; 0 is not told
	Counts
	Peers     []Peer
	TrackerID string // to be sent back; empty is not told
	Warning   string // for the user; empty is not told
}

// A Peer is whom others are told of.
type Peer struct {
	ID   swarm.PeerID
	Addr netip.AddrPort
}

// Counts are those of a swarm.
type Counts struct {
	Seeds     int // peers that have all of it
	Leechers  int // peers that do not
	Completed int // how often a peer said that it completed it
}

// A Refusal is an error that is told to the peer.
type Refusal struct {
	Reason string

	// RetryIn is when to announce again (BEP 31), in whole minutes. Zero is
	// not told, negative means never.
	RetryIn time.Duration
}

// Error returns the reason.
func (r *Refusal) Error() string { return "trackerserver: " + r.Reason }
