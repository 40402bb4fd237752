package lookup

// doubtAfter is how many nodes that a node named may be late or fail, if at most half as
// many answered, until its word counts for nothing.
const doubtAfter = 3

// judge counts for the teller of a node that it answered, or that it did not.
func (n *node) judge(right, wrong int) {
	if n.teller != nil {
		n.teller.right += right
		n.teller.wrong += wrong
	}
}

// isDoubtful reports whether most nodes that a node named do not answer: it may have made
// them up, or name victims. Of honest nodes a fifth names a dead one now and then.
func (n *node) isDoubtful() bool {
	return n.wrong >= doubtAfter && n.wrong > 2*n.right
}

// counts reports whether a node may be one of the nearest that the search is for.
func (l *Lookup) counts(n *node) bool { return l.config.Trust || !n.isDoubtful() }

// isDoubtful reports whether a node is only known from a doubtful one.
func (l *Lookup) isDoubtful(n *node) bool {
	return !l.config.Trust && n.teller != nil && n.teller.isDoubtful()
}
