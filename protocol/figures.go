package protocol

import (
	"math"
	"time"
)

// figures are what is counted of a torrent.
type figures struct {
	failedChecks int      // pieces that failed their check, each time counted
	wasted       int64    // payload bytes that were received in vain
	traffic      *traffic // nil before the first connection

	baseDown, baseUp       int64 // payload bytes of former runs
	sessionDown, sessionUp int64 // payload bytes when Started was announced last
}

// beginSession has announcements count from here on, as trackers want it: "since the
// client sent the 'started' event" (https://www.bittorrent.org/beps/bep_0003.html).
func (f *figures) beginSession(total sums) {
	f.sessionDown, f.sessionUp = total.down, total.up
}

// traffic is what went over the connections of a torrent.
type traffic struct {
	down, up, protocolDown, protocolUp meter
	ended                              sums // of connections that have ended
}

func newTraffic(now time.Time) *traffic {
	m := meter{at: now}
	return &traffic{down: m, up: m, protocolDown: m, protocolUp: m}
}

// sums are totals of connections, in bytes.
type sums struct{ down, downAll, up, upAll int64 }

func (a *sums) add(t *Tally) {
	a.down += t.Down.Load()
	a.downAll += t.DownAll.Load()
	a.up += t.Up.Load()
	a.upAll += t.UpAll.Load()
}

// totals returns the sums of all connections so far.
func (s *State) totals() sums {
	var total sums
	if s.figures.traffic != nil {
		total = s.figures.traffic.ended
	}
	for _, p := range s.peers {
		total.add(p.tally)
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
		p.down.read(now, p.tally.Down.Load())
		p.up.read(now, p.tally.Up.Load())
	}
	f.down.read(now, total.down)
	f.up.read(now, total.up)
	f.protocolDown.read(now, total.downAll-total.down)
	f.protocolUp.read(now, total.upAll-total.up)
}

// Stats returns the figures of this moment.
func (s *State) Stats(now time.Time) Stats {
	s.readMeters(now)
	f := s.figures.traffic
	if f == nil {
		f = new(traffic)
	}
	total, seeds := s.totals(), 0
	for _, p := range s.peers {
		if p.isSeed(s.n) {
			seeds++
		}
	}
	return Stats{
		Torrent:      s.ID(),
		Phase:        s.phase,
		Err:          s.err,
		Start:        s.start,
		Run:          now.Sub(s.start),
		Checked:      s.stored.checked,
		ToCheck:      s.stored.total,
		Pieces:       s.n,
		Held:         s.haveN,
		Pending:      s.pieces.Len(),
		Wrong:        s.figures.failedChecks,
		Length:       s.geo.Length,
		Left:         s.left,
		Down:         f.down.flowAt(s.figures.baseDown + total.down),
		Up:           f.up.flowAt(s.figures.baseUp + total.up),
		DownProtocol: f.protocolDown.flowAt(total.downAll - total.down),
		UpProtocol:   f.protocolUp.flowAt(total.upAll - total.up),
		Wasted:       s.figures.wasted,
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
		all = append(all, p.stats())
	}
	return all
}

// A meter makes a Flow of a total that is read now and then.
type meter struct {
	flow Flow
	at   time.Time
}

// read takes the total at now. The rate forgets with a time constant of five seconds;
// readings less than half a second apart only move the total.
func (m *meter) read(now time.Time, total int64) {
	d := now.Sub(m.at).Seconds()
	if m.at.IsZero() {
		m.at, m.flow.Total = now, total
		return
	}
	if d < 0.5 {
		return
	}
	keep := math.Exp(-d / 5)
	rate := float64(total-m.flow.Total) / d
	m.flow.Rate = keep*m.flow.Rate + (1-keep)*rate
	if m.flow.Rate < 1 {
		m.flow.Rate = 0
	}
	m.flow.Peak = max(m.flow.Peak, m.flow.Rate)
	m.flow.Total, m.at = total, now
}

// flowAt returns the flow with the total as it is now.
func (m *meter) flowAt(total int64) Flow {
	f := m.flow
	f.Total = total
	return f
}
