package revealing

import (
	"math/rand/v2"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	// spreadTime is how long a peer that has the piece it was shown waits for another peer
	// to show it too. If that took too long once, the peer cannot or will not pass pieces
	// on, and hopelessTime is enough: others must not be served less for its sake.
	spreadTime   = 30 * time.Second
	hopelessTime = 5 * time.Second

	// fetchTime is how long a piece that one peer was shown and does not have yet is shown
	// to no other, at least. If pieces usually take long, it is fetchFactor times as long
	// as usual.
	fetchTime   = time.Minute
	fetchFactor = 3

	// lookAgain is the time after which a peer for which there was no piece is looked at
	// again, so that much traffic does not mean much work.
	lookAgain = time.Second
)

// superSeed shows each peer one piece at a time
// (https://www.bittorrent.org/beps/bep_0016.html): the next one when another peer has the
// piece too, because the peer passes on what it gets, or when nobody else is missing it.
// Pieces that nobody was shown yet come first. While others are under way to a single peer,
// nobody is shown a piece that the swarm has, because that would delay them.
type superSeed struct {
	peers   map[swarm.Peer]*viewer
	pieces  []sighting
	unseen  int           // pieces that no peer has
	usually time.Duration // from when a piece is shown until the peer has it
	random  *rand.Rand
}

// A viewer is a peer, and what it was shown.
type viewer struct {
	has, shown   swarm.Bitfield
	piece        int       // shown last; -1 before the first
	shownAt      time.Time // when
	gotAt        time.Time // when it had the piece; zero before that
	doesNotShare bool      // nobody else showed its last piece in time
	lookAt       time.Time // when to look for a piece again, if there was none
}

// A sighting is what is known of a piece.
type sighting struct {
	seen    int       // peers that have it
	shownAt time.Time // when a peer was shown it that does not have it yet; zero for never
	shownTo swarm.Peer
}

// NewSuperSeed returns a Revealer that shows each peer one piece at a time, for a torrent
// with the given number of pieces. Equal seeds of chance make equal choices.
func NewSuperSeed(pieces int, seed uint64) Revealer {
	return &superSeed{
		peers:  make(map[swarm.Peer]*viewer),
		pieces: make([]sighting, pieces),
		unseen: pieces,
		random: rand.New(rand.NewPCG(seed, 0)),
	}
}

func (s *superSeed) viewer(p swarm.Peer) *viewer {
	v := s.peers[p]
	if v == nil {
		v = &viewer{
			has:   swarm.NewBitfield(len(s.pieces)),
			shown: swarm.NewBitfield(len(s.pieces)),
			piece: -1,
		}
		s.peers[p] = v
	}
	return v
}

// Seen implements Revealer.
func (s *superSeed) Seen(now time.Time, from swarm.Peer, piece int) {
	v, x := s.viewer(from), &s.pieces[piece]
	if v.has.Has(piece) {
		return
	}
	v.has.Set(piece)
	if x.seen == 0 {
		s.unseen--
	}
	x.seen++
	if piece == v.piece && v.gotAt.IsZero() {
		v.gotAt = now
		s.usually += (now.Sub(v.shownAt) - s.usually) / 8
	}
	if x.shownTo == from {
		x.shownAt = time.Time{}
	}
}

// Leave implements Revealer.
func (s *superSeed) Leave(p swarm.Peer) {
	v := s.peers[p]
	if v == nil {
		return
	}
	delete(s.peers, p)
	for i := range s.pieces {
		x := &s.pieces[i]
		if v.has.Has(i) {
			x.seen--
			if x.seen == 0 {
				s.unseen++
			}
		}
		if x.shownTo == p {
			x.shownAt = time.Time{}
		}
	}
}

// Reveal implements Revealer.
func (s *superSeed) Reveal(dst []int, now time.Time, to swarm.Peer, have swarm.Bitfield) []int {
	v := s.viewer(to)
	if v.lookAt.After(now) || !s.isDue(now, v) {
		return dst
	}
	piece := s.choose(now, v, have)
	if piece < 0 {
		v.lookAt = now.Add(lookAgain)
		return dst
	}
	v.piece, v.shownAt, v.gotAt = piece, now, time.Time{}
	v.shown.Set(piece)
	x := &s.pieces[piece]
	x.shownAt, x.shownTo = now, to
	return append(dst, piece)
}

// isDue reports whether a peer may be shown another piece.
func (s *superSeed) isDue(now time.Time, v *viewer) bool {
	if v.piece < 0 {
		return true
	}
	if v.gotAt.IsZero() {
		// A peer may not want a piece, or may have what we do not know of.
		return now.Sub(v.shownAt) >= s.patience()
	}
	seen := s.pieces[v.piece].seen
	if seen > 1 {
		v.doesNotShare = false
		return true
	}
	if seen >= len(s.peers) {
		return true // it is alone
	}
	wait := spreadTime
	if v.doesNotShare {
		wait = hopelessTime
	}
	if now.Sub(v.gotAt) < wait {
		return false
	}
	v.doesNotShare = true
	return true
}

// patience is how long a piece that was shown to a peer is left to it.
func (s *superSeed) patience() time.Duration { return max(fetchTime, fetchFactor*s.usually) }

// choose returns the piece to show a peer; -1 for none now.
func (s *superSeed) choose(now time.Time, v *viewer, have swarm.Bitfield) int {
	best, rarest, equals := -1, 0, 0
	anyUnderWay := false
	for i := range s.pieces {
		x := &s.pieces[i]
		isUnderWay := !x.shownAt.IsZero() && now.Sub(x.shownAt) < s.patience()
		if x.seen == 0 && isUnderWay {
			anyUnderWay = true
			continue
		}
		if v.shown.Has(i) || have.Has(i) || v.has.Has(i) {
			continue
		}
		n := x.seen
		if isUnderWay {
			n++
		}
		if best < 0 || n < rarest {
			best, rarest, equals = i, n, 0
		}
		if n == rarest {
			equals++
			if s.random.IntN(equals) == 0 {
				best = i
			}
		}
	}
	if anyUnderWay && rarest > 0 {
		return -1
	}
	return best
}
