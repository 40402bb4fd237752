package pickertest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// The torrent that Benchmark measures: 244 GiB.
const (
	benchPieces = 1_000_000
	benchPeers  = 200
	benchPiece  = 256 << 10
)

var benchGeometry = swarm.Geometry{Length: benchPieces * benchPiece, PieceLength: benchPiece}

// Benchmark measures the pickers that open makes, in a torrent of a million
// pieces and 200 peers: half of them seeds, half with about half of the pieces.
func Benchmark(b *testing.B, open func(b *testing.B, g swarm.Geometry) swarm.Picker) {
	for _, bench := range []struct {
		name string
		run  func(*testing.B, swarm.Picker)
	}{
		{"JoinSeed", benchJoinSeed},
		{"JoinHalf", benchJoinHalf},
		{"Have", benchHave},
		{"Wants", benchWants},
		{"PickFromSeed", benchPickFromSeed},
		{"PickFromHalf", benchPickFromHalf},
		{"PickFromFew", benchPickFromFew},
		{"PickNoRare", benchPickNoRare},
		{"Download", benchDownload},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p := open(b, benchGeometry)
			seed := full(benchGeometry)
			for i := range benchPeers / 2 {
				p.Join(swarm.Peer(i), seed)
			}
			random := rand.NewPCG(1, 2)
			for i := benchPeers / 2; i < benchPeers; i++ {
				p.Join(swarm.Peer(i), half(random))
			}
			// A picker may delay work until the first Pick.
			p.Pick(nil, swarm.Ask{Peer: 0, MaxBlocks: 1, MaxNewPieces: 1})
			b.ReportAllocs()
			bench.run(b, p)
		})
	}
}

func half(random *rand.PCG) swarm.Bitfield {
	have := swarm.NewBitfield(benchPieces)
	for i := range have {
		have[i] = byte(random.Uint64())
	}
	return have
}

// benchJoinSeed measures Join and Leave of one seed.
func benchJoinSeed(b *testing.B, p swarm.Picker) {
	have := full(benchGeometry)
	id := swarm.Peer(1000)
	for b.Loop() {
		p.Join(id, have)
		p.Leave(id)
		id++
	}
}

// benchJoinHalf measures Join and Leave of a peer with half of the pieces.
func benchJoinHalf(b *testing.B, p swarm.Picker) {
	have := half(rand.NewPCG(3, 4))
	id := swarm.Peer(1000)
	for b.Loop() {
		p.Join(id, have)
		p.Leave(id)
		id++
	}
}

// benchHave measures one Have of one of many peers.
func benchHave(b *testing.B, p swarm.Picker) {
	random := rand.NewPCG(5, 6)
	const first = swarm.Peer(1000)
	for i := range swarm.Peer(100) {
		p.Join(first+i, nil)
	}
	for b.Loop() {
		r := random.Uint64()
		p.Have(first+swarm.Peer(r%100), int(r>>32%benchPieces), r>>20&7 != 0)
	}
}

// benchWants measures Wants. Half of the peers have only held pieces.
func benchWants(b *testing.B, p swarm.Picker) {
	old := full(benchGeometry)
	for i := range benchPieces {
		if i%2 == 0 {
			p.Held(i)
		} else {
			old.Clear(i)
		}
	}
	const first = swarm.Peer(1000)
	for i := range swarm.Peer(benchPeers / 2) {
		p.Join(first+i, old)
	}
	next := swarm.Peer(0)
	for b.Loop() {
		next = (next + 1) % (benchPeers / 2)
		if p.Wants(first+next) || !p.Wants(benchPeers/2+next) {
			b.Fatal("Wants is true for a peer that has only held pieces, or false for another")
		}
	}
}

// pickAndDrop measures the choice of a new piece.
func pickAndDrop(b *testing.B, p swarm.Picker, peer func() swarm.Peer) {
	var blocks []swarm.Block
	for b.Loop() {
		id := peer()
		blocks = p.Pick(blocks[:0], swarm.Ask{Peer: id, MaxBlocks: 1, MaxNewPieces: 1})
		if len(blocks) != 1 {
			b.Fatalf("Pick returns nothing for peer %d", id)
		}
		p.Drop(id, blocks[0])
	}
}

func benchPickFromSeed(b *testing.B, p swarm.Picker) {
	pickAndDrop(b, p, func() swarm.Peer { return 1 })
}

func benchPickFromHalf(b *testing.B, p swarm.Picker) {
	next := swarm.Peer(0)
	pickAndDrop(b, p, func() swarm.Peer {
		next++
		return benchPeers/2 + next%(benchPeers/2)
	})
}

// benchPickFromFew measures a peer that has twenty pieces.
func benchPickFromFew(b *testing.B, p swarm.Picker) {
	const few = swarm.Peer(1000)
	p.Join(few, nil)
	for i := range 20 {
		p.Have(few, i*40_000+7, true)
	}
	pickAndDrop(b, p, func() swarm.Peer { return few })
}

// benchPickNoRare measures a peer that has many pieces, none of which is among the
// rarest half.
func benchPickNoRare(b *testing.B, p swarm.Picker) {
	common := full(benchGeometry)
	for i := 0; i < benchPieces; i += 2 {
		common.Clear(i)
	}
	const first = swarm.Peer(1000)
	for i := range swarm.Peer(benchPeers) {
		p.Join(first+i, common)
	}
	pickAndDrop(b, p, func() swarm.Peer { return first })
}

// benchDownload measures one block: Pick, Arrive, and Held after the last block of its
// piece. Each peer has up to 64 open requests.
func benchDownload(b *testing.B, p swarm.Picker) {
	const depth = 64
	arrived := make([]int8, benchPieces) // blocks of each piece
	queues := make([][]swarm.Block, benchPeers)
	now := time.Unix(1e9, 0)
	var cancel []swarm.Peer
	left := benchPieces
	turn := 0
	for b.Loop() {
		id := turn % benchPeers
		turn++
		if len(queues[id]) == 0 {
			now = now.Add(time.Millisecond)
			queues[id] = p.Pick(queues[id][:0], swarm.Ask{
				Peer: swarm.Peer(id), MaxBlocks: depth, MaxNewPieces: depth, Now: now, Delay: time.Second,
			})
			if len(queues[id]) == 0 {
				b.Fatalf("Pick returns nothing for peer %d, with %d pieces left", id, left)
			}
		}
		last := len(queues[id]) - 1
		block := queues[id][last]
		queues[id] = queues[id][:last]
		cancel, _ = p.Arrive(cancel[:0], swarm.Peer(id), block)
		if arrived[block.Piece]++; arrived[block.Piece] == benchPiece/swarm.BlockLen {
			p.Held(block.Piece)
			if left--; left <= benchPieces/2 {
				b.StopTimer()
				left = benchPieces
				for i := range arrived {
					if arrived[i] == benchPiece/swarm.BlockLen {
						arrived[i] = 0
						p.Lose(i, nil)
					}
				}
				b.StartTimer()
			}
		}
	}
	b.SetBytes(swarm.BlockLen)
}
