package scenario

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarmsim"
)

// The network of all scenarios: rates in bytes per second.
const (
	up          = 1_000_000 // of a usual peer, U
	down        = 4 * up
	seedUp      = 2 * up
	delay       = 20 * time.Millisecond // one way
	pieceLength = 256 << 10
	limit       = time.Hour // of simulated time
)

// Options change a scenario. The zero value means its defaults.
type Options struct {
	Seed        uint64 // of chance
	Peers       int    // without the seed; zero means 100
	Pieces      int    // of 256 KiB; zero means 500
	Connections int    // of one peer; zero means 40
	Slots       int    // upload slots of one peer; zero means the protocol's default, negative means no limit
	Picker      string // a name from Pickers; empty means the first
	Choker      string // a name from Chokers; empty means the first

	// Time is how long Misbehaviors go on, in simulated time. Zero means an hour.
	Time time.Duration

	// Extensions are those of each peer in Misbehaviors. Nil means a model of peer exchange
	// that believes all that it is told.
	Extensions []extension.Maker
}

func (o Options) withDefaults() (Options, error) {
	o.Peers = cmp.Or(o.Peers, 100)
	o.Pieces = cmp.Or(o.Pieces, 500)
	o.Connections = cmp.Or(o.Connections, 40)
	o.Time = cmp.Or(o.Time, time.Hour)
	if o.Extensions == nil {
		o.Extensions = []extension.Maker{newBeliever}
	}
	o.Picker = cmp.Or(o.Picker, Pickers()[0])
	o.Choker = cmp.Or(o.Choker, Chokers()[0])
	switch {
	case o.Peers < 0 || o.Time < 0 || o.Pieces < 0 || o.Connections < 0:
		return o, fmt.Errorf("scenario: the time and the numbers of peers, pieces and connections must be positive")
	case pickers[o.Picker] == nil:
		return o, fmt.Errorf("scenario: there is no picker %q; choose one of %s", o.Picker, strings.Join(Pickers(), ", "))
	case !slices.Contains(Chokers(), o.Choker):
		return o, fmt.Errorf("scenario: there is no choker %q; choose one of %s", o.Choker, strings.Join(Chokers(), ", "))
	}
	return o, nil
}

// A Scenario is a named swarm.
type Scenario struct {
	Name    string // one word
	Purpose string // what it shows, in one sentence
	fill    func(s *swarmsim.Sim, o Options)
}

// All returns all scenarios.
func All() []Scenario {
	return []Scenario{
		{"flash", "All peers come at once, and one seed has the torrent.", func(*swarmsim.Sim, Options) {}},
		{"superseed", "The same, and the seed shows each peer one piece at a time.", superSeed},
		{"steady", "A peer comes every 2 s on average, and leaves a minute after its last piece.", steady},
		{"slowseed", "All peers come at once, and the seed sends half as fast as a peer.", slowSeed},
		{"mixed", "A fifth of the peers is four times as fast as usual, three tenths four times as slow.", mixed},
		{"freeriders", "A fifth of the peers takes and does not give.", freeRiders},
		{"liars", "A fifth of the peers claims to have every piece and sends wrong bytes.", liars},
		{"leaving", "The seed leaves when it has had time to send each piece twice.", leavingSeed},
	}
}

// Find returns the scenario with a name.
func Find(name string) (Scenario, error) {
	var names []string
	for _, s := range append(All(), Misbehaviors()...) {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("scenario: there is none called %q; choose one of %s", name, strings.Join(names, ", "))
}

// Sim returns the swarm. The caller owns it.
func (s Scenario) Sim(o Options) (swarmsim.Sim, error) {
	o, err := o.withDefaults()
	if err != nil {
		return swarmsim.Sim{}, err
	}
	sim := swarmsim.Sim{
		Seed:     o.Seed,
		Geometry: swarm.Geometry{Length: int64(o.Pieces) * pieceLength, PieceLength: pieceLength},
		Limit:    limit,
	}
	random := rand.New(rand.NewPCG(o.Seed, 0))
	for i := range o.Peers + 1 {
		p := swarmsim.Peer{
			Link:      swarmsim.Link{Up: up, Down: down, Delay: delay},
			Config:    protocol.Config{MaxPeers: o.Connections, UploadSlots: o.Slots},
			NewPicker: pickers[o.Picker],
		}
		setChoker(&p, o.Choker)
		if i == 0 {
			p.Seed, p.Link.Up = true, seedUp
		} else {
			// Clocks that tick together would be an artefact.
			p.Arrive = time.Duration(random.Int64N(int64(100 * time.Millisecond)))
		}
		sim.Peers = append(sim.Peers, p)
	}
	s.fill(&sim, o)
	return sim, nil
}

func superSeed(s *swarmsim.Sim, _ Options) {
	s.Peers[0].Config.NewRevealer = func(pieces int, _ uint64) protocol.Revealer {
		return protocol.NewSuperSeed(pieces, s.Seed+1)
	}
}

func steady(s *swarmsim.Sim, _ Options) {
	random := rand.New(rand.NewPCG(s.Seed, 1))
	at := time.Duration(0)
	for i := range s.Peers[1:] {
		p := &s.Peers[i+1]
		at += time.Duration(random.ExpFloat64() * float64(2*time.Second))
		p.Arrive, p.Linger = at, time.Minute
	}
}

func slowSeed(s *swarmsim.Sim, _ Options) { s.Peers[0].Link.Up = up / 2 }

func mixed(s *swarmsim.Sim, _ Options) {
	for i := range s.Peers[1:] {
		p := &s.Peers[i+1]
		p.Group = "usual"
		switch i % 10 {
		case 0, 5:
			p.Group, p.Link.Up, p.Link.Down = "fast", 4*up, 4*down
		case 2, 4, 7:
			p.Group, p.Link.Up, p.Link.Down = "slow", up/4, down/4
		}
	}
}

func freeRiders(s *swarmsim.Sim, _ Options) { everyFifth(s, swarmsim.FreeRider) }

func liars(s *swarmsim.Sim, _ Options) { everyFifth(s, swarmsim.WrongBytes) }

func everyFifth(s *swarmsim.Sim, k swarmsim.Kind) {
	for i := range s.Peers[1:] {
		if i%5 == 0 {
			s.Peers[i+1].Kind = k
		}
	}
}

func leavingSeed(s *swarmsim.Sim, _ Options) {
	twice := 2 * float64(s.Geometry.Length) / seedUp
	s.Peers[0].Leave = time.Duration(twice * float64(time.Second))
}
