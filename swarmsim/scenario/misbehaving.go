package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarmsim"
)

const (
	// smallPiece is the length of a piece in Misbehaviors. A peer that lies spoils about one
	// piece of each other peer, however long that is.
	smallPiece = 64 << 10

	// maxWaste is the share of the payload of honest peers that may be for nothing.
	maxWaste = 0.02

	// maxStrays is how often an honest peer may dial one IP address at which nobody is: once,
	// and again after each of six failures.
	maxStrays = 7
)

// Misbehaviors returns one scenario for each way in which a peer can misbehave. A fifth of
// the peers does it for Options.Time, and honest peers come all that time. Judge tells
// whether a result is good.
func Misbehaviors() []Scenario {
	all := []Scenario{
		misbehavior("wrong-bytes", "claims to have every piece and sends wrong bytes", swarmsim.WrongBytes, nil),
		misbehavior("few-wrong-bytes", "has every piece, and one block in twenty is wrong", swarmsim.WrongBytes, func(p *swarmsim.Peer) { p.WrongShare = 0.05 }),
		misbehavior("false-haves", "sends HAVEs for pieces that it does not have", swarmsim.FalseHaves, nil),
		misbehavior("unasked-blocks", "sends wrong blocks that nobody requested", swarmsim.UnaskedBlocks, nil),
		misbehavior("stalls", "claims to have every piece and sends no block", swarmsim.Staller, nil),
		misbehavior("free-rides", "unchokes nobody", swarmsim.FreeRider, nil),
		misbehavior("reconnects", "closes its connections after a second and dials under any peer id", swarmsim.Reconnecter, nil),
		misbehavior("quits", "leaves with half a piece and dials again", swarmsim.Quitter, nil),
		misbehavior("takes-nothing", "requests thousands of blocks and takes none", swarmsim.NonReader, nil),
		misbehavior("floods", "sends small messages of many kinds", swarmsim.Flooder, nil),
	}
	for _, f := range floods() {
		all = append(all, misbehavior(f.name, f.purpose, swarmsim.Flooder, func(p *swarmsim.Peer) { p.Flood = f.flood }))
	}
	return append(all, mixture(all))
}

// mixture returns the scenario in which each peer that misbehaves does it in another way.
func mixture(ways []Scenario) Scenario {
	fill := func(s *swarmsim.Sim, o Options) {
		var peers [][]swarmsim.Peer // by way
		for _, w := range ways {
			other := *s
			other.Peers = slices.Clone(s.Peers)
			w.fill(&other, o)
			peers = append(peers, other.Peers)
		}
		ways[0].fill(s, o)
		random := rand.New(rand.NewPCG(s.Seed, 2))
		for i := range s.Peers {
			if s.Peers[i].Kind != swarmsim.Honest {
				s.Peers[i] = peers[random.IntN(len(peers))][i]
			}
		}
	}
	return Scenario{"mixture", "A fifth of the peers misbehaves, each in another way.", fill}
}

// misbehavior returns the scenario in which a fifth of the peers is of a kind.
func misbehavior(name, does string, kind swarmsim.Kind, edit func(*swarmsim.Peer)) Scenario {
	fill := func(s *swarmsim.Sim, o Options) {
		s.Limit = o.Time + limit
		s.Geometry = swarm.Geometry{Length: int64(o.Pieces) * smallPiece, PieceLength: smallPiece}
		spread(s, o.Time)
		everyFifth(s, kind)
		for i := range s.Peers {
			p := &s.Peers[i]
			p.Config.Extensions = o.Extensions
			if p.Kind == swarmsim.Honest {
				continue
			}
			if p.Kind != swarmsim.FreeRider { // the swarm waits for those
				p.HashRate = slowHash
			}
			if edit != nil {
				edit(p)
			}
		}
	}
	return Scenario{name, "A fifth of the peers " + does + ".", fill}
}

// slowHash keeps a peer that misbehaves from completing a piece, so that it never turns into
// a seed that others leave.
const slowHash = 1

// spread has half of the peers come one by one until a time. The others, among them the first
// that misbehaves, come at the start.
func spread(s *swarmsim.Sim, until time.Duration) {
	n := time.Duration(len(s.Peers))
	for i := range s.Peers {
		if i%2 == 0 {
			s.Peers[i].Arrive += until * time.Duration(i) / n
		}
	}
}

// Judge returns what is wrong with a result of Misbehaviors: that an honest peer did not get
// everything or was banned, that too much was wasted, or that peers had one of them dial
// an address at which nobody is again and again. Nil means that nothing is.
func Judge(r *swarmsim.Result) error {
	var all []error
	var received int64
	for i, p := range r.Peers {
		if p.Kind != swarmsim.Honest {
			continue
		}
		received += p.Down
		if !p.Seed && p.Completed < 0 {
			all = append(all, fmt.Errorf("scenario: honest peer %d has not got everything: %s", i, p.Reason))
		}
		if p.BannedBy > 0 {
			all = append(all, fmt.Errorf("scenario: %d honest peers banned the honest peer %d", p.BannedBy, i))
		}
		if p.StraysOne > maxStrays {
			all = append(all, fmt.Errorf("scenario: the honest peer %d dialed one address %d times at which nobody is", i, p.StraysOne))
		}
	}
	waste := float64(r.Wasted) / float64(max(1, received))
	if waste >= maxWaste {
		all = append(all, fmt.Errorf("scenario: %.1f %% of what honest peers received was wasted; it must be less than %.0f %%", 100*waste, 100*maxWaste))
	}
	return errors.Join(all...)
}

// message returns messages of one kind, encoded.
func message(kind peerwire.Kind) func(b swarmsim.Burst) []byte {
	return func(b swarmsim.Burst) (out []byte) {
		n := cmp.Or(b.Geometry.Pieces(), 1)
		for range burst {
			m := peerwire.Message{Kind: kind}
			switch kind {
			case peerwire.Have, peerwire.Suggest, peerwire.AllowedFast:
				m.Piece = b.Random.IntN(n)
			case peerwire.Request, peerwire.Cancel, peerwire.Reject:
				piece := b.Random.IntN(n)
				m.Block = b.Geometry.Block(piece, b.Random.IntN(b.Geometry.BlockCount(piece)))
			case peerwire.Bitfield:
				m.Data = make([]byte, (n+7)/8)
			case peerwire.Unknown:
				m.ExtID = 99
			}
			out = m.AppendTo(out)
		}
		return out
	}
}
