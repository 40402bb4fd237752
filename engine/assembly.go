package engine

import (
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// assembly is a piece in progress: whose blocks are here and what is missing.
type assembly struct {
	piece        int
	bufs         [][]byte     // by block number; nil where it is not in memory
	sender       []*peerState // by block number: who sent it; nil for nobody or the store
	arrived      []bool       // by block number: it arrived, wherever it is now
	arrivedCount int          // blocks that arrived
	wantedCount  int          // blocks that are asked for: not all pad
	spilling     int          // blocks on their way to the store
	restored     bool         // a former run left some of the blocks
	checking     bool         // with the verifiers and the store; bufs are not ours
	hashed       int          // blocks at the front that state stands for: they are written
	hashing      int          // blocks that follow, on their way through verifiers and store
	hashState    any          // of the verifiers
}

// begun returns the assembly of a piece, and begins one if there is none.
func (s *state) assemblyOf(piece int) *assembly {
	a := s.assembly[piece]
	if a != nil {
		return a
	}
	n := s.geo.BlockCount(piece)
	a = &assembly{piece: piece, bufs: make([][]byte, n), sender: make([]*peerState, n), arrived: make([]bool, n), wantedCount: n}
	if len(s.geo.Pads) > 0 {
		a.wantedCount = 0
		for range s.geo.Blocks(piece) {
			a.wantedCount++
		}
	}
	s.assembly[piece] = a
	return a
}

// put takes a block in and reports whether the piece is whole.
func (a *assembly) addBlock(p *peerState, b swarm.Block, buf []byte) bool {
	k := b.Begin / swarm.BlockLen
	a.bufs[k], a.sender[k], a.arrived[k] = buf, p, true
	a.arrivedCount++
	return a.readyToCheck()
}

// putStored notes a block that is in the store.
func (a *assembly) addStored(k int) {
	a.arrived[k] = true
	a.arrivedCount++
}

// lose notes that blocks are not here after all.
func (a *assembly) removeBlocks(numbers []int) {
	for _, k := range numbers {
		a.sender[k], a.arrived[k] = nil, false
		if k < a.hashed {
			a.hashed, a.hashState = 0, nil // what is left of them is read back
		}
	}
	a.arrivedCount -= len(numbers)
}

func (a *assembly) readyToCheck() bool {
	return a.arrivedCount == a.wantedCount && a.spilling == 0 && a.hashing == 0 && !a.checking
}
func (a *assembly) missing() int { return a.wantedCount - a.arrivedCount }

func (a *assembly) bufferCount() (n int) {
	for _, b := range a.bufs {
		if b != nil {
			n++
		}
	}
	return n
}

// takeOut gives all blocks in memory away, to be written.
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
func (a *assembly) senders() (all []*peerState) {
	for _, p := range a.sender {
		if p != nil && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// suspects returns where a wrong piece came from: the senders of the bad blocks, or
// all if it is not known which are bad.
func (a *assembly) addressesOf(bad []int) (all []netip.AddrPort) {
	for k, p := range a.sender {
		if p != nil && (len(bad) == 0 || slices.Contains(bad, k)) && !slices.Contains(all, p.addr) {
			all = append(all, p.addr)
		}
	}
	return all
}

// fillPads has the pieces checked that are all pad: nobody is asked for them.
func (s *state) submitPads() {
	if len(s.geo.Pads) == 0 {
		return
	}
	for i := range s.n {
		if s.have.Has(i) || s.assembly[i] != nil || !s.geo.IsPad(swarm.Block{Piece: i, Length: s.geo.PieceLen(i)}) {
			continue
		}
		s.submit(s.assemblyOf(i))
	}
}

// submit hands a whole piece, or the next part of it, to the verifiers. Its buffers
// are theirs from now on.
func (s *state) submit(a *assembly) {
	if s.hashSection(a, 2*s.minSection) {
		return
	}
	a.checking = true
	bufs := s.lendBuffers(a, len(a.bufs)-a.hashed)
	stored := false
	for n, b := range bufs {
		stored = stored || b == nil && a.arrived[a.hashed+n]
	}
	s.do(check{verifyJob{
		asm: a, piece: a.piece, blocks: bufs, from: a.hashed, state: a.hashState, stored: stored,
		sums: s.evidence[a.piece] != nil, soon: s.bySection && s.sectionSoon() || s.pieceSoon(),
	}})
}

// handOver takes the buffers of n blocks, behind those that are hashed, out of a piece.
func (s *state) lendBuffers(a *assembly, n int) [][]byte {
	front := a.bufs[a.hashed : a.hashed+n]
	bufs := slices.Clone(front)
	clear(front)
	for _, b := range bufs {
		if b != nil {
			s.buffersOut++
		}
	}
	return bufs
}

// rate returns at how many bytes a second blocks come in from all peers.
func (s *state) totalRate() (sum float64) {
	for _, p := range s.order {
		sum += p.pace.rate
	}
	return sum
}

// pieceSoon reports whether another piece can be whole within laneWait at the
// present rate.
func (s *state) pieceSoon() bool {
	blocks := int(s.totalRate() * laneWait.Seconds() / swarm.BlockLen)
	for _, a := range s.assembly {
		if !a.checking && a.missing() <= blocks {
			return true
		}
	}
	return false
}

// evidence is who sent which wrong piece, until a right one tells who lied.
type evidence struct {
	tries [][]sentBlock
}

// A clue is who sent a block of a wrong piece and what its bytes hashed to.
type sentBlock struct {
	peer *peerState
	sum  uint64
}

// judged is what came of a piece that was handed to the verifiers.
type checkResult struct {
	asm    *assembly
	piece  int
	from   int      // the number of the first of blocks
	blocks [][]byte // back, with their units
	ok     bool
	bad    []int    // blocks known to be wrong
	sums   []uint64 // of the blocks, where they were asked for or the piece is wrong
	err    error    // the piece could not be read or written
}

func (e checkResult) apply(now time.Time, s *state) {
	for _, b := range e.blocks {
		if b != nil {
			s.buffersOut--
		}
	}
	a := s.assembly[e.piece]
	if a == e.asm {
		delete(s.assembly, e.piece)
	}
	switch {
	case a != e.asm || s.phase == PhaseFailed && e.err != nil:
		s.memory.drop(e.blocks...)
	case e.err != nil:
		s.memory.drop(e.blocks...)
		s.markMissing(e.piece, nil)
		s.fail(now, e.err)
	case e.ok:
		s.memory.drop(e.blocks...)
		s.banLiars(now, a, e.sums)
		s.pieceHeld(now, e.piece)
	default:
		s.pieceFailed(now, a, e)
	}
}

// gained is a new piece: everybody hears of it.
func (s *state) pieceHeld(now time.Time, piece int) {
	s.markHeld(piece)
	s.report(Piece{s.id(), piece})
	for _, p := range s.order {
		if p.closing {
			continue
		}
		s.sendHave(now, p, piece)
		if p.amInterested && p.has(piece, s.n) {
			s.updateInterest(now, p)
		}
	}
	s.answerWaiters()
	if s.complete() {
		s.downloadDone(now)
	}
	s.reportNothingWanted()
}

// calm reports that nothing is wanted of anybody who is connected.
func (s *state) reportNothingWanted() {
	if s.nothingWantedReported || !s.active() || slices.ContainsFunc(s.order, func(p *peerState) bool { return p.amInterested }) {
		return
	}
	s.nothingWantedReported = true
	s.report(NothingWanted{s.id()})
}

// completed is the last piece. That it is reported once only is so that a piece which
// was lost and came back is no news.
func (s *state) downloadDone(now time.Time) {
	if !s.completedReported {
		s.completedReported = true
		s.report(Completed{s.id()})
		s.completedUnannounced = true
	}
	s.announceCompleted()
	s.stopPicker()
	for _, p := range slices.Clone(s.order) {
		s.updateInterest(now, p)
		s.closeIfUseless(now, p)
	}
	s.scheduleChoke(now)
}

// tellCompleted has the sources hear of the last piece, once: at the next Resume if
// it came in during a pause.
func (s *state) announceCompleted() {
	if s.completedUnannounced && s.active() && s.complete() {
		s.completedUnannounced = false
		s.do(announce{event: swarm.Completed})
	}
}

// failed is a piece that did not pass its check.
func (s *state) pieceFailed(now time.Time, a *assembly, e checkResult) {
	s.wrong++
	s.report(PieceFailed{s.id(), a.piece, a.addressesOf(e.bad)})
	for k := range a.sender {
		if a.sender[k] != nil && (len(e.bad) == 0 || slices.Contains(e.bad, k)) {
			b := s.geo.Block(a.piece, k)
			s.wasted += int64(b.Length)
		}
	}
	s.picker.Lose(a.piece, e.bad)
	s.repick = true
	if len(e.bad) > 0 {
		for _, k := range e.bad {
			if p := a.sender[k]; p != nil {
				s.ban(now, p.addr.Addr(), errLied)
			}
		}
		s.keepGoodBlocks(a, e)
		return
	}
	s.memory.drop(e.blocks...)
	switch senders := a.senders(); {
	case len(senders) == 0: // all of it came from the store
	case len(senders) == 1 && !a.restored:
		s.ban(now, senders[0].addr.Addr(), errLied)
	default:
		for _, p := range senders {
			p.parole = true
		}
		s.recordSenders(a, e.sums)
	}
}

// keepGood begins the piece again with those of its blocks that are right.
func (s *state) keepGoodBlocks(a *assembly, e checkResult) {
	again := s.assemblyOf(a.piece)
	for k, here := range a.arrived {
		bad := slices.Contains(e.bad, k)
		var buf []byte
		if k >= e.from {
			buf = e.blocks[k-e.from]
		}
		switch {
		case bad && buf != nil:
			s.memory.drop(buf)
		case here && !bad:
			again.bufs[k], again.sender[k] = buf, a.sender[k]
			again.addStored(k)
		}
	}
}

// remember keeps who sent what of a wrong piece.
func (s *state) recordSenders(a *assembly, blocks []uint64) {
	if len(blocks) != len(a.sender) {
		return
	}
	clues := make([]sentBlock, len(blocks))
	for k, p := range a.sender {
		clues[k] = sentBlock{p, blocks[k]}
	}
	ev := s.evidence[a.piece]
	if ev == nil {
		ev = new(evidence)
		s.evidence[a.piece] = ev
	}
	if len(ev.tries) < 8 {
		ev.tries = append(ev.tries, clues)
	}
}

// convict bans those whose blocks of a wrong piece differ from the right ones.
// Those who sent none such are off parole.
func (s *state) banLiars(now time.Time, a *assembly, right []uint64) {
	ev := s.evidence[a.piece]
	if ev == nil {
		return
	}
	delete(s.evidence, a.piece)
	for _, try := range ev.tries {
		for k, c := range try {
			if c.peer == nil || k >= len(right) {
				continue
			}
			if c.sum != right[k] {
				s.ban(now, c.peer.addr.Addr(), errLied)
			}
		}
	}
	for _, try := range ev.tries {
		for _, c := range try {
			if c.peer != nil && !c.peer.closing {
				c.peer.parole = false
			}
		}
	}
}
