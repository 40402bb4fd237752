package swarm

import (
	"context"
	"net/netip"
	"time"
)

// A PeerSource finds peers of swarms: a tracker, the DHT, a fixed list.
type PeerSource interface {
	// Announce makes a known once, calls found with peers as it hears of
	// them, and returns what it learned and when to announce again, also
	// with an error. It gives up when ctx is done. found is not called after
	// Announce has returned; addresses may repeat, and may be our own. Calls
	// for one swarm never overlap; calls for several may.
	Announce(ctx context.Context, a Announcement, found func(Address)) (Answer, error)
}

// An Announcement is what we tell a PeerSource about ourselves.
type Announcement struct {
	Swarm      ID
	Peer       PeerID
	Port       uint16 // where we accept connections; 0 for nowhere
	Event      Event
	Want       int   // addresses that the torrent could still use
	Uploaded   int64 // payload bytes since Started
	Downloaded int64 // payload bytes since Started
	Left       int64 // bytes until complete; -1 for unknown
}

// An Event is why we announce.
type Event uint8

// The events of BEP 3. None is an announce that is due at its time.
const (
	None Event = iota
	Started
	Completed
	Stopped
)

// String returns the event as trackers spell it; None is the empty string.
func (e Event) String() string {
	switch e {
	case Started:
		return "started"
	case Completed:
		return "completed"
	case Stopped:
		return "stopped"
	}
	return ""
}

// Flags of an Address, as PEX knows them (BEP 11).
const (
	Encrypts  uint8 = 1 << iota // prefers an encrypted connection
	Seed                        // has every piece, or wants none
	UTP                         // answers over uTP
	Holepunch                   // understands ut_holepunch
)

// An Address is where a peer may be met, and what is said of it.
type Address struct {
	netip.AddrPort
	Flags uint8 // Encrypts, Seed, UTP, Holepunch
}

// An Answer is what a PeerSource said.
type Answer struct {
	Next     time.Duration // when to announce again; 0 for never
	Min      time.Duration // no sooner than this, even if asked to
	Seeds    int           // in the swarm; -1 where unknown
	Leechers int           // in the swarm; -1 where unknown
	External netip.Addr    // what we were seen as (BEP 24), or zero
	Warning  string        // from the source, for the user
}

// A List is a PeerSource that knows a fixed set of peers. It may be used by many
// goroutines at once.
type List []Address

// Announce calls found with each address, and asks not to be called again.
func (l List) Announce(ctx context.Context, a Announcement, found func(Address)) (Answer, error) {
	answer := Answer{Seeds: -1, Leechers: -1}
	if a.Event == Stopped {
		return answer, ctx.Err()
	}
	for _, p := range l {
		if err := ctx.Err(); err != nil {
			return answer, err
		}
		found(p)
	}
	return answer, nil
}
