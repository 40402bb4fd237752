package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/swarm"
)

// submitSection hands the next section of a piece to the verifiers, if it has at
// least the given number of blocks. The last section is submitted with the piece.
func (s *State) submitSection(a *pieces.Assembly, least int) bool {
	n := s.sections.Next(a, least)
	if n == 0 {
		return false
	}
	a.Hashing = n
	bufs, _ := a.Lend(n)
	s.buffers.out += pieces.CountBuffers(bufs)
	s.do(Check{
		Piece:   a.Piece,
		Serial:  a.Serial,
		From:    a.Hashed,
		Blocks:  bufs,
		State:   a.HashState,
		Section: true,
		Urgent:  s.isUrgent(a.Piece),
		Soon:    s.sectionSoon(),
	})
	return true
}

// sectionSoon reports whether a section of another piece will be here within HashWait:
// it is here already and follows in this turn, or it comes by the order in which blocks
// were requested.
func (s *State) sectionSoon() bool {
	soon := s.sections.IsHere(&s.pieces)
	coming := s.pieces.CountComing()
	for _, p := range s.order {
		n := int(p.Pace.Rate() * HashWait.Seconds() / swarm.BlockLen)
		soon = soon || coming.Add(p.Requests.Open(), n, s.sections)
	}
	return soon
}

// apply hands on the next sections of these pieces, if they are here, without waiting for
// the writes of these. All are noted first, because what is handed on says whether another
// one follows.
func (e SectionsHashed) apply(_ time.Time, s *State) {
	for _, a := range s.pieces.SectionsHashed(e.Sections) {
		if s.Running() {
			s.submitSection(a, s.sections.Min)
		}
	}
}

func (e SectionDone) apply(now time.Time, s *State) {
	s.buffers.out -= pieces.CountBuffers(e.Blocks)
	s.memory.Drop(e.Blocks)
	a := s.pieces.Current(e.Piece, e.Serial)
	switch {
	case a == nil:
	case e.Err != nil:
		s.pieces.Forget(a.Piece)
		s.memory.Drop(a.Remove(a.InMemory()))
		s.markMissing(a.Piece, nil)
		s.fail(now, e.Err)
	case a.SectionWritten(e.From):
		s.submit(a)
	}
}

// hashEarly has sections hashed before they are of the usual length, because memory is
// short, and reports whether there were any.
func (s *State) hashEarly() (found bool) {
	for s.buffers.out < minSpill {
		a := s.pieces.LongestFront(2 * s.sections.Min)
		if a == nil || !s.submitSection(a, 1) {
			return found
		}
		found = true
	}
	return found
}
