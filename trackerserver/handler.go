package trackerserver

import (
	"context"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Handler decides what a Server answers. Its methods must allow concurrent calls. An
// error that is a *Refusal is sent to the peer. For any other error the peer gets only
// a general failure reason.
//
// A Handler that stores swarms has to pass handlertest.Run. The store may be shared by
// several trackers.
type Handler interface {
	// Announce records the peer in r and fills in reply. The intervals in
	// reply are set already; Announce appends to reply.Peers. It must keep
	// neither r nor reply, nor anything that they point to.
	Announce(ctx context.Context, r *Request, reply *Reply) error

	// Scrape fills in counts[i] for ids[i]. It leaves the counts of unknown
	// swarms at zero. It must keep neither slice.
	Scrape(ctx context.Context, ids []swarm.ID, counts []Counts) error
}

// A Request is a valid announce of a peer. See
// https://www.bittorrent.org/beps/bep_0003.html#trackers.
type Request struct {
	Swarm swarm.ID
	Peer  swarm.PeerID
	Event swarm.Event

	// Addr is where the peer accepts connections. If its port is 0 the peer
	// accepts none; it gets the addresses of others, but they must not get
	// its address.
	Addr netip.AddrPort

	Uploaded   int64 // payload bytes since started, as the peer says
	Downloaded int64 // payload bytes since started, as the peer says
	Left       int64 // bytes until complete; -1 if unknown
	Want       int   // largest number of peers in the reply

	// PartialSeed says that the peer is not complete and downloads nothing:
	// https://www.bittorrent.org/beps/bep_0021.html.
	PartialSeed bool

	// SameFamily says that only peers of the address family of Addr are wanted,
	// as over UDP. The Server leaves out others.
	SameFamily bool

	// Path and Query are those of the tracker's URL, still escaped: such as
	// /key/announce. Over HTTP the query has the parameters of the announce too.
	// Over UDP both are empty if the peer does not send them, as
	// https://www.bittorrent.org/beps/bep_0041.html describes.
	Path, Query string
}

// Seed reports whether the peer says that it has everything.
func (r *Request) Seed() bool { return r.Left == 0 }

// A Reply is the answer to an announce. It belongs to the Server, which uses it again
// after the call.
type Reply struct {
	Interval    time.Duration // until the next announce; sent in seconds, rounded up
	MinInterval time.Duration // the shortest wait; sent in seconds, rounded up; 0 is not sent
	Counts
	Peers     []Peer
	TrackerID string // the peer sends it back; empty is not sent, nor is any over UDP
	Warning   string // for the user; empty is not sent, nor is any over UDP
}

// A Peer is one peer of a swarm, as others learn it.
type Peer struct {
	ID   swarm.PeerID
	Addr netip.AddrPort
}

// Counts are the numbers of a swarm, as
// https://www.bittorrent.org/beps/bep_0048.html#scrape-response defines them.
//
// A partial seed is neither a seed nor a leecher. On the wire, incomplete is Leechers and
// PartialSeeds together, and downloaders is Leechers alone, as
// https://www.bittorrent.org/beps/bep_0021.html asks.
type Counts struct {
	Seeds        int // peers that have everything
	Leechers     int // peers that download
	Completed    int // completed downloads, as peers say
	PartialSeeds int // peers that are not complete and download nothing
}

// incomplete returns the number of peers that do not have everything.
func (c *Counts) incomplete() int { return c.Leechers + c.PartialSeeds }

// A Refusal is an error that is sent to the peer as failure reason.
type Refusal struct {
	Reason string

	// RetryIn, which is sent over HTTP alone, is how long the peer should wait, rounded up to minutes:
	// https://www.bittorrent.org/beps/bep_0031.html. Zero is not sent, a
	// negative value means never.
	RetryIn time.Duration
}

// Error returns the reason.
func (r *Refusal) Error() string { return "trackerserver: " + r.Reason }
