package protocol

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/protocol/standin"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// BenchmarkPiece takes pieces of 16 blocks through a State: one read brings all blocks
// of a piece, which is then checked and held, and the next blocks are requested. What a
// picker does is not measured.
func BenchmarkPiece(b *testing.B) {
	r := newRun(b)
	b.SetBytes(pieceLength)
	b.ReportAllocs()
	for b.Loop() {
		if r.next == r.state.n {
			b.StopTimer()
			r = newRun(b)
			b.StartTimer()
		}
		r.piece()
	}
}

// TestAllocationsPerPiece keeps what a piece of 16 blocks costs from growing.
func TestAllocationsPerPiece(t *testing.T) {
	r := newRun(t)
	for range 256 { // until the request queue and all slices have grown
		r.piece()
	}
	require.LessOrEqual(t, testing.AllocsPerRun(256, r.piece), 7.0)
}

const pieceLength = 16 * swarm.BlockLen

// A run is a download from one fast peer.
type run struct {
	state    *State
	budget   *budget.Budget
	tally    Tally
	received Received
	geometry swarm.Geometry
	now      time.Time
	next     int // piece
}

func newRun(t testing.TB) *run {
	g := swarm.Geometry{Length: 1024 * pieceLength, PieceLength: pieceLength}
	r := &run{budget: budget.New(64 << 20), geometry: g, now: time.Unix(1e9, 0)}
	r.state = New(r.now, Setup{
		Swarms:    []swarm.ID{{1}},
		Geometry:  &r.geometry,
		NewPicker: func() swarm.Picker { return &inOrder{geometry: g} },
		Memory:    r.budget.Open(func() {}, func() {}),
	})
	all := swarm.NewBitfield(g.Pieces())
	all.SetAll(g.Pieces())
	r.state.Apply(r.now, Start{})
	r.state.Apply(r.now, Joined{Peer: 1, ID: swarm.PeerID{1}, Fast: true, Tally: &r.tally})
	r.received = Received{Peer: 1, Messages: []peerwire.Message{{Kind: peerwire.HaveAll}, {Kind: peerwire.Unchoke}}}
	r.state.Apply(r.now, &r.received)
	r.state.Settle(r.now)
	require.True(t, r.state.Running())
	return r
}

// piece brings all blocks of the next piece, and the result of its check.
func (r *run) piece() {
	r.now = r.now.Add(time.Millisecond)
	r.received.Messages = r.received.Messages[:0]
	for k := range 16 {
		block := r.geometry.Block(r.next, k)
		if !r.tally.Admit(block.Length) {
			panic("the block was not requested")
		}
		r.received.Messages = append(r.received.Messages, peerwire.Message{Kind: peerwire.Piece, Block: block, Data: r.budget.Buffer()})
	}
	r.state.Apply(r.now, &r.received)
	var check Check
	for _, e := range r.state.Settle(r.now).Effects {
		if c, ok := e.(Check); ok {
			check = c
		}
	}
	r.state.Apply(r.now, CheckResult{Piece: check.Piece, Serial: check.Serial, Blocks: check.Blocks, OK: true})
	r.state.Settle(r.now)
	r.next++
}

// inOrder is a picker that allocates nothing: it picks each block once, in order.
type inOrder struct {
	standin.Picker
	geometry swarm.Geometry
	picked   int // blocks
}

func (p *inOrder) Wants(swarm.Peer) bool { return true }

func (p *inOrder) Pick(dst []swarm.Block, a swarm.Ask) []swarm.Block {
	for range a.MaxBlocks {
		if p.picked/16 == p.geometry.Pieces() {
			break
		}
		dst = append(dst, p.geometry.Block(p.picked/16, p.picked%16))
		p.picked++
	}
	return dst
}

func (p *inOrder) Arrive(dst []swarm.Peer, _ swarm.Peer, _ swarm.Block) ([]swarm.Peer, bool) {
	return dst, true
}
