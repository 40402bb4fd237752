package protocol_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// manyPieces is a download of 100,000 pieces of 1 MiB from 50 peers, every second of which
// has half of the pieces.
func manyPieces(b *testing.B) (s *protocol.State, now time.Time) {
	g := swarm.Geometry{Length: 100_000 << 20, PieceLength: 1 << 20}
	now = time.Unix(1e9, 0)
	s = protocol.New(now, protocol.Setup{
		Swarms:    []swarm.ID{{1}},
		Geometry:  &g,
		NewPicker: func() swarm.Picker { return piecepicker.New(g) },
	})
	s.Apply(now, protocol.Start{})
	half := swarm.NewBitfield(g.Pieces())
	for i := range g.Pieces() / 2 {
		half.Set(2 * i)
	}
	for i := range 50 {
		peer := swarm.Peer(i + 1)
		s.Apply(now, protocol.Joined{Peer: peer, Addr: addressOf(i), ID: swarm.PeerID{byte(i + 1)}, Fast: true, Tally: new(protocol.Tally)})
		first := peerwire.Message{Kind: peerwire.HaveAll}
		if i%2 == 0 {
			first = peerwire.Message{Kind: peerwire.Bitfield, Data: half.Clone()}
		}
		s.Apply(now, &protocol.Received{Peer: peer, Messages: []peerwire.Message{first, {Kind: peerwire.Unchoke}}})
	}
	s.Settle(now)
	if len(s.Peers(now)) != 50 {
		b.Fatalf("%d peers", len(s.Peers(now)))
	}
	return s, now
}

// BenchmarkPrioritize changes the priority of 100,000 pieces in one call, each a run of its
// own, and ends the turn.
func BenchmarkPrioritize(b *testing.B) {
	s, now := manyPieces(b)
	runs := make([]protocol.PriorityRun, 100_000)
	for n := 0; b.Loop(); n++ {
		for i := range runs {
			runs[i] = protocol.PriorityRun{First: i, Last: i, Priority: uint8((i + n) % 8)}
		}
		now = now.Add(time.Second)
		s.Apply(now, protocol.Prioritize{Runs: runs})
		s.Settle(now)
	}
}

// BenchmarkPrioritizeOne changes one piece a turn, as a user does who calls again and again.
func BenchmarkPrioritizeOne(b *testing.B) {
	s, now := manyPieces(b)
	for n := 0; b.Loop(); n++ {
		now = now.Add(10 * time.Microsecond)
		piece := n % 100_000
		s.Apply(now, protocol.Prioritize{Runs: []protocol.PriorityRun{{First: piece, Last: piece, Priority: uint8(n/100_000+n) % 8}}})
		s.Settle(now)
	}
}

// BenchmarkDeadlineOne is the same with deadlines.
func BenchmarkDeadlineOne(b *testing.B) {
	s, now := manyPieces(b)
	for n := 0; b.Loop(); n++ {
		now = now.Add(10 * time.Microsecond)
		s.Apply(now, protocol.SetDeadlines{Changes: []protocol.Deadline{{Piece: n % 100_000, At: now.Add(time.Hour - time.Duration(n)*time.Millisecond)}}})
		s.Settle(now)
	}
}

// addressOf returns a public address in a network of its own.
func addressOf(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{45, 0, byte(i), 1}), 6881)
}
