package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// HashWait is how long a verifier may wait for another piece, so that both are hashed
// side by side; see Check.Soon.
const HashWait = 15 * time.Millisecond

// submitPads has the pieces checked that are all pad, because nobody is asked for them
// (https://www.bittorrent.org/beps/bep_0047.html, "padding files").
func (s *State) submitPads() {
	if len(s.geo.Pads) == 0 || s.uploadOnly {
		return
	}
	for i := range s.n {
		isPad := s.geo.IsPad(swarm.Block{Piece: i, Length: s.geo.PieceLen(i)})
		if isPad && !s.have.Has(i) && s.pieces.Get(i) == nil {
			s.submit(s.assemblyOf(i))
		}
	}
}

// submit hands a complete piece, or the next section of it, to the verifiers. Its
// buffers are theirs from then on.
func (s *State) submit(a *pieces.Assembly) {
	if s.submitSection(a, 2*s.sections.Min) {
		return
	}
	a.Checking = true
	bufs, stored := a.Lend(a.Blocks() - a.Hashed)
	s.buffers.out += pieces.CountBuffers(bufs)
	s.do(Check{
		Piece:  a.Piece,
		Serial: a.Serial,
		From:   a.Hashed,
		Blocks: bufs,
		State:  a.HashState,
		Stored: stored,
		Sums:   s.blame.Has(a.Piece),
		Urgent: s.isUrgent(a.Piece),
		Soon:   (s.sections.On() && s.sectionSoon()) || s.pieceSoon(),
	})
}

// assemblyOf returns the assembly of a piece, and begins one if there is none.
func (s *State) assemblyOf(piece int) *pieces.Assembly {
	a := s.pieces.Get(piece)
	if a == nil {
		s.serial++
		a = s.pieces.Begin(piece, s.serial)
	}
	return a
}

// totalRate returns the rate at which blocks come in from all peers, in bytes per second.
func (s *State) totalRate() (sum float64) {
	for _, p := range s.order {
		sum += p.Pace.Rate()
	}
	return sum
}

// pieceSoon reports whether another piece can be complete within HashWait at the present
// rate.
func (s *State) pieceSoon() bool {
	return s.pieces.AnyWithin(int(s.totalRate() * HashWait.Seconds() / swarm.BlockLen))
}

func (e CheckResult) apply(now time.Time, s *State) {
	s.buffers.out -= pieces.CountBuffers(e.Blocks)
	a := s.pieces.Current(e.Piece, e.Serial)
	if a != nil {
		s.pieces.Forget(e.Piece)
	}
	hasFailed := s.phase == PhaseFailed && e.Err != nil
	switch {
	case a == nil || hasFailed:
		s.memory.Drop(e.Blocks)
	case e.Err != nil:
		s.memory.Drop(e.Blocks)
		s.markMissing(e.Piece, nil)
		s.fail(now, e.Err)
	case e.OK:
		s.memory.Drop(e.Blocks)
		s.noteProven(a)
		s.banLiars(now, e.Piece, e.Sums)
		s.pieceHeld(now, e.Piece)
	default:
		s.pieceFailed(now, a, e)
	}
}

// pieceHeld notes a new piece and announces it to everybody, also to those who have it:
// clients judge by HAVEs whether we get on
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": have).
func (s *State) pieceHeld(now time.Time, piece int) {
	s.markHeld(piece)
	if s.config.Events&report.OnPiece != 0 { // otherwise it would be made for nothing
		s.report(report.Piece{Torrent: s.ID(), Piece: piece})
	}
	for _, p := range s.order {
		if p.Closing {
			continue
		}
		s.sendHave(now, p, piece)
		p.Answers = min(p.Answers+2, allowance.Most) // it may become interested, and lose interest again
		if p.AmInterested && p.Has.Has(piece, s.n) {
			s.updateInterest(now, p)
		}
	}
	s.answerWaiters()
	s.completion.PieceCame(s.wanted.Has(piece), s.complete())
	if s.finished() && (s.wanted.Has(piece) || s.complete()) {
		s.downloadDone(now)
	}
	s.reportNothingWanted()
}

// downloadDone turns a leecher into a seed, or into a partial seed.
func (s *State) downloadDone(now time.Time) {
	s.completion.Finish()
	s.syncAll()
	s.stopPicker()
	for _, p := range slices.Clone(s.order) {
		s.updateInterest(now, p)
		s.closeIfUseless(now, p)
	}
	s.scheduleChoke(now)
	s.follow.isStale = s.follow.isStale || !s.complete()
}

// inEndGame reports whether the last blocks are requested of several peers at a time,
// as the picker says.
func (s *State) inEndGame() bool { return swarm.EndGame(s.picker) }
