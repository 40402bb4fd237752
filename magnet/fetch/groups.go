package fetch

import (
	"cmp"
	"slices"
	"time"
)

const (
	// headStart is how long the largest group runs alone, so that one peer with another
	// size does not take its bandwidth. A group whose peers lie must not keep the
	// others waiting for longer.
	headStart = 3 * time.Second

	// Peers are asked one by one: firstSingles of them side by side, and one more with each
	// singleEvery that passes without the metadata.
	firstSingles = 4
	singleEvery  = 2 * time.Second

	// An attempt that others wait for is stopped after firstSlice, and runs for twice as
	// long the next time.
	firstSlice = 30 * time.Second
	maxDouble  = 10

	// What a group collected is kept for a while after its last peer has left.
	emptyTime = 10 * time.Minute
	maxEmpty  = 8 // groups without peers
)

// A group is the peers that name the same size.
type group struct {
	size       int // bytes of metadata
	peers      []*peer
	since      time.Time // when it was made
	emptySince time.Time // when the last peer left; zero while there are peers
	failedAt   time.Time // when pieces of several peers did not fit together; zero if they never did not
	shared     *attempt  // from all peers, unless that has failed
}

// hasFailed reports whether each peer is asked alone.
func (g *group) hasFailed() bool { return !g.failedAt.IsZero() }

// singles returns how many peers may be asked alone side by side.
func (g *group) singles(now time.Time) int {
	return firstSingles + int(now.Sub(g.failedAt)/singleEvery)
}

// attempt returns what a peer is asked for; nil for nothing.
func (p *peer) attempt() *attempt {
	switch {
	case p.group == nil:
		return nil
	case p.group.hasFailed():
		return p.single
	}
	return p.group.shared
}

// regroup puts a peer into the group of the size that it names, if it can be asked.
func (s *State) regroup(now time.Time, p *peer) {
	canAsk := p.number != 0 && p.size > 0 && !s.isOversize(p)
	if canAsk == (p.group != nil) {
		return // a size never changes
	}
	if !canAsk {
		s.leaveGroup(now, p)
		return
	}
	i := slices.IndexFunc(s.groups, func(g *group) bool { return g.size == p.size })
	if i < 0 {
		g := &group{size: p.size, since: now}
		g.shared = &attempt{group: g}
		s.groups = append(s.groups, g)
		i = len(s.groups) - 1
	}
	p.group = s.groups[i]
	p.group.peers = append(p.group.peers, p)
	p.group.emptySince = time.Time{}
	p.single = &attempt{group: p.group, only: p}
}

// leaveGroup takes a peer out of its group. What it alone sent is dropped.
func (s *State) leaveGroup(now time.Time, p *peer) {
	g := p.group
	g.peers = slices.DeleteFunc(g.peers, func(o *peer) bool { return o == p })
	p.group, p.single = nil, nil
	if len(g.peers) > 0 {
		return
	}
	g.emptySince = now
	s.groups = slices.DeleteFunc(s.groups, func(o *group) bool { return o == g && (g.hasFailed() || g.shared.got == 0) })
	empty := s.emptyGroups()
	if len(empty) > maxEmpty {
		s.dropGroup(empty[0])
	}
}

// emptyGroups returns the groups without peers, in the order in which their last peers
// left.
func (s *State) emptyGroups() (empty []*group) {
	for _, g := range s.groups {
		if len(g.peers) == 0 {
			empty = append(empty, g)
		}
	}
	slices.SortStableFunc(empty, func(a, b *group) int { return a.emptySince.Compare(b.emptySince) })
	return empty
}

func (s *State) dropGroup(g *group) {
	s.groups = slices.DeleteFunc(s.groups, func(o *group) bool { return o == g })
}

// largest returns the group with most peers; nil if there is none.
func (s *State) largest() (l *group) {
	for _, g := range s.groups {
		if l == nil || len(g.peers) > len(l.peers) {
			l = g
		}
	}
	return l
}

// schedule starts attempts as far as the memory allows, which the sizes of those that are
// active bound. If one does not fit, another gives way that has run for a while.
func (s *State) schedule(now time.Time) {
	for _, g := range s.emptyGroups() {
		if now.Sub(g.emptySince) >= emptyTime {
			s.dropGroup(g)
			continue
		}
		s.tickBy(g.emptySince.Add(emptyTime))
	}
	if s.startWaiting(now) || !s.giveWay(now) {
		return
	}
	s.startWaiting(now)
}

// startWaiting starts the attempts that wait and fit. It reports false if one does not
// fit.
func (s *State) startWaiting(now time.Time) (fit bool) {
	waiting := s.waiting(now)
	slices.SortStableFunc(waiting, func(a, b *attempt) int {
		return cmp.Or(
			cmp.Compare(a.tries, b.tries),
			cmp.Compare(len(b.group.peers), len(a.group.peers)),
			cmp.Compare(a.group.size, b.group.size),
			cmp.Compare(a.expected(), b.expected()),
		)
	})
	left := 2*s.config.MaxSize - s.reserved()
	fit = true
	for _, a := range waiting {
		switch {
		case a.only != nil && s.activeSingles(now, a.group) >= a.group.singles(now):
			s.tickBy(now.Add(singleEvery))
		case a.group.size > left:
			fit = false
		default:
			a.start(now)
			left -= a.group.size
		}
	}
	return fit
}

// expected returns how long a piece should take if one peer is asked; 0 if several are.
func (a *attempt) expected() time.Duration {
	if a.only == nil {
		return 0
	}
	return a.only.expected()
}

// waiting returns the attempts that could start now.
func (s *State) waiting(now time.Time) (waiting []*attempt) {
	largest := s.largest()
	for _, g := range s.groups {
		switch {
		case len(g.peers) == 0:
		case g.hasFailed():
			for _, p := range g.peers {
				if !p.single.active && !p.asksAt.After(now) {
					waiting = append(waiting, p.single)
				}
			}
		case g.shared.active:
		case g != largest && !largest.hasFailed() && now.Sub(g.since) < headStart:
			s.tickBy(g.since.Add(headStart))
		default:
			waiting = append(waiting, g.shared)
		}
	}
	return waiting
}

// active returns the attempts that are active, in the order of the groups.
func (s *State) active() (active []*attempt) {
	for _, g := range s.groups {
		if !g.hasFailed() {
			if g.shared.active {
				active = append(active, g.shared)
			}
			continue
		}
		for _, p := range g.peers {
			if p.single.active {
				active = append(active, p.single)
			}
		}
	}
	return active
}

// activeSingles returns how many peers of a group are being asked alone, those not
// counted that reject requests.
func (s *State) activeSingles(now time.Time, g *group) (n int) {
	for _, p := range g.peers {
		if p.single.active && !p.asksAt.After(now) {
			n++
		}
	}
	return n
}

// reserved returns the bytes that the active attempts will hold at most.
func (s *State) reserved() (n int) {
	for _, a := range s.active() {
		n += a.group.size
	}
	return n
}

// giveWay stops an active attempt so that another fits: one that nobody can be asked for,
// or the one that has run for longest, if that is long enough. It reports whether it
// stopped one.
func (s *State) giveWay(now time.Time) bool {
	var longest *attempt
	for _, a := range s.active() {
		if len(a.peers()) == 0 {
			s.dropGroup(a.group)
			return true
		}
		if longest == nil || a.sliceEnd().Before(longest.sliceEnd()) {
			longest = a
		}
	}
	if longest == nil {
		return false
	}
	if longest.sliceEnd().After(now) {
		s.tickBy(longest.sliceEnd())
		return false
	}
	longest.stop()
	longest.tries++
	return true
}

// sliceEnd returns when an attempt gives way if others wait.
func (a *attempt) sliceEnd() time.Time { return a.startedAt.Add(firstSlice << min(a.tries, maxDouble)) }
