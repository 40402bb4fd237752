package engine

import "time"

// restDelay is how long nobody used a torrent when it comes to rest: peers come and
// go, and a Storage that is closed and opened again costs more than one that waits.
const idleDelay = 30 * time.Second

// mayRest reports whether nothing of the torrent is read or written: all of it is
// held, and nobody is connected.
func (s *state) canIdle() bool {
	return s.complete() && (s.phase == PhaseRunning || s.phase == PhasePaused) && len(s.peers) == 0 && s.buffersOut == 0
}

// comeToRest follows whether the torrent is in use. One that was not used since it
// was added rests at once.
func (s *state) updateIdle(now time.Time) {
	switch {
	case !s.canIdle():
		s.idleAt, s.idle = time.Time{}, false
		s.used = s.used || s.phase != PhaseChecking
	case s.idle || !s.idleAt.IsZero():
	case s.used:
		s.idleAt = now.Add(idleDelay)
	default:
		s.becomeIdle()
	}
}

// takeRest lets go of what an idle torrent can do without.
func (s *state) becomeIdle() {
	s.idleAt, s.idle, s.used = time.Time{}, true, true
	s.do(rest{})
}

// read notes that a user reads the torrent.
func (s *state) noteRead(now time.Time) {
	s.used = true
	if s.idle || !s.idleAt.IsZero() {
		s.idleAt, s.idle = now.Add(idleDelay), false
	}
}
