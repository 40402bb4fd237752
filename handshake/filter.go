package handshake

import (
	"net/netip"
	"slices"
	"sync"
)

// A Decision is what a Filter decides about a peer. If filters disagree, the largest
// counts: Allow overrides NeedData, NeedData overrides Block, Block overrides Pass.
type Decision uint8

// The decisions, weakest first.
const (
	// Pass leaves the decision to the other filters. A peer that all of them pass
	// is accepted.
	Pass Decision = iota
	// Block refuses the peer, unless another filter allows it or still needs data.
	Block
	// NeedData delays a Block of other filters until more is known. Once everything
	// is known it counts as Pass.
	NeedData
	// Allow accepts the peer, whatever other filters decide.
	Allow
)

// String returns the name of the decision.
func (d Decision) String() string {
	switch d {
	case Pass:
		return "pass"
	case Block:
		return "block"
	case NeedData:
		return "need data"
	case Allow:
		return "allow"
	}
	return "unknown"
}

// A Candidate is what is known of a peer at one point of the exchange.
type Candidate struct {
	// Addr is the peer's address. It is the zero AddrPort if the connection has no
	// IP address and port.
	Addr netip.AddrPort

	// Incoming says that the peer dialed us.
	Incoming bool

	// Known says which parts of Handshake are known; the others are zero. Before we
	// dial a peer these are the name and the info hash.
	Known Field

	// Handshake is what the peer has sent so far. If we dial, the name and the info
	// hash are ours until the peer has answered.
	Handshake Handshake
}

// A Filter decides about peers. It is called when a connection is made, and again each
// time that more is known. Many goroutines may call it at once. It must not block.
type Filter func(c Candidate) Decision

// ByAddr returns a Filter that decides by address. It passes peers without an address.
func ByAddr(decide func(netip.AddrPort) Decision) Filter {
	return func(c Candidate) Decision {
		if !c.Addr.IsValid() {
			return Pass
		}
		return decide(c.Addr)
	}
}

// ByProtocol returns a Filter that decides by the protocol name. Its decision is NeedData
// until the name is known.
func ByProtocol(decide func(name string) Decision) Filter {
	return byField(Name, func(h Handshake) Decision { return decide(h.Protocol) })
}

// ByReserved returns a Filter that decides by the reserved bits. Its decision is NeedData
// until they are known.
func ByReserved(decide func(Reserved) Decision) Filter {
	return byField(ReservedBits, func(h Handshake) Decision { return decide(h.Reserved) })
}

// ByInfoHash returns a Filter that decides by the info hash. Its decision is NeedData
// until the hash is known.
func ByInfoHash(decide func(hash [20]byte) Decision) Filter {
	return byField(InfoHash, func(h Handshake) Decision { return decide(h.InfoHash) })
}

// ByPeerID returns a Filter that decides by the peer id. Its decision is NeedData until
// the id is known.
func ByPeerID(decide func(id [20]byte) Decision) Filter {
	return byField(PeerID, func(h Handshake) Decision { return decide(h.PeerID) })
}

// byField returns a Filter that decides NeedData until f is known, and then calls decide.
func byField(f Field, decide func(Handshake) Decision) Filter {
	return func(c Candidate) Decision {
		if !c.Known.Has(f) {
			return NeedData
		}
		return decide(c.Handshake)
	}
}

// Filters is a set of filters that decide together. The zero value is empty and passes
// every peer. All methods may be called by many goroutines at once. A change takes
// effect with the next Decide, also in exchanges that have begun.
type Filters struct {
	mu      sync.RWMutex
	entries []*Filter // guarded by mu; replaced as a whole, never modified
}

// Add adds f to the set and returns a function that removes it. Calling remove again, or
// after Clear, has no effect.
func (s *Filters) Add(f Filter) (remove func()) {
	entry := &f
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(slices.Clip(s.entries), entry)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.Index(s.entries, entry); i >= 0 {
			s.entries = slices.Concat(s.entries[:i], s.entries[i+1:])
		}
	}
}

// Clear removes all filters.
func (s *Filters) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = nil
}

// Decide calls all filters and returns the strongest decision. If that is NeedData, the
// exchange continues and calls Decide again when more is known. Once all of c is known,
// NeedData counts as Pass, so that a Block is not delayed forever. A nil *Filters passes
// every peer.
func (s *Filters) Decide(c Candidate) Decision {
	if s == nil {
		return Pass
	}
	s.mu.RLock()
	entries := s.entries
	s.mu.RUnlock()
	strongest := Pass
	for _, f := range entries {
		d := (*f)(c)
		if d == NeedData && c.Known.Has(All) {
			d = Pass
		}
		strongest = max(strongest, d)
	}
	return strongest
}
