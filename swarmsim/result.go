package swarmsim

import (
	"fmt"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// A Result is how a swarm went. Times are from the start of the simulation; in JSON they
// are nanoseconds. The caller owns it.
type Result struct {
	Seed     uint64        // of the Sim
	Time     time.Duration // when the swarm ended
	Messages uint64        // that were delivered
	Hash     uint64        // of all messages that were delivered: who, when and what

	BoundFirst, BoundAll time.Duration // see Sim.Bounds
	First, Median, Last  time.Duration // when honest peers had everything; negative if that never was
	Mean                 time.Duration // from an honest peer's arrival until it had everything; negative if none had
	Complete             int           // honest peers that downloaded everything
	Incomplete           int           // honest peers that did not; see PeerResult.Reason

	Wasted      int64   // payload bytes that honest peers received for nothing
	WrongPieces int     // that failed their check at honest peers
	Bans        int     // by honest peers
	WrongBans   int     // of those, bans of honest peers
	Fairness    float64 // Jain's index of the used shares of honest uplinks, without seeds: 1 if all used the same share

	Peers []PeerResult // as in the Sim
	Seeds []SeedResult
}

// A PeerResult is how it went for one peer.
type PeerResult struct {
	Group     string
	Kind      Kind
	Seed      bool
	Arrived   time.Duration
	Completed time.Duration // negative for never; a seed was complete from the start
	Reason    string        // why it never had everything; empty if it had
	Down, Up  int64         // payload bytes
	Wasted    int64         // payload bytes that it received for nothing
	Bans      int           // peers that it banned
	BannedBy  int           // honest peers that banned it
	Strays    int           // times that it dialed an address at which there is no peer
	StraysOne int           // most of these at one IP address
	Reads     []ReadResult  // of its Reader, one for each position that it sought
}

// A SeedResult is what an honest seed sent.
type SeedResult struct {
	Peer       int           // index in Peers
	LastLeft   time.Duration // when it had sent each block at least once; zero for never
	CopiesThen float64       // bytes that it had sent by then, divided by the torrent's
	Copies     []float64     // how often it sent each piece until the end
}

// result reads the records of a swarm that has ended.
func (w *world) result() *Result {
	r := &Result{Seed: w.sim.Seed, Time: w.now, First: -1, Median: -1, Last: -1, Mean: -1}
	r.BoundFirst, r.BoundAll = w.sim.Bounds()
	missing := w.missing()
	var completed []time.Duration
	var took time.Duration // of all downloads
	var used []float64
	for i, n := range w.nodes {
		p := n.result(missing)
		r.Peers = append(r.Peers, p)
		r.Messages += n.log.messages
		r.Hash = mix(mix(r.Hash, n.log.hash), n.log.messages)
		if n.log.sent.counts != nil {
			r.Seeds = append(r.Seeds, n.seedResult(i))
		}
		if p.Kind != Honest {
			continue
		}
		r.WrongBans += p.BannedBy
		r.Wasted += p.Wasted
		r.Bans += p.Bans
		r.WrongPieces += n.log.wrongPieces
		if p.Seed {
			continue
		}
		used = append(used, float64(p.Up)/float64(n.peer.Link.Up))
		if p.Completed < 0 {
			r.Incomplete++
			continue
		}
		r.Complete++
		completed = append(completed, p.Completed)
		took += p.Completed - p.Arrived
	}
	if len(completed) > 0 {
		slices.Sort(completed)
		r.First, r.Last = completed[0], completed[len(completed)-1]
		r.Median = completed[len(completed)/2]
		r.Mean = took / time.Duration(len(completed))
	}
	r.Fairness = jain(used)
	return r
}

// jain returns (Σx)² / (n·Σx²), which is 1 if all are equal and 1/n if one has all
// (https://en.wikipedia.org/wiki/Fairness_measure).
func jain(x []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, v := range x {
		sum += v
		squares += v * v
	}
	if squares == 0 {
		return 1
	}
	return sum * sum / (float64(len(x)) * squares)
}

// missing returns how many pieces no honest peer has that is still there.
func (w *world) missing() int {
	all := swarm.NewBitfield(w.sim.Geometry.Pieces())
	for _, n := range w.nodes {
		if n.peer.Kind == Honest && n.state != nil && !n.leaving {
			for i, b := range n.state.Pieces() {
				all[i] |= b
			}
		}
	}
	return w.sim.Geometry.Pieces() - all.Count()
}

func (n *node) result(missing int) PeerResult {
	p := PeerResult{
		Group:     n.peer.Group,
		Kind:      n.peer.Kind,
		Seed:      n.peer.Seed,
		Arrived:   n.peer.Arrive,
		Completed: n.log.completed,
		Bans:      n.log.bans,
		BannedBy:  n.log.bannedBy,
		Strays:    n.log.strays.all,
		StraysOne: n.log.strays.most,
	}
	if n.reader != nil {
		p.Reads = n.reader.results
	}
	stats := n.stats()
	p.Down, p.Up, p.Wasted = stats.Down.Total, stats.Up.Total, stats.Wasted
	switch {
	case p.Completed >= 0 || p.Seed:
	case !n.log.arrived:
		p.Reason = "it had not arrived when the swarm ended"
	case n.log.left:
		p.Reason = fmt.Sprintf("it left with %d of %d pieces", stats.Held, stats.Pieces)
	case missing > 0:
		p.Reason = fmt.Sprintf("nobody had %d of the pieces any more", missing)
	case n.awaited:
		p.Reason = fmt.Sprintf("the time was over when it had %d of %d pieces", stats.Held, stats.Pieces)
	default:
		p.Reason = "the swarm did not wait for it"
	}
	return p
}

// stats returns the figures of a node, also if it has left.
func (n *node) stats() protocol.Stats {
	if n.state == nil {
		return n.log.stats
	}
	return n.state.Stats(n.world.start.Add(max(n.now, n.world.now)))
}

func (n *node) seedResult(i int) SeedResult {
	c, g := &n.log.sent, n.world.sim.Geometry
	return SeedResult{
		Peer:       i,
		LastLeft:   c.lastAt,
		CopiesThen: float64(c.atLast) / float64(g.Length),
		Copies:     c.ofPieces(g),
	}
}
