package swarm

import (
	"context"
	"net/netip"
	"time"
)

// A PeerSource finds peers of swarms: a tracker, the DHT, a fixed list. A source that is a
// fmt.Stringer has this text as its name wherever it is shown, so it must hold no passkey.
type PeerSource interface {
	// Announce makes a known once, calls found with the peers that it hears
	// of, and returns what it learned and when to announce again, also with
	// an error.
	//
	// Calls for one swarm never overlap; calls for several swarms may. Any
	// field of a may be zero or as large as its type allows, and Left may be
	// -1. Events may come in any order: Stopped may come without Started, and
	// Started again after Stopped.
	//
	// Announce must return within a minute, even if the other end never
	// answers. When ctx is done, also before the call, it must return at once
	// and leave no goroutine running. If it returns an error then, the error
	// must match ctx.Err() or context.Cause(ctx) by errors.Is. A call that was
	// cut short must not hinder later ones.
	//
	// found must be called with valid addresses whose port is not 0, and never
	// after Announce has returned. Addresses may repeat, and may be our own.
	Announce(ctx context.Context, a Announcement, found func(Address)) (Answer, error)
}

// An Announcement is what we tell a PeerSource about ourselves
// (https://www.bittorrent.org/beps/bep_0003.html#trackers).
type Announcement struct {
	Swarm      ID
	Peer       PeerID
	Port       uint16 // where we accept connections; 0 for nowhere
	Event      Event
	Want       int   // number of addresses that the torrent could still use
	Uploaded   int64 // payload bytes since Started
	Downloaded int64 // payload bytes since Started
	Left       int64 // bytes until complete; -1 for unknown
}

// An Event is why we announce.
type Event uint8

// The events of BEP 3 (https://www.bittorrent.org/beps/bep_0003.html#trackers). None
// is a regular announce, made because Answer.Next has passed.
const (
	None Event = iota
	Started
	Completed
	Stopped
	Paused // a regular announce of a partial seed (https://www.bittorrent.org/beps/bep_0021.html)
)

// String returns the event as trackers spell it; None is the empty string.
func (e Event) String() string {
	names := [...]string{Started: "started", Completed: "completed", Stopped: "stopped", Paused: "paused", Paused + 1: ""}
	return names[min(int(e), len(names)-1)]
}

// Flags of an Address, with the meanings that peer exchange gives them
// (https://www.bittorrent.org/beps/bep_0011.html).
const (
	Encrypts  uint8 = 1 << iota // prefers an encrypted connection
	Seed                        // has every piece, or wants none
	UTP                         // answers over uTP
	Holepunch                   // understands ut_holepunch
	Reachable                   // was dialed, so others can dial it too
)

// An Address is where a peer accepts connections, and what a source says of it.
type Address struct {
	netip.AddrPort
	Flags uint8 // Encrypts, Seed, UTP, Holepunch, Reachable
}

// An Answer is what a PeerSource said. Its numbers must be as described also beside
// an error.
type Answer struct {
	Next     time.Duration // from now until the next announce; 0 for never, else Min or more
	Min      time.Duration // from now until an announce is allowed, even if the user asks for one; 0 or more
	Seeds    int           // in the swarm; -1 if unknown
	Leechers int           // in the swarm; -1 if unknown
	External netip.Addr    // our address as the source sees it; zero if unknown (https://www.bittorrent.org/beps/bep_0024.html)
	Tracker  string        // which of several that the source knows has answered, as text without a passkey; empty if it has no choice (https://www.bittorrent.org/beps/bep_0027.html)
	Warning  string        // for the user: what the source says, or what was wrong in its answer and ignored; empty for none
}

// A List is a PeerSource that knows a fixed set of peers. It may be used by many
// goroutines at once.
type List []Address

// Announce calls found with each address, unless the event is Stopped, and asks not
// to be called again.
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
