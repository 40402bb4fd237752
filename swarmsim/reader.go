package swarmsim

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol"
)

// A Reader reads a peer's torrent in order, as a video player does, and sets deadlines as the
// client's readers do: the piece at its position is needed now, and those behind it when it
// will be there. A piece can be read once it is held.
type Reader struct {
	// At is when it begins to read, after the peer's arrival, and From the byte at which.
	At   time.Duration
	From int64
	// Rate is how fast it reads once Buffer bytes can be read, in bytes per second. Zero means
	// 1,000,000.
	Rate int64
	// Buffer is how much must be readable before it begins, and goes on after a stall. Zero
	// means 1 MiB.
	Buffer int64
	// Ahead is for how many bytes from its position on it sets deadlines. Zero means what it
	// reads in ten seconds, at least 4 MiB and at most 64 MiB.
	Ahead int64
	// Seeks move it, in rising order of At.
	Seeks []Seek
	// Stop is when it closes, from the peer's arrival. Zero means never. The swarm does not end
	// before.
	Stop time.Duration
}

// A Seek moves a Reader, after the peer's arrival.
type Seek struct {
	At time.Duration
	To int64
}

// A ReadResult is how a Reader went from one position, until it sought another one.
type ReadResult struct {
	From     int64
	Began    time.Duration // from the start of the simulation
	First    time.Duration // from Began until the first MiB could be read; negative for never
	Read     int64         // bytes
	Stalls   int           // times that it had to wait, after it had begun
	Stalled  time.Duration // in all
	Finished time.Duration // from Began until all up to the torrent's end could be read; negative for never
}

const (
	readEvery = 5 * time.Millisecond // between two looks at what is held
	firstRead = 1 << 20              // bytes of ReadResult.First
	minAhead  = 4 << 20
	maxAhead  = 64 << 20
	// moved is how much later than its deadline a piece must be needed for the deadline to
	// change.
	moved = time.Second
)

// fits reports whether a Reader makes sense for a torrent of a length.
func (r *Reader) fits(length int64) bool {
	isWrong := func(s Seek) bool { return s.At < 0 || s.To < 0 || s.To >= length }
	isPositive := min(r.Rate, r.Buffer, r.Ahead, int64(r.Stop)) >= 0
	return isPositive && !isWrong(Seek{r.At, r.From}) && !slices.ContainsFunc(r.Seeks, isWrong)
}

// A reading event has the Reader look at what is held.
type reading struct{}

// A reader is a Reader that reads.
type reader struct {
	Reader
	seeks     []Seek // to come
	pos       int64
	at        time.Duration // of the last look
	plays     bool
	started   bool // it has played since the last seek
	deadlines map[int]time.Time
	results   []ReadResult
}

func newReader(r Reader) *reader {
	r.Rate, r.Buffer = cmp.Or(r.Rate, 1_000_000), cmp.Or(r.Buffer, firstRead)
	r.Ahead = cmp.Or(r.Ahead, min(max(10*r.Rate, minAhead), maxAhead))
	return &reader{Reader: r, seeks: r.Seeks, deadlines: make(map[int]time.Time)}
}

// startReading has the peer's Reader begin, if it has one.
func (n *node) startReading() {
	if n.peer.Reader != nil {
		n.reader = newReader(*n.peer.Reader)
		n.post(n.now+n.reader.At, reading{})
	}
}

// advanceReader lets time pass for the Reader.
func (n *node) advanceReader() {
	r := n.reader
	if n.state == nil || n.leaving {
		return
	}
	if r.Stop > 0 && n.now >= n.peer.Arrive+r.Stop {
		r.deadlines = nil
		n.apply(protocol.ClearDeadlines{})
		n.stopWaiting()
		return
	}
	switch {
	case len(r.results) == 0:
		r.moveTo(n.now, r.From)
	case len(r.seeks) > 0 && n.now >= n.peer.Arrive+r.seeks[0].At:
		r.moveTo(n.now, r.seeks[0].To)
		r.seeks = r.seeks[1:]
	}
	r.advance(n)
	changes := r.changes(n)
	if len(changes) > 0 {
		n.apply(protocol.SetDeadlines{Changes: changes})
	}
	n.post(n.now+readEvery, reading{})
}

// moveTo begins to read at a position.
func (r *reader) moveTo(now time.Duration, pos int64) {
	r.pos, r.at, r.plays, r.started = pos, now, false, false
	r.results = append(r.results, ReadResult{From: pos, Began: now, First: -1, Finished: -1})
}

// advance reads what the time since the last look allows.
func (r *reader) advance(n *node) {
	result := &r.results[len(r.results)-1]
	length, readable := n.world.sim.Geometry.Length, r.readable(n)
	passed := n.now - r.at
	r.at = n.now
	if r.plays {
		want := int64(passed.Seconds() * float64(r.Rate))
		got := min(want, readable-r.pos)
		r.pos += got
		result.Read += got
		if got < want && r.pos < length {
			r.plays = false
			result.Stalls++
		}
	} else if r.started {
		result.Stalled += passed
	}
	if result.First < 0 && readable-result.From >= min(firstRead, length-result.From) {
		result.First = n.now - result.Began
	}
	if result.Finished < 0 && readable == length {
		result.Finished = n.now - result.Began
	}
	if readable-r.pos >= min(r.Buffer, length-r.pos) {
		r.plays, r.started = true, true
	}
}

// readable returns the end of what can be read from the position on.
func (r *reader) readable(n *node) int64 {
	g := n.world.sim.Geometry
	piece := int(r.pos / g.PieceLength)
	for piece < g.Pieces() && n.state.Holds(piece) {
		piece++
	}
	return min(int64(piece)*g.PieceLength, g.Length)
}

// changes returns how the deadlines change, by piece, and notes that.
func (r *reader) changes(n *node) (all []protocol.Deadline) {
	g := n.world.sim.Geometry
	first := int(r.pos / g.PieceLength)
	last := int((min(r.pos+r.Ahead, g.Length) - 1) / g.PieceLength)
	for _, piece := range slices.Sorted(maps.Keys(r.deadlines)) {
		isHeld := n.state.Holds(piece)
		isLeft := piece < first || piece > last
		if isHeld || isLeft {
			delete(r.deadlines, piece)
		}
		if isLeft && !isHeld {
			all = append(all, protocol.Deadline{Piece: piece})
		}
	}
	for piece := first; piece <= last; piece++ {
		if n.state.Holds(piece) {
			continue
		}
		until := seconds(float64(int64(piece)*g.PieceLength-r.pos) / float64(r.Rate))
		at := n.clock().Add(max(0, until))
		old, ok := r.deadlines[piece]
		if ok && at.Sub(old).Abs() < moved {
			continue
		}
		r.deadlines[piece] = at
		all = append(all, protocol.Deadline{Piece: piece, At: at})
	}
	return all
}
