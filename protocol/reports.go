package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// statsEvery is the time between two StatsTick events.
const statsEvery = time.Second

// reports is what was reported to listeners and sources, so that nobody hears it twice.
type reports struct {
	noPeers       bool // NoPeers was reported
	nothingWanted bool // NothingWanted was reported
	partialSeed   bool // the sources hear, now or soon, that we are a partial seed
}

// report hands an event to listeners, if its kind is wanted.
func (s *State) report(ev Event) {
	if s.config.Events&ev.Kind() != 0 {
		s.do(Report{Event: ev})
	}
}

func (s *State) reportStats(now time.Time) {
	s.statsAt = time.Time{}
	if s.Running() && s.config.Events&report.OnStats != 0 {
		s.report(report.StatsTick{Time: now, Stats: s.Stats(now)})
		s.statsAt = now.Add(statsEvery)
	}
}

// reportNoPeers reports, once, that nobody is connected and nobody can be dialed. It
// returns whether it did.
func (s *State) reportNoPeers(canDial bool) bool {
	if !s.Running() || len(s.peers) > 0 || s.book.Dialing() > 0 || canDial || s.reports.noPeers {
		return false
	}
	s.reports.noPeers = true
	s.report(report.NoPeers{Torrent: s.ID()})
	return true
}

// reportNothingWanted reports, once, that no connected peer has a piece that we want.
func (s *State) reportNothingWanted() {
	if s.reports.nothingWanted || !s.Running() {
		return
	}
	if slices.ContainsFunc(s.order, func(p *peer) bool { return p.AmInterested }) {
		return
	}
	s.reports.nothingWanted = true
	s.report(report.NothingWanted{Torrent: s.ID()})
}

func (Reannounce) apply(_ time.Time, s *State) {
	if s.Running() {
		s.do(Announce{Soon: true, Asked: true})
	}
}

// Announcement returns what to announce to sources at this moment
// (https://www.bittorrent.org/beps/bep_0003.html, "trackers": uploaded, downloaded, left). Its Event
// is that of a regular announce; another event, and the Swarm of a torrent with several, are
// the caller's to fill in.
func (s *State) Announcement() swarm.Announcement {
	total := s.totals()
	want := 200
	if s.config.MaxPeers > 0 {
		want = max(0, min(want, s.config.MaxPeers-len(s.order)))
	}
	if !s.wantsToDial() {
		want = 0
	}
	event := swarm.None
	if s.isPartialSeed() {
		event = swarm.Paused
	}
	return swarm.Announcement{
		Swarm:      s.ID(),
		Peer:       s.config.PeerID,
		Port:       s.port,
		Event:      event,
		Want:       want,
		Uploaded:   total.Up - s.figures.sessionUp,
		Downloaded: max(0, total.Down-s.figures.sessionDown), // the first may have been corrected
		Left:       s.left,
	}
}
