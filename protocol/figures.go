package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/protocol/traffic"
)

// figures are what is counted of a torrent.
type figures struct {
	failedChecks int              // pieces that failed their check, each time counted
	wasted       int64            // payload bytes that were received in vain
	traffic      *traffic.Traffic // nil before the first connection

	baseDown, baseUp       int64 // payload bytes of former runs
	sessionDown, sessionUp int64 // payload bytes when Started was announced last
}

// beginSession has announcements count from here on, as trackers want it: "since the
// client sent the 'started' event" (https://www.bittorrent.org/beps/bep_0003.html).
func (f *figures) beginSession(total traffic.Sums) {
	f.sessionDown, f.sessionUp = total.Down, total.Up
}

// totals returns the sums of all connections so far.
func (s *State) totals() traffic.Sums {
	var total traffic.Sums
	if s.figures.traffic != nil {
		total = s.figures.traffic.Ended
	}
	for _, p := range s.peers {
		total.Add(p.Tally)
	}
	return total
}

// readMeters reads the counters of the connections, from which rates follow.
func (s *State) readMeters(now time.Time) {
	f := s.figures.traffic
	if f == nil {
		return
	}
	total := s.totals()
	for _, p := range s.peers {
		p.Down.Read(now, p.Tally.Down.Load())
		p.Up.Read(now, p.Tally.Up.Load())
	}
	f.Read(now, total)
}

// Stats returns the figures of this moment.
func (s *State) Stats(now time.Time) Stats {
	s.readMeters(now)
	f := s.figures.traffic
	if f == nil {
		f = new(traffic.Traffic)
	}
	total, seeds := s.totals(), 0
	wants := s.wantedFigures()
	for _, p := range s.peers {
		if p.Has.All(s.n) {
			seeds++
		}
	}
	return Stats{
		Torrent:      s.ID(),
		Phase:        s.phase,
		Err:          s.err,
		Start:        s.start,
		Run:          now.Sub(s.start),
		Checked:      int(s.stored.checked),
		ToCheck:      int(s.stored.total),
		Pieces:       s.n,
		Held:         s.haveN,
		Pending:      s.pieces.Len(),
		Unreadable:   s.unreadable.Pieces.Count(),
		Wrong:        s.figures.failedChecks,
		Length:       s.geo.Length,
		Left:         s.left,
		Wanted:       wants.Count,
		WantedHeld:   wants.Count - wants.Missing,
		WantedLength: wants.Length,
		WantedLeft:   wants.Left,
		Down:         f.Down.Flow(s.figures.baseDown + total.Down),
		Up:           f.Up.Flow(s.figures.baseUp + total.Up),
		DownBefore:   s.figures.baseDown,
		UpBefore:     s.figures.baseUp,
		DownProtocol: f.DownProtocol.Flow(total.DownProtocol()),
		UpProtocol:   f.UpProtocol.Flow(total.UpProtocol()),
		Wasted:       s.figures.wasted,
		Syncing:      s.completion.Syncing,
		EndGame:      s.inEndGame(),
		Peers:        len(s.order),
		Seeds:        seeds,
		Dialing:      s.book.Dialing(),
		Known:        s.book.Len(),
	}
}

// Peers returns the figures of each connection, in order of joining.
func (s *State) Peers(now time.Time) (all []PeerStats) {
	s.readMeters(now)
	for _, p := range s.order {
		all = append(all, p.Stats())
	}
	return all
}
