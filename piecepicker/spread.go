package piecepicker

// spreadRun is how many consecutive blocks sideBySide picks from one piece before it goes
// to the next.
const spreadRun = 16

// sideBySide picks from Ask.Spread pieces in turn, so that they are complete at about the
// same time. While there are fewer such pieces, it begins new ones.
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

// leastRecentlyServed looks at the open pieces that the peer has, of the highest priority.
// It returns the one that sideBySide has not picked from for longest, and how many such
// pieces there are.
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
		if !k.has.Has(int(t.piece)) || !k.mayHelp(t) || t.reservedForOther(k.r.id) {
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
	beyond := max(0, k.blocksLeft-n)
	k.blocksLeft -= beyond
	k.pickFrom(t, int(t.freeFrom))
	k.blocksLeft += beyond
}
