package protocol

import (
	"encoding/binary"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/completion"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/protocol/ownaddress"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/protocol/standin"
	"github.com/shoal-bt/shoal/protocol/unreadable"
	"github.com/shoal-bt/shoal/protocol/wanted"
	"github.com/shoal-bt/shoal/swarm"
)

// A State is what one torrent knows and decides. It does no I/O, reads no clock, takes
// no lock and starts no goroutine. One goroutine at a time may use it.
//
// New makes a State. Apply and Settle advance it: what happened goes in, what is to be
// done comes out. All other methods show it and may be called between two Applies.
type State struct {
	config      *Config
	setup       *Setup // what New was given, until the check at the start is over
	swarms      []swarm.ID
	geo         *swarm.Geometry
	n           int // pieces of the torrent
	memory      Memory
	newPicker   func() swarm.Picker
	picker      swarm.Picker // standin.Picker while there is nothing to request
	peerTimeout time.Duration
	say         func(p swarm.Peer, name string, body []byte) // of extensions; nil for none
	start       time.Time
	serial      uint64 // the last serial number of an assembly

	port       uint16
	phase      Phase
	paused     bool // by the user: the torrent does not run after the check that is under way
	inTurn     bool // Apply was called since Settle
	repick     bool // blocks may be free to request that were not before
	private    bool
	uploadOnly bool
	reports    reports
	completion completion.Completion
	abilities  wanted.Abilities // of pickers; zero until somebody asks
	dhtPort    uint16           // of our node of the DHT; 0 for none, and of a private torrent

	err error // why the torrent failed

	holdings
	wanted     *wanted.Pieces // nil while everything is wanted alike
	sections   pieces.Sections
	stored     storedCheck
	unreadable *unreadable.Failures // unreadable.None while there are none
	statsAt    time.Time            // of the next StatsTick; zero for none
	idle       idleness
	figures    figures
	trackers   map[addressbook.Swarms]string // that answered last, of a private torrent; nil for none
	extensions *extension.Registry           // nil until the first peer needs them, and for none
	book       addressbook.Book
	own        *ownaddress.Votes // by which address others see us; nil before the first vote

	*workingSet
}

// A Turn is what the State wants done after a run of Inputs. All of it is the
// caller's until the next Apply.
type Turn struct {
	// Effects are to be carried out in order, before anything of Out is sent.
	Effects []Effect

	// Out is what peers get, each of them once.
	Out []*Outbox

	// Next is when to apply a Tick at the latest; zero for never.
	Next time.Time

	// Idle says that nothing is connected or under way, so the caller may release
	// what it holds for the torrent between turns.
	Idle bool
}

// New returns the State of a torrent. Start must be its first Input.
func New(now time.Time, setup Setup) *State {
	config := setup.FullConfig()
	s := &State{
		config:      config,
		setup:       &setup,
		swarms:      setup.Swarms,
		geo:         setup.Geometry,
		n:           setup.Geometry.Pieces(),
		memory:      setup.Memory,
		newPicker:   setup.NewPicker,
		picker:      standin.Picker{},
		peerTimeout: setup.PeerTimeout,
		start:       now,
		port:        setup.Port,
		paused:      setup.Paused,
		private:     setup.Private,
		uploadOnly:  setup.UploadOnly,
		say:         setup.Say,
		unreadable:  unreadable.None,
		figures:     figures{baseDown: setup.Downloaded, baseUp: setup.Uploaded},
		workingSet:  emptySet,
	}
	// Peer ids end with characters of chance (https://www.bittorrent.org/beps/bep_0020.html).
	s.book.Spread(binary.BigEndian.Uint64(config.PeerID[len(config.PeerID)-8:]))
	if s.memory == nil {
		s.memory = new(standin.Memory)
	}
	if s.peerTimeout == 0 {
		s.peerTimeout = 120 * time.Second
	}
	s.sections = pieces.NewSections(setup.Sections, setup.Lanes, s.geo.PieceLength, s.memory.Units())
	s.have = swarm.NewBitfield(s.n)
	s.wanted = wanted.Start(s.geo, setup.Priorities, setup.Deadlines, setup.Sequential)
	for i := range s.n {
		s.left += int64(s.geo.PieceLen(i))
	}
	return s
}

// Apply takes in what happened. Any number of Applies may come before Settle.
func (s *State) Apply(now time.Time, in Input) {
	s.beginTurn()
	s.now = now
	in.apply(now, s)
}

// beginTurn takes back what the last Turn lent to the caller.
func (s *State) beginTurn() {
	if s.inTurn {
		return
	}
	s.inTurn = true
	s.attach()
	clear(s.effects)
	s.effects = s.effects[:0]
	for _, o := range s.outs {
		o.Reset()
	}
	clear(s.outs)
	s.outs = s.outs[:0]
}

// Settle ends a run of Applies. What they ask for together is done once. Without any
// there is nothing to do.
func (s *State) Settle(now time.Time) Turn {
	if !s.inTurn {
		return Turn{Next: s.nextDeadline(), Idle: s.workingSet == emptySet}
	}
	s.applyWants(now)
	if s.repick && s.Running() {
		s.repick = false
		for _, p := range s.order {
			s.requestBlocks(now, p)
		}
	}
	s.scheduleAsk(now)
	s.revealPieces(now)
	s.checkStoredNow()
	s.dialPeers(now)
	s.updateIdle(now)
	s.collectOutboxes()
	s.inTurn = false
	turn := Turn{Effects: s.effects, Out: s.outs, Next: s.nextDeadline()}
	turn.Idle = s.detach()
	return turn
}

// collectOutboxes lists what the peers get that are not being closed.
func (s *State) collectOutboxes() {
	for _, p := range s.dirty {
		p.IsDirty = false
		if !p.Closing {
			s.outs = append(s.outs, &p.Out)
		}
	}
	clear(s.dirty)
	s.dirty = s.dirty[:0]
}

// do asks the caller for something.
func (s *State) do(e Effect) { s.effects = append(s.effects, e) }

// ID returns the first of the torrent's swarms.
func (s *State) ID() swarm.ID { return s.swarms[0] }

// Running reports whether the torrent talks to others: it is neither being checked,
// nor paused, failed or closed.
func (s *State) Running() bool { return s.phase == PhaseRunning }

// LateErr returns the errors of the Storage that came after Close; nil for none.
func (s *State) LateErr() error { return s.lateErr }

// nextDeadline returns when the State wants a Tick; zero for never. Each topic has a
// deadline of its own.
func (s *State) nextDeadline() (next time.Time) {
	for _, t := range [...]time.Time{
		s.chokes.Due(),
		s.timeouts.nextDeadline(),
		s.statsAt,
		s.idle.nextDeadline(),
		s.unreadable.NextDeadline(),
		s.follow.at,
		s.seek.NextDeadline(),
		s.dialDeadline(),
	} {
		next = earlier(next, t)
	}
	return next
}

func (Tick) apply(now time.Time, s *State) {
	if due(s.chokes.Due(), now) {
		s.rechoke(now)
	}
	if due(s.timeouts.at, now) {
		s.checkTimeouts(now)
	}
	if due(s.idle.at, now) {
		s.becomeIdle()
	}
	if due(s.unreadable.NextDeadline(), now) {
		s.retryUnreadable(now)
	}
	if due(s.follow.at, now) {
		s.followWants(now)
	}
	s.tickSeek(now)
	if due(s.statsAt, now) {
		s.reportStats(now)
	}
}

// due reports whether a point in time, if there is one, has come.
func due(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

// earlier returns the earlier of two points in time; zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
