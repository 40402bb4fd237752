package fetch

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

const (
	// A peer whose answers take slowFactor times as long as those of the quickest is
	// asked only for what the quicker ones have no room for.
	slowFactor = 4

	maxAskers = 2 // peers that are asked for a piece side by side, those not counted that are late

	// smallSize is the metadata of which each piece is requested from two peers at once, in
	// bytes: the second answer costs little, and the first comes sooner.
	smallSize = 64 << 10
)

// requestAll sends requests for all attempts that are active.
func (s *State) requestAll(now time.Time) {
	for _, a := range s.active() {
		s.requestFrom(now, a)
	}
}

// An asked maps pieces to the requests for them that are open and not late.
type asked map[int][]asker

type asker struct {
	peer *peer
	at   time.Time
}

// asked returns which pieces are requested.
func (a *attempt) asked() asked {
	all := make(asked)
	for _, p := range a.peers() {
		for _, r := range p.open {
			if !r.late {
				all[r.piece] = append(all[r.piece], asker{p, r.at})
			}
		}
	}
	return all
}

// room returns how many more requests a peer should have open.
func (p *peer) room() int {
	room := p.window
	for _, r := range p.open {
		if !r.forgotten {
			room--
		}
	}
	return room
}

// able returns the peers that may be asked now, the quickest first.
func (a *attempt) able(now time.Time) (able []*peer) {
	for _, p := range a.peers() {
		if p.number != 0 && p.room() > 0 && !p.asksAt.After(now) {
			able = append(able, p)
		}
	}
	slices.SortStableFunc(able, func(a, b *peer) int { return cmp.Compare(a.expected(), b.expected()) })
	return able
}

// requestFrom requests pieces that nobody is asked for: in rounds, one from each quick peer,
// and then from slow ones. When there are no more it requests some twice.
func (s *State) requestFrom(now time.Time, a *attempt) {
	able := a.able(now)
	if len(able) == 0 {
		return
	}
	asked := a.asked()
	slow := slices.IndexFunc(able, func(p *peer) bool { return p.expected() > slowFactor*able[0].expected() })
	if slow < 0 {
		slow = len(able)
	}
	s.requestRounds(now, a, able[:slow], asked)
	s.requestRounds(now, a, able[slow:], asked)
	for _, p := range able {
		s.duplicate(now, a, p, asked)
	}
}

// requestRounds requests pieces that nobody is asked for until the peers have no room, or
// there are no more.
func (s *State) requestRounds(now time.Time, a *attempt, able []*peer, asked asked) {
	first, count := a.low, pieceCount(a.group.size)
	for found := true; found; {
		found = false
		for _, p := range able {
			for first < count && (a.has(first) || len(asked[first]) > 0) {
				first++
			}
			piece := first
			for piece < count && (a.has(piece) || len(asked[piece]) > 0 || !p.mayAsk(piece)) {
				piece++
			}
			if p.room() <= 0 || piece >= count {
				continue
			}
			s.ask(now, p, piece, asked)
			found = true
		}
	}
}

// ask requests a piece. https://www.bittorrent.org/beps/bep_0009.html#request
func (s *State) ask(now time.Time, p *peer, piece int, asked asked) {
	r := request{piece: piece, at: now, answers: 1}
	i := p.openAt(piece)
	if i >= 0 {
		r.answers += p.open[i].answers
		p.open = slices.Delete(p.open, i, i+1)
	}
	p.open = append(p.open, r)
	p.sendMetadata(now, peerwire.MetadataMessage{Type: peerwire.MetadataRequest, Piece: piece})
	asked[piece] = append(asked[piece], asker{p, now})
	s.tickBy(now.Add(checkWhileRequesting))
}

// duplicate requests pieces from a peer with room that another one is asked for, if this
// one should answer sooner.
func (s *State) duplicate(now time.Time, a *attempt, p *peer, asked asked) {
	count := pieceCount(a.group.size)
	for piece := a.low; piece < count && p.room() > 0; piece++ {
		others := asked[piece]
		if a.has(piece) || len(others) == 0 || len(others) >= maxAskers || !p.mayAsk(piece) {
			continue
		}
		if a.group.size <= smallSize || p.expected() < others[0].remaining(now) {
			s.ask(now, p, piece, asked)
		}
	}
}

// remaining returns how long the answer to a request should still take. One that is overdue
// may take as long again.
func (r asker) remaining(now time.Time) time.Duration {
	elapsed, expected := now.Sub(r.at), r.peer.expected()
	if elapsed < expected+expected/2 {
		return max(expected-elapsed, 0)
	}
	return elapsed
}
