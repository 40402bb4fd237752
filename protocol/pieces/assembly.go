package pieces

import (
	"net/netip"
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// A Sender is who sent a block, and so who is to blame for it. It outlives the
// connection. Senders are compared by pointer.
type Sender struct {
	Peer swarm.Peer
	Addr netip.AddrPort
}

// An Assembly is a piece in progress: whose blocks have arrived and what is missing.
// Its buffers belong to it until Lend or TakeBuffers gives them away.
type Assembly struct {
	Piece     int
	Serial    uint64 // of this attempt at the piece, so that answers about an earlier one are recognized
	Restored  bool   // a former run left some of the blocks
	Checking  bool   // all of it is with verifiers and Storage
	Spilling  int    // blocks on their way to the Storage
	Hashed    int    // blocks at the front that HashState stands for: they are written, or being written
	Hashing   int    // blocks behind these, which are with the verifiers
	Writing   []Span // sections of Hashed that are on their way to the Storage
	HashState any    // of the verifiers

	geo *swarm.Geometry

	// By block number.
	bufs    [][]byte  // nil where the block is not in memory
	senders []*Sender // nil where nobody sent the block, or a former run did
	arrived []bool    // wherever the block is now

	arrivedCount int
	wantedCount  int // blocks to request: not all pad
}

// A Span is blocks From to To-1 of a piece.
type Span struct{ From, To int }

func newAssembly(geo *swarm.Geometry, piece int, serial uint64) *Assembly {
	n := geo.BlockCount(piece)
	a := &Assembly{
		Piece:       piece,
		Serial:      serial,
		geo:         geo,
		bufs:        make([][]byte, n),
		senders:     make([]*Sender, n),
		arrived:     make([]bool, n),
		wantedCount: n,
	}
	if len(geo.Pads) > 0 {
		a.wantedCount = 0
		for range geo.Blocks(piece) {
			a.wantedCount++
		}
	}
	return a
}

// Blocks returns the number of blocks of the piece, all-pad ones included.
func (a *Assembly) Blocks() int { return len(a.bufs) }

// Arrived reports whether block k has arrived, wherever it is now.
func (a *Assembly) Arrived(k int) bool { return a.arrived[k] }

// Missing returns the number of blocks to request that have not arrived.
func (a *Assembly) Missing() int { return a.wantedCount - a.arrivedCount }

// Ready reports whether every block has arrived and nothing is under way.
func (a *Assembly) Ready() bool {
	return a.Missing() == 0 && !a.UnderWay() && !a.Checking
}

// UnderWay reports whether some of its blocks are with the verifiers or on their way to
// the Storage.
func (a *Assembly) UnderWay() bool { return a.Spilling > 0 || a.Hashing > 0 || len(a.Writing) > 0 }

// sectionHashed notes that the verifiers are done with a section up to block to, and that
// it is being written from now on. state is what they hash the next one with.
func (a *Assembly) sectionHashed(to int, state any) {
	a.Writing = append(a.Writing, Span{a.Hashed, to})
	a.Hashed, a.Hashing, a.HashState = to, 0, state
}

// SectionWritten notes that the section that begins with block from was written, and
// reports whether the piece is Ready.
func (a *Assembly) SectionWritten(from int) bool {
	a.Writing = slices.DeleteFunc(a.Writing, func(s Span) bool { return s.From == from })
	return a.Ready()
}

// isUnderWay reports whether block k is in a section that is under way.
func (a *Assembly) isUnderWay(k int) bool {
	isWriting := slices.ContainsFunc(a.Writing, func(s Span) bool { return s.From <= k && k < s.To })
	return isWriting || (k >= a.Hashed && k < a.Hashed+a.Hashing)
}

// Add takes in a block that was requested, and its buffer. The pad at the end of the
// block was not requested: zeros are put behind the bytes, in the memory of buf if that is
// long enough.
func (a *Assembly) Add(from *Sender, b swarm.Block, buf []byte) {
	k := b.Begin / swarm.BlockLen
	pad := a.geo.Block(a.Piece, k).Length - b.Length
	buf = append(buf[:b.Length], make([]byte, pad)...)
	a.bufs[k], a.senders[k] = buf, from
	a.AddStored(k)
}

// AddStored notes a block that is in the Storage.
func (a *Assembly) AddStored(k int) {
	a.arrived[k] = true
	a.arrivedCount++
}

// Move takes over block k of another attempt at the same piece; buf is nil if the block
// is in the Storage.
func (a *Assembly) Move(from *Assembly, k int, buf []byte) {
	a.bufs[k], a.senders[k] = buf, from.senders[k]
	a.AddStored(k)
}

// MoveGood moves the blocks of a wrong piece that are not bad to another attempt at it. bufs are
// the buffers of blocks from on. Those of bad blocks are returned, and are the caller's.
func (a *Assembly) MoveGood(to *Assembly, bad []int, from int, bufs [][]byte) (wrong [][]byte) {
	for k := range a.bufs {
		isBad := slices.Contains(bad, k)
		var buf []byte
		if k >= from {
			buf = bufs[k-from]
		}
		switch {
		case isBad && buf != nil:
			wrong = append(wrong, buf)
		case a.arrived[k] && !isBad:
			to.Move(a, k, buf)
		}
	}
	return wrong
}

// SentBytes returns how many bytes of some blocks peers sent; no blocks means all.
func (a *Assembly) SentBytes(blocks []int) (n int64) {
	for k, sender := range a.senders {
		if sender != nil && (len(blocks) == 0 || slices.Contains(blocks, k)) {
			n += int64(a.geo.Request(a.Piece, k).Length)
		}
	}
	return n
}

// Remove notes that blocks have not arrived after all. It returns their buffers, for
// blocks that were in memory, which are the caller's from then on.
func (a *Assembly) Remove(numbers []int) (bufs [][]byte) {
	for _, k := range numbers {
		if a.bufs[k] != nil {
			bufs = append(bufs, a.bufs[k])
		}
		a.bufs[k], a.senders[k], a.arrived[k] = nil, nil, false
		if k < a.Hashed {
			a.Hashed, a.HashState = 0, nil // what is left of them is read back
		}
	}
	a.arrivedCount -= len(numbers)
	return bufs
}

// InMemory returns the numbers of the blocks whose buffers are here.
func (a *Assembly) InMemory() (numbers []int) {
	for k, b := range a.bufs {
		if b != nil {
			numbers = append(numbers, k)
		}
	}
	return numbers
}

// Buffers returns the number of blocks in memory.
func (a *Assembly) Buffers() int { return CountBuffers(a.bufs) }

// CountBuffers returns how many of bufs are not nil.
func CountBuffers(bufs [][]byte) (n int) {
	for _, b := range bufs {
		if b != nil {
			n++
		}
	}
	return n
}

// TakeBuffers gives all blocks in memory away, to be written.
func (a *Assembly) TakeBuffers() (numbers []int, bufs [][]byte) {
	numbers = a.InMemory()
	for _, k := range numbers {
		bufs = append(bufs, a.bufs[k])
		a.bufs[k] = nil
	}
	a.Spilling += len(bufs)
	return numbers, bufs
}

// Lend gives the buffers of n blocks away, behind those that are hashed. An entry is
// nil if the block is in the Storage or all pad; stored reports whether there is one in
// the Storage.
func (a *Assembly) Lend(n int) (bufs [][]byte, stored bool) {
	front := a.bufs[a.Hashed : a.Hashed+n]
	bufs = slices.Clone(front)
	clear(front)
	for k, b := range bufs {
		stored = stored || (b == nil && a.arrived[a.Hashed+k])
	}
	return bufs, stored
}

// Front returns the number of blocks, behind those that are hashed, that are in memory
// or all pad: what can be hashed now. It counts to a little more than most.
func (a *Assembly) Front(most int) int {
	if a.Checking || a.Hashing > 0 {
		return 0
	}
	k := a.Hashed
	for k < len(a.bufs) && k <= a.Hashed+most {
		isPad := !a.arrived[k] && a.geo.IsPad(a.geo.Block(a.Piece, k))
		if a.bufs[k] == nil && !isPad {
			break
		}
		k++
	}
	return k - a.Hashed
}

// Sender returns who sent block k; nil if nobody did, or a former run.
func (a *Assembly) Sender(k int) *Sender { return a.senders[k] }

// Senders returns who sent blocks of the piece, each once.
func (a *Assembly) Senders() (all []*Sender) {
	for _, p := range a.senders {
		if p != nil && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// SentBy reports whether p sent a block of the piece.
func (a *Assembly) SentBy(p *Sender) bool { return slices.Contains(a.senders, p) }

// Addresses returns where a wrong piece came from: the senders of the bad blocks, or all
// if it is not known which are bad.
func (a *Assembly) Addresses(bad []int) (all []netip.AddrPort) {
	for k, p := range a.senders {
		isSuspect := len(bad) == 0 || slices.Contains(bad, k)
		if p != nil && isSuspect && !slices.Contains(all, p.Addr) {
			all = append(all, p.Addr)
		}
	}
	return all
}
