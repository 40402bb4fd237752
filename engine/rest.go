package engine

import "time"

// restDelay is how long nobody used a torrent when it comes to rest: peers come and
// go, and a Storage that is closed and opened again costs more than one that waits.
const restDelay = 30 * time.Second

// mayRest reports whether nothing of the torrent is read or written: all of it is
// held, and nobody is connected.
func (s *state) mayRest() bool {
	return s.complete() && (s.phase == PhaseRunning || s.phase == PhasePaused) && len(s.peers) == 0 && s.inDisk == 0
}

// comeToRest follows whether the torrent is in use. One that was not used since it
// was added rests at once.
func (s *state) comeToRest(now time.Time) {
	switch {
	case !s.mayRest():
		s.quiet, s.resting = time.Time{}, false
		s.used = s.used || s.phase != PhaseChecking
	case s.resting || !s.quiet.IsZero():
	case s.used:
		s.quiet = now.Add(restDelay)
	default:
		s.takeRest()
	}
}

// takeRest lets go of what an idle torrent can do without.
func (s *state) takeRest() {
	s.quiet, s.resting, s.used = time.Time{}, true, true
	s.do(rest{})
}

// read notes that a user reads the torrent.
func (s *state) read(now time.Time) {
	s.used = true
	if s.resting || !s.quiet.IsZero() {
		s.quiet, s.resting = now.Add(restDelay), false
	}
}
