package lookup

import (
	"slices"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	askedAgain = 2 // nodes are asked about each part of the neighborhood that may have gaps
	deeper     = 2 // parts that are nearer to the target than the farthest that was found
)

// fillGaps asks some of the nearest nodes again, once in a search, if others among the
// nearest failed or are doubtful. These took places in all answers, which name eight nodes
// only, so that the ones behind them may never have been named. Those are the nearest of the
// target with one bit flipped: each bit stands for one part of the neighborhood.
func (l *Lookup) fillGaps() {
	if l.filled || l.asking > 0 || l.config.Trust || !l.hasGaps() {
		return
	}
	l.filled = true
	nearest := l.Closest()
	if len(nearest) == 0 {
		return
	}
	shared := nodeid.CommonBits(l.config.Target, nearest[len(nearest)-1].ID)
	for bit := max(shared-1, 0); bit <= min(shared+deeper, nodeid.Bits-1); bit++ {
		target := l.config.Target.Flip(bit)
		slices.SortFunc(nearest, func(a, b krpc.Contact) int { return nodeid.Compare(target, a.ID, b.ID) })
		for _, c := range nearest[:min(askedAgain, len(nearest))] {
			l.again = append(l.again, Question{Contact: c, Target: target, Again: true})
		}
	}
}

// hasGaps reports whether a node among the nearest failed or is doubtful. One that only
// doubtful nodes named may never have been there.
func (l *Lookup) hasGaps() bool {
	nearer := 0
	for _, n := range l.nodes {
		switch {
		case !n.fits:
		case n.status == answered && l.counts(n):
			nearer++
			if nearer == l.config.K {
				return false
			}
		case n.status == answered, n.status == failed && !l.isDoubtful(n):
			return true
		}
	}
	return false
}
