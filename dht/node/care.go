package node

import (
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/lookup"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	pingEvery   = 5 * time.Second  // one node at a time that has been silent
	fillEvery   = 2 * time.Second  // between look-ups that fill the table after a start
	expireEvery = time.Minute      // what others stored
	idleEvery   = 10 * time.Second // at the latest

	// meetEvery is between two bootstraps because an alone node has met another one: one that
	// answers now and then must not have the routers asked all the time.
	meetEvery = time.Minute
)

// upkeep is what is due now and then.
type upkeep struct {
	at       time.Time // of the next look at it
	pingAt   time.Time
	fillAt   time.Time
	expireAt time.Time
	meetAt   time.Time // of the next bootstrap, at the earliest, because we have met somebody
}

func (u *upkeep) init(now time.Time) {
	u.at, u.pingAt, u.fillAt, u.expireAt = now, now, now, now.Add(expireEvery)
}

// by has the upkeep looked at by a time.
func (u *upkeep) by(at time.Time) {
	if at.Before(u.at) {
		u.at = at
	}
}

// care keeps the table and the storage in order: it pings nodes that have been silent,
// looks up parts of the table that nothing has changed, and forgets what has expired.
func (s *State) care() {
	u := &s.upkeep
	if u.at.After(s.now) {
		return
	}
	u.at = s.now.Add(idleEvery)
	s.checkSuggested()
	if len(s.checks.waiting) > 0 {
		u.by(later(s.now, s.checks.askedAt.Add(checkEvery)))
	}
	if !u.expireAt.After(s.now) {
		u.expireAt = s.now.Add(expireEvery)
		s.peers.Expire(s.now)
		s.items.Expire(s.now)
	}
	if !s.boot.isRunning() {
		isAlone := len(s.table.Closest(nil, s.self, 1, s.now)) == 0
		switch {
		case isAlone:
			s.boot.refusal = nil // by those of a bootstrap that is over
			s.reportAlone(false)
		case s.boot.hasMet && u.meetAt.After(s.now):
			u.by(u.meetAt)
		case s.boot.hasMet:
			u.meetAt = s.now.Add(meetEvery)
			s.bootstrapAgain()
			return
		}
		s.ping()
		s.refresh()
		u.by(u.pingAt)
	}
}

// ping asks the node that has been silent for longest whether it is still there.
func (s *State) ping() {
	u := &s.upkeep
	if u.pingAt.After(s.now) {
		return
	}
	u.pingAt = s.now.Add(pingEvery)
	c, ok := s.table.Questionable(s.now)
	if !ok || s.queries.awaited[c.Addr] > 0 {
		return
	}
	id := c.ID
	s.ask(&query{to: c.Addr, known: &id}, &krpc.Message{Method: krpc.FindNode, Target: s.self, HasTarget: true, Want: s.wantForOther()})
}

// refresh looks up a target of a bucket that has not changed, or after a start one by
// chance.
func (s *State) refresh() {
	u := &s.upkeep
	if u.fillAt.After(s.now) {
		if s.boot.fill > 0 {
			u.by(u.fillAt)
		}
		return
	}
	u.fillAt = s.now.Add(fillEvery)
	target, stale := s.table.Stale(s.now, s.config.Random)
	switch {
	case s.table.Len() == 0:
		return
	case stale:
	case s.boot.fill > 0:
		s.boot.fill--
		target = nodeid.Random(s.config.Random)
		u.by(u.fillAt)
	default:
		return
	}
	s.look(s.now, target)
}

// look begins a look-up of the node itself.
func (s *State) look(now time.Time, target nodeid.ID) {
	s.now = now
	if s.boot.isRunning() || s.table.Len() == 0 {
		return
	}
	t := s.inside(target)
	t.lookup = lookup.New(s.lookupConfig(target), s.table.Closest(nil, target, beginWith, s.now))
}
