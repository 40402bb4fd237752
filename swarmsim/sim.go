package swarmsim

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

// A Sim is a swarm to simulate. It is a value: Run does not change it, and may be
// called again.
type Sim struct {
	// Seed decides all that is left to chance. Equal Sims have equal Results.
	Seed uint64

	// Geometry says how the torrent is cut. It must have at least one piece, and no
	// pads.
	Geometry swarm.Geometry

	// Peers are all that ever take part. There may be 65,000 of them.
	Peers []Peer

	// Limit ends a swarm that does not end by itself, in simulated time. Zero means
	// 24 hours.
	Limit time.Duration

	// MaxFound is how many peers the tracker names in one answer, at random. Zero means 50,
	// a negative number means none.
	MaxFound int
}

const (
	maxPeers  = 65_000
	maxBlocks = 1 << 24 // of the torrent
	minMemory = 32 * swarm.BlockLen
)

// Run simulates the swarm until each honest peer and each free rider has everything or
// has left. It is one goroutine's work. An error means that the Sim makes no sense.
func (s Sim) Run() (*Result, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	w := newWorld(s)
	w.run()
	return w.result(), nil
}

func (s Sim) check() error {
	g := s.Geometry
	switch {
	case len(s.Peers) == 0 || len(s.Peers) > maxPeers:
		return fmt.Errorf("swarmsim: %d peers; there must be 1 to %d", len(s.Peers), maxPeers)
	case g.Length <= 0 || g.PieceLength <= 0 || len(g.Pads) > 0:
		return errors.New("swarmsim: the Geometry needs a Length and a PieceLength, and no Pads")
	case g.Length/min(swarm.BlockLen, g.PieceLength) > maxBlocks:
		return fmt.Errorf("swarmsim: the torrent has more than %d blocks; make it shorter, or its pieces longer", maxBlocks)
	}
	for i, p := range s.Peers {
		switch {
		case p.Link.Up < 0 || p.Link.Down < 0 || p.Link.Delay < 0 || p.Link.Lifetime < 0:
			return fmt.Errorf("swarmsim: peer %d: a rate or a time of its Link is negative", i)
		case p.Arrive < 0 || p.Leave < 0 || p.Linger < 0:
			return fmt.Errorf("swarmsim: peer %d: Arrive, Leave or Linger is negative", i)
		case p.Memory != 0 && p.Memory < minMemory:
			return fmt.Errorf("swarmsim: peer %d: Memory must be at least %d bytes", i, minMemory)
		case p.HashRate < 0 || p.DiskRate < 0 || p.WrongShare < 0 || p.WrongShare > 1:
			return fmt.Errorf("swarmsim: peer %d: HashRate, DiskRate or WrongShare is out of range", i)
		case p.Priorities != nil && len(p.Priorities) != g.Pieces():
			return fmt.Errorf("swarmsim: peer %d has %d priorities for %d pieces", i, len(p.Priorities), g.Pieces())
		case p.Priorities != nil && slices.Max(p.Priorities) > 7:
			return fmt.Errorf("swarmsim: peer %d: a priority is more than 7", i)
		case p.Reader != nil && (p.Seed || p.Kind != Honest):
			return fmt.Errorf("swarmsim: peer %d has a Reader and must be an honest peer that downloads", i)
		case p.Reader != nil && !p.Reader.fits(g.Length):
			return fmt.Errorf("swarmsim: peer %d: a number of its Reader is negative, or behind the torrent's end", i)
		case p.Kind > lastKind:
			return fmt.Errorf("swarmsim: peer %d: there is no kind %d", i, p.Kind)
		}
		for _, other := range p.Knows {
			if other < 0 || other >= len(s.Peers) {
				return fmt.Errorf("swarmsim: peer %d knows peer %d, but there are %d", i, other, len(s.Peers))
			}
		}
	}
	return nil
}

// A world is a Sim that runs.
//
// Nothing reaches another participant sooner than after the least delay of all links.
// So the world goes ahead by that delay at a time, and in each step lets one participant
// after the other do all that happens to it. That gives the same result as one queue of
// all events, and a participant's memory is fetched once a step instead of once an event.
type world struct {
	sim      Sim
	start    time.Time
	now      time.Duration // the start of the step
	step     time.Duration // the least delay of all links
	nodes    []*node
	tracker  tracker
	next     []time.Duration // when something happens to each node, and last to the tracker
	awaited  int             // peers that the swarm goes on for
	decoder  *peerwire.Decoder
	content  content
	spare    []*packet // to use again
	messages []peerwire.Message
	said     sayings
}

func newWorld(s Sim) *world {
	w := &world{sim: s, start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), step: never}
	if w.sim.Limit == 0 {
		w.sim.Limit = 24 * time.Hour
	}
	w.sim.MaxFound = cmp.Or(w.sim.MaxFound, 50)
	w.decoder = peerwire.NewDecoder(peerwire.Limits{Geometry: s.Geometry, Fast: true})
	w.tracker = tracker{world: w, random: w.randomOf(len(s.Peers))}
	w.tracker.queue.owner = uint64(len(s.Peers))
	w.next = make([]time.Duration, len(s.Peers)+1)
	w.next[len(s.Peers)] = never
	for i := range s.Peers {
		n := newNode(w, i, s.Peers[i].withDefaults())
		w.nodes = append(w.nodes, n)
		w.next[i] = n.queue.nextAt()
		w.step = min(w.step, n.peer.Link.Delay)
		if n.awaited {
			w.awaited++
		}
	}
	return w
}

// randomOf returns the source of chance of a participant. Each has its own, so that
// chance does not depend on who comes first in a step.
func (w *world) randomOf(number int) *rand.Rand {
	return rand.New(rand.NewPCG(w.sim.Seed, uint64(number)))
}

// run goes through the steps until the swarm ends.
func (w *world) run() {
	for w.awaited > 0 {
		first := never
		for _, at := range w.next {
			first = min(first, at)
		}
		if first >= w.sim.Limit {
			w.now = w.sim.Limit
			return
		}
		w.now = first
		w.deliverSaid()
		end := min(first+w.step, w.sim.Limit)
		for i, n := range w.nodes {
			if w.next[i] < end {
				n.runUntil(end)
			}
		}
		if w.next[len(w.nodes)] < end {
			w.tracker.runUntil(end)
		}
	}
}

// add adds an event to the queue of a node.
func (w *world) add(n *node, at time.Duration, key uint64, do any) {
	n.queue.push(at, key, do)
	w.next[n.index] = min(w.next[n.index], at)
}

// rarest is the picker of a Peer that names none.
func rarest(g swarm.Geometry, seed uint64) swarm.Picker {
	return piecepicker.NewRarest(g, piecepicker.Config{Seed: seed})
}
