package protocol

import "time"

// idleDelay is how long nobody uses a torrent before it is idle: peers come and go,
// and to close a Storage and open it again costs more than to keep it open.
const idleDelay = 30 * time.Second

// idleness follows whether anybody uses the torrent. A complete torrent that nobody
// is connected to is idle: its Storage may release what it has open.
type idleness struct {
	now  bool      // the torrent is idle
	used bool      // since it was added
	at   time.Time // when it will be idle if nothing happens until then; zero for never
}

func (i *idleness) nextDeadline() time.Time { return i.at }

// canIdle reports whether nothing of the torrent is read or written: all of it is
// held, and nobody is connected.
func (s *State) canIdle() bool {
	isQuiet := s.phase == PhaseRunning || s.phase == PhasePaused
	return s.complete() && !s.completion.Syncing && isQuiet && len(s.peers) == 0 && s.buffers.out == 0
}

// updateIdle follows whether the torrent is in use. One that was never used since it
// was added is idle at once.
func (s *State) updateIdle(now time.Time) {
	switch {
	case !s.canIdle():
		s.idle.at, s.idle.now = time.Time{}, false
		s.idle.used = s.idle.used || s.phase != PhaseChecking
	case s.idle.now || !s.idle.at.IsZero():
	case s.idle.used:
		s.idle.at = now.Add(idleDelay)
	default:
		s.becomeIdle()
	}
}

// becomeIdle tells the Storage that nobody uses it.
func (s *State) becomeIdle() {
	if s.canIdle() {
		s.idle = idleness{now: true, used: true}
		s.do(Idle{})
	}
}

func (Use) apply(now time.Time, s *State) {
	s.idle.used = true
	if s.idle.now || !s.idle.at.IsZero() {
		s.idle.at, s.idle.now = now.Add(idleDelay), false
	}
}
