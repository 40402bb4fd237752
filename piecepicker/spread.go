package piecepicker

// spreadRun is how many blocks in a row are picked of one piece before those of the
// next, where pieces go on together.
const spreadRun = 16

// sideBySide picks from several pieces in turn, so that they go on together, and from new
// ones while there are too few.
func (k *pick) sideBySide() {
	for k.blocksLeft > 0 {
		t, together := k.leastRecentlyServed()
		if together < k.ask.Spread {
			if piece, ok := k.nextPiece(); ok && (t == nil || k.p.board.Priority(piece) >= k.p.board.Priority(int(t.piece))) {
				t = k.begin(piece)
			}
		}
		if t == nil {
			return
		}
		k.p.served++
		t.lastServed = k.p.served
		k.pickUpTo(t, spreadRun)
	}
}

// leastRecentlyServed returns, of the open pieces of the highest priority that the peer has, the one
// that was picked from the longest time ago, and how many such pieces there are.
func (k *pick) leastRecentlyServed() (best *partial, together int) {
	p := k.p
	if k.r.noOpen == p.openGen {
		return nil, 0
	}
	priority := 0
	for i, t := range p.open {
		if i >= maxCompared && best != nil {
			break
		}
		if !k.r.has.Has(int(t.piece)) || !k.mayHelp(t) || t.reservedForOther(k.r.id) {
			continue
		}
		switch n := p.board.Priority(int(t.piece)); {
		case best == nil || n > priority:
			best, priority, together = t, n, 1
		case n == priority:
			together++
			if t.lastServed < best.lastServed || (t.lastServed == best.lastServed && t.begun < best.begun) {
				best = t
			}
		}
	}
	return best, together
}

// pickUpTo picks up to n free blocks of a piece.
func (k *pick) pickUpTo(t *partial, n int) {
	rest := max(0, k.blocksLeft-n)
	k.blocksLeft -= rest
	k.pickFrom(t, int(t.freeFrom))
	k.blocksLeft += rest
}
