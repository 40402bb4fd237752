package pickertest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// Limits of what Fuzz does in one run.
const (
	fuzzPeers = 5
	fuzzCalls = 300
)

// Fuzz makes random calls to two pickers that open makes, and compares each answer
// with a model. At the end a seed joins, and every missing block must arrive.
func Fuzz(f *testing.F, open func(t *testing.T, g swarm.Geometry) swarm.Picker) {
	for shape := range geometries {
		// Two peers, every block requested, the second peer in the end game, a leave.
		f.Add([]byte{byte(shape), 0, 1, 255, 0, 2, 255, 6, 1, 90, 9, 6, 2, 90, 9, 9, 0, 7, 0, 2, 1, 6, 2, 90, 9})
		// Have messages, arrivals, drops, pieces held and lost.
		f.Add([]byte{byte(shape), 0, 1, 1, 1, 1, 3, 1, 1, 4, 6, 1, 3, 1, 9, 0, 9, 1, 8, 2, 6, 1, 3, 0, 10, 0, 11, 0, 1, 12, 1, 12, 2})
		// Priorities and deadlines between picks of changing constraints.
		f.Add([]byte{byte(shape), 0, 1, 255, 13, 1, 0, 13, 2, 7, 14, 3, 9, 7, 1, 40, 3, 14, 2, 200, 6, 2, 30, 3, 5, 0, 3, 200, 8, 3, 13, 1, 4})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 4 * len(geometries) {
		calls := make([]byte, 1000)
		for i := range calls {
			calls[i] = byte(random.Uint32())
		}
		f.Add(calls)
	}
	f.Fuzz(func(t *testing.T, calls []byte) {
		d := driver{in: calls}
		g := geometries[d.below(len(geometries))].Geometry
		d.watch = newWatch(t, g, open(t, g), open(t, g))
		d.now = time.Unix(1e9, 0)
		for n := 0; n < fuzzCalls && len(d.in) > 0; n++ {
			d.call()
		}
		d.finish()
	})
}

// A driver turns bytes into calls.
type driver struct {
	*watch
	in       []byte
	requests []request // the last 256, some of which have ended
	now      time.Time
}

type request struct {
	peer  swarm.Peer
	block swarm.Block
}

// next returns the next byte, or 0 at the end.
func (d *driver) next() int {
	if len(d.in) == 0 {
		return 0
	}
	b := d.in[0]
	d.in = d.in[1:]
	return int(b)
}

func (d *driver) below(n int) int { return d.next() % n }

// peer returns a peer, which may not have joined.
func (d *driver) peer() swarm.Peer { return swarm.Peer(d.below(fuzzPeers)) }

func (d *driver) piece() int { return d.below(d.m.g.Pieces()) }

func (d *driver) call() {
	switch d.below(16) {
	case 0:
		d.joins()
	case 1:
		d.have(d.peer(), d.piece(), true)
	case 2:
		if d.below(4) == 0 {
			d.leave(d.peer())
		} else {
			d.have(d.peer(), d.piece(), false)
		}
	case 3:
		d.now = d.now.Add(time.Duration(d.next()) * time.Second / 10)
	case 4, 5, 6:
		d.picks(swarm.Ask{MaxNewPieces: 1000})
	case 7:
		d.picks(d.ask())
	case 8:
		r := d.request()
		d.drop(r.peer, r.block)
	case 9:
		r := d.request()
		d.arrive(r.peer, r.block)
	case 10:
		d.arrive(d.peer(), d.block())
	case 11:
		d.held(d.piece())
	case 12:
		d.loses()
	case 13:
		if _, ok := d.p.(swarm.Prioritizer); ok {
			d.setPriority(d.piece(), d.below(8))
		}
	case 14:
		if _, ok := d.p.(swarm.Prioritizer); ok {
			piece, when := d.piece(), time.Time{}
			if n := d.next(); n > 50 {
				when = d.now.Add(time.Duration(n-100) * time.Second / 10)
			}
			d.setDeadline(piece, when)
		}
	case 15:
		if _, ok := d.p.(swarm.Sequencer); ok {
			d.setSequential(d.below(2) == 1)
		}
	}
}

// joins adds a peer that is not there: a seed, or one with some pieces.
func (d *driver) joins() {
	p := d.peer()
	if d.m.peers[p] != nil {
		return
	}
	have, pattern := full(d.m.g), d.next()
	if pattern < 200 {
		for i := range d.m.g.Pieces() {
			if pattern>>(i%7)&1 == 0 {
				have.Clear(i)
			}
		}
	}
	d.join(p, have)
}

// ask returns an Ask with constraints.
func (d *driver) ask() swarm.Ask {
	a := swarm.Ask{MaxNewPieces: d.below(4)}
	kind := d.next()
	if kind&1 != 0 {
		a.Only = []int{d.piece(), d.piece()}
	}
	if kind&2 != 0 {
		a.First = []int{d.piece(), d.piece()}
	}
	a.Exclusive = kind&12 == 12
	a.RunLength = kind >> 4
	a.Spread = kind >> 6
	return a
}

func (d *driver) picks(a swarm.Ask) {
	a.Peer, a.MaxBlocks = d.peer(), d.below(100)
	a.Now, a.Delay = d.now, time.Duration(d.below(30))*time.Second/10
	a.Each = a.Delay / 8 * time.Duration(a.Peer%3) // 0 for some peers
	for _, b := range d.pick(a) {
		d.requests = append(d.requests, request{a.Peer, b})
	}
	d.requests = d.requests[max(0, len(d.requests)-256):]
}

// request returns one that was made, or any if there was none.
func (d *driver) request() request {
	if len(d.requests) == 0 {
		return request{d.peer(), d.block()}
	}
	return d.requests[len(d.requests)-1-d.below(len(d.requests))]
}

// block returns a block that may be all pad, or no block of the torrent.
func (d *driver) block() swarm.Block {
	piece := d.piece()
	n := d.below(d.m.g.BlockCount(piece))
	b := d.m.g.Request(piece, n)
	switch d.below(16) {
	case 3:
		b = d.m.g.Block(piece, n) // with the pad at its end
	case 0:
		b.Length--
	case 1:
		b.Begin += swarm.BlockLen
	case 2:
		b.Piece += d.m.g.Pieces()
	}
	return b
}

func (d *driver) loses() {
	piece := d.piece()
	var blocks []int
	if d.below(2) == 1 {
		blocks = []int{d.below(8), d.below(8)}
	}
	d.lose(piece, blocks)
}
