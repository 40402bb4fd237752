package protocol

import (
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// An assembly is a piece in progress: whose blocks have arrived and what is missing.
// All slices are by block number.
type assembly struct {
	piece        int
	serial       uint64   // of this attempt at the piece, so that answers about an earlier one are recognized
	bufs         [][]byte // nil where the block is not in memory
	sender       []*peer  // nil where nobody sent the block, or a former run did
	arrived      []bool   // wherever the block is now
	arrivedCount int      // blocks that have arrived
	wantedCount  int      // blocks to request: not all pad
	spilling     int      // blocks on their way to the Storage
	restored     bool     // a former run left some of the blocks
	checking     bool     // with verifiers and Storage, which own the buffers
	hashed       int      // blocks at the front that hashState stands for: they are written
	hashing      int      // blocks behind these, on their way through verifiers and Storage
	hashState    any      // of the verifiers
}

// assemblyOf returns the assembly of a piece, and begins one if there is none.
func (s *State) assemblyOf(piece int) *assembly {
	if a := s.assemblies[piece]; a != nil {
		return a
	}
	n := s.geo.BlockCount(piece)
	s.serial++
	a := &assembly{
		piece:       piece,
		serial:      s.serial,
		bufs:        make([][]byte, n),
		sender:      make([]*peer, n),
		arrived:     make([]bool, n),
		wantedCount: n,
	}
	if len(s.geo.Pads) > 0 {
		a.wantedCount = 0
		for range s.geo.Blocks(piece) {
			a.wantedCount++
		}
	}
	if s.assemblies == nil {
		s.assemblies = make(map[int]*assembly)
	}
	s.assemblies[piece] = a
	return a
}

// current returns the assembly that an answer is about; nil if it was forgotten
// meanwhile.
func (s *State) current(piece int, serial uint64) *assembly {
	a := s.assemblies[piece]
	if a == nil || a.serial != serial {
		return nil
	}
	return a
}

// forgetEmptyAssemblies forgets the pieces of which nothing has arrived.
func (s *State) forgetEmptyAssemblies() {
	for piece, a := range s.assemblies {
		if a.arrivedCount == 0 && a.spilling == 0 && !a.checking {
			delete(s.assemblies, piece)
		}
	}
}

// addBlock takes a block in.
func (a *assembly) addBlock(p *peer, b swarm.Block, buf []byte) {
	k := b.Begin / swarm.BlockLen
	a.bufs[k], a.sender[k], a.arrived[k] = buf, p, true
	a.arrivedCount++
}

// addStored notes a block that is in the Storage.
func (a *assembly) addStored(k int) {
	a.arrived[k] = true
	a.arrivedCount++
}

// removeBlocks notes that blocks have not arrived after all. Their buffers are the
// caller's business.
func (a *assembly) removeBlocks(numbers []int) {
	for _, k := range numbers {
		a.sender[k], a.arrived[k] = nil, false
		if k < a.hashed {
			a.hashed, a.hashState = 0, nil // what is left of them is read back
		}
	}
	a.arrivedCount -= len(numbers)
}

// readyToCheck reports whether every block has arrived and nothing is under way.
func (a *assembly) readyToCheck() bool {
	return a.arrivedCount == a.wantedCount && a.spilling == 0 && a.hashing == 0 && !a.checking
}

// missing returns the number of blocks that have not arrived.
func (a *assembly) missing() int { return a.wantedCount - a.arrivedCount }

// bufferCount returns the number of blocks in memory.
func (a *assembly) bufferCount() int { return countBufs(a.bufs) }

func countBufs(bufs [][]byte) (n int) {
	for _, b := range bufs {
		if b != nil {
			n++
		}
	}
	return n
}

// takeBuffers gives all blocks in memory away, to be written.
func (a *assembly) takeBuffers() (numbers []int, bufs [][]byte) {
	for k, b := range a.bufs {
		if b != nil {
			numbers, bufs = append(numbers, k), append(bufs, b)
			a.bufs[k] = nil
		}
	}
	a.spilling += len(bufs)
	return numbers, bufs
}

// senders returns who sent blocks of the piece, each once.
func (a *assembly) senders() (all []*peer) {
	for _, p := range a.sender {
		if p != nil && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// addressesOf returns where a wrong piece came from: the senders of the bad blocks, or
// all if it is not known which are bad.
func (a *assembly) addressesOf(bad []int) (all []netip.AddrPort) {
	for k, p := range a.sender {
		isSuspect := len(bad) == 0 || slices.Contains(bad, k)
		if p != nil && isSuspect && !slices.Contains(all, p.addr) {
			all = append(all, p.addr)
		}
	}
	return all
}
