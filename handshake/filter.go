package handshake

import (
	"net/netip"
	"slices"
	"sync"
)

// A Decision is what a Filter thinks of a peer. Of several decisions the largest
// counts: Allow before NeedData before Block before Pass.
type Decision uint8

// The decisions, weakest first.
const (
	// Pass has no opinion. A peer that every filter passes may come in.
	Pass Decision = iota
	// Block turns the peer away, unless another filter allows it, or may yet.
	Block
	// NeedData holds off a Block of other filters until more is known. Once
	// all is known it counts as Pass.
	NeedData
	// Allow lets the peer in whatever other filters say.
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

// A Candidate is what is known of a peer at some moment of the exchange.
type Candidate struct {
	// Addr is where the peer is. It is not valid for a connection that has no
	// IP address and port.
	Addr netip.AddrPort

	// Incoming is whether the peer came to us.
	Incoming bool

	// Known says which parts of Handshake are known. The others are zero. Of a
	// peer that we are about to dial these are the name and the info hash.
	Known Field

	// Handshake is what the peer said so far. Of a peer that we dial, name and
	// info hash are ours until it has answered.
	Handshake Handshake
}

// A Filter decides about peers. It is asked when a connection is made, and again
// when more is known. It may be called from many goroutines at once, must not
// block, and keeps nothing of the Candidate.
type Filter func(c Candidate) Decision

// ByAddr returns a Filter that decides by address alone. It passes peers that
// have none.
func ByAddr(decide func(netip.AddrPort) Decision) Filter {
	return func(c Candidate) Decision {
		if !c.Addr.IsValid() {
			return Pass
		}
		return decide(c.Addr)
	}
}

// ByProtocol returns a Filter that decides by the name of the protocol, and needs
// data until that is known.
func ByProtocol(decide func(name string) Decision) Filter {
	return byField(Name, func(h Handshake) Decision { return decide(h.Protocol) })
}

// ByReserved returns a Filter that decides by the reserved bits, and needs data
// until they are known.
func ByReserved(decide func(Reserved) Decision) Filter {
	return byField(ReservedBits, func(h Handshake) Decision { return decide(h.Reserved) })
}

// ByInfoHash returns a Filter that decides by the info hash, and needs data until
// that is known.
func ByInfoHash(decide func(hash [20]byte) Decision) Filter {
	return byField(InfoHash, func(h Handshake) Decision { return decide(h.InfoHash) })
}

// ByPeerID returns a Filter that decides by the peer id, and needs data until that
// is known.
func ByPeerID(decide func(id [20]byte) Decision) Filter {
	return byField(PeerID, func(h Handshake) Decision { return decide(h.PeerID) })
}

// byField returns a Filter that needs data until f is known and then asks decide.
func byField(f Field, decide func(Handshake) Decision) Filter {
	return func(c Candidate) Decision {
		if !c.Known.Has(f) {
			return NeedData
		}
		return decide(c.Handshake)
	}
}

// Filters is a set of filters that are asked together. The zero value is empty
// and passes everyone. All methods may be called from many goroutines at once; a
// change counts from the next Decide on, also for exchanges that are under way.
type Filters struct {
	mu      sync.RWMutex
	entries []*Filter // replaced as a whole, never changed
}

// Add puts f into the set and returns what takes it out again. Calling remove
// more than once, or after Clear, does nothing.
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

// Clear takes all filters out.
func (s *Filters) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = nil
}

// Decide asks all filters and returns the strongest decision. While it is
// NeedData the exchange goes on and asks again when more is known. Once all of c
// is known, NeedData counts as Pass, so that a Block is not held off for ever. A
// nil *Filters passes everyone.
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
