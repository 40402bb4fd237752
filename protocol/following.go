package protocol

import (
	"slices"
	"time"
)

// followEvery is how long peers and sources do not hear again of what is wanted, so that a user
// who changes it all the time floods nobody.
const followEvery = time.Second

// A following is what is still to follow from a change of what is wanted.
type following struct {
	isChanged  bool      // since the last turn
	isFinished bool      // nothing more is missing, by a change and not by a piece
	isStale    bool      // peers and sources have not heard of it
	last       time.Time // when they heard of it last
	at         time.Time // when they will be; zero for never
}

// wantsChanged notes that other pieces are wanted, or in another sequence. wasFinished says
// whether nothing was missing before.
func (s *State) wantsChanged(wasFinished bool) {
	f := &s.follow
	f.isChanged = true
	isFinished := s.finished()
	if wasFinished && !isFinished {
		s.completion.WantMore()
		s.book.RetrySeeds(s.start)
	}
	f.isFinished = isFinished && (f.isFinished || !wasFinished)
	s.answerWaiters()
}

// applyWants ends a turn in which other pieces became wanted, or none: there is a picker if
// one is needed, and what is wanted is synced if nothing of it is missing any more.
func (s *State) applyWants(now time.Time) {
	f := &s.follow
	if f.isChanged {
		isOpen := s.Running() || s.phase == PhasePaused
		if f.isFinished && isOpen {
			s.downloadDone(now)
		}
		if !s.hasPicker() && s.Running() && !s.wantsNothing() {
			s.startPicker()
			s.scheduleChoke(now)
		}
		f.isChanged, f.isFinished, f.isStale = false, false, true
		s.repick = true
	}
	if f.isStale && f.at.IsZero() {
		f.at = f.last.Add(followEvery)
	}
	if due(f.at, now) {
		s.followWants(now)
	}
}

// followWants tells peers and sources what follows from what is wanted: what need not be sent any
// more (if it comes all the same it is kept, because it may complete a piece), in whom we are
// interested, what they need not send, and whether we are a partial seed
// (https://www.bittorrent.org/beps/bep_0021.html).
func (s *State) followWants(now time.Time) {
	f := &s.follow
	f.isStale, f.last, f.at = false, now, time.Time{}
	for _, p := range slices.Clone(s.order) {
		s.cancelRequests(now, p, 0, func(piece int) bool { return !s.wanted.Has(piece) })
		s.updateInterest(now, p)
		if p.Extended && p.SaidUploadOnly != s.saysUploadOnly(p) && !s.complete() {
			s.sendHello(now, p)
		}
		s.closeIfUseless(now, p)
	}
	s.spillPieces(func(piece int) bool { return !s.wanted.Has(piece) }) // they may never be complete
	if s.Running() && s.reports.partialSeed != s.isPartialSeed() {
		s.do(Announce{Soon: true})
	}
	s.reports.partialSeed = s.isPartialSeed()
}

// spillLater has the blocks of a partial piece written, if it is not wanted.
func (s *State) spillLater(piece int) {
	s.follow.isStale = s.follow.isStale || !s.wanted.Has(piece)
}
