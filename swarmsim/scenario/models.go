package scenario

import (
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/choking"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarmsim"
)

// Pickers returns the names of the pickers, the default first.
func Pickers() []string { return []string{"rarest", "random", "sequential"} }

// Chokers returns the names of the chokers, the default first: the policies of package
// choking, slots that go to peers at random, and no choking at all.
func Chokers() []string { return append(choking.Policies(), "random", "all") }

var pickers = map[string]func(swarm.Geometry, uint64) swarm.Picker{
	"rarest": func(g swarm.Geometry, seed uint64) swarm.Picker {
		return piecepicker.NewRarest(g, piecepicker.Config{Seed: seed})
	},
	"random": func(g swarm.Geometry, seed uint64) swarm.Picker {
		order := &randomOrder{random: rand.New(rand.NewPCG(seed, 0))}
		return piecepicker.Mix(g, order, piecepicker.Config{Seed: seed})
	},
	"sequential": func(g swarm.Geometry, seed uint64) swarm.Picker {
		return piecepicker.NewSequential(g, piecepicker.Config{Seed: seed})
	},
}

// setChoker gives a peer the choker with a name, one of Chokers.
func setChoker(p *swarmsim.Peer, name string) {
	switch name {
	case "random":
		seed := uint64(0)
		p.Config.NewChoker = func() protocol.Choker {
			seed++
			return &randomChoker{random: rand.New(rand.NewPCG(seed, 0))}
		}
	case "all":
		p.Config.UploadSlots = -1
	default:
		p.Config.NewChoker, _ = choking.ByName(name)
	}
}

// A randomOrder is a piecepicker.Order that begins any piece next.
type randomOrder struct {
	board  *piecepicker.Board
	random *rand.Rand
}

// Start implements piecepicker.Order, as do Add, Remove and Moved.
func (r *randomOrder) Start(b *piecepicker.Board) { r.board = b }

func (r *randomOrder) Add(int) {}

func (r *randomOrder) Remove(int) {}

func (r *randomOrder) Moved(int, int) {}

// Next implements piecepicker.Order. Each piece of the highest priority is equally likely.
func (r *randomOrder) Next(has *piecepicker.Set) (best int, ok bool) {
	ours, theirs := r.board.Fresh().Words(), has.Words()
	highest, equals := 0, 0
	for k := range ours {
		for both := ours[k] & theirs[k]; both != 0; both &= both - 1 {
			piece := k*64 + bits.TrailingZeros64(both)
			priority := r.board.Priority(piece)
			if priority > highest {
				highest, equals = priority, 0
			}
			if priority == highest {
				equals++
				if r.random.IntN(equals) == 0 {
					best = piece
				}
			}
		}
	}
	return best, equals > 0
}

// A randomChoker gives each slot to a random peer, for half a minute.
type randomChoker struct {
	random *rand.Rand
	until  time.Time
	chosen map[swarm.Peer]bool
}

// Unchoke implements protocol.Choker.
func (c *randomChoker) Unchoke(dst []swarm.Peer, now time.Time, peers []protocol.PeerRate, slots int, _ bool) []swarm.Peer {
	if !now.Before(c.until) {
		c.chosen, c.until = make(map[swarm.Peer]bool), now.Add(30*time.Second)
	}
	if slots < 0 {
		slots = len(peers)
	}
	var others []swarm.Peer
	for _, p := range peers {
		if c.chosen[p.Peer] && len(dst) < slots {
			dst = append(dst, p.Peer)
		} else {
			others = append(others, p.Peer)
		}
	}
	for len(dst) < slots && len(others) > 0 {
		i := c.random.IntN(len(others))
		dst = append(dst, others[i])
		c.chosen[others[i]] = true
		others[i] = others[len(others)-1]
		others = others[:len(others)-1]
	}
	return dst
}

// A believer is a model of peer exchange: it hands every address that a peer names to the
// State, so that only the State's rules bound what follows. It tells nobody anything.
type believer struct{}

func newBeliever(extension.Torrent) extension.Extension { return new(believer) }

// Name implements extension.Extension, as do Hello and Open.
func (*believer) Name() string { return peerwire.PEXName }

func (*believer) Hello(*peerwire.ExtendedHandshake) {}

func (*believer) Open(_ time.Time, c extension.Conn, _ *peerwire.ExtendedHandshake) extension.Session {
	return believing{c}
}

// A believing is a believer's Session.
type believing struct{ conn extension.Conn }

// Hello implements extension.Session, as do Message, Tick and Close.
func (believing) Hello(time.Time, *peerwire.ExtendedHandshake) {}

func (b believing) Message(_ time.Time, body []byte) error {
	p, err := peerwire.ParsePEX(body)
	if err != nil {
		return err
	}
	b.conn.Found(p.Added...)
	return nil
}

func (believing) Tick(time.Time) {}

func (believing) Close() {}
