package node

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/dht/routing"
	"github.com/shoal-bt/shoal/dht/storage"
)

// A Turn is what to do. Its slices are the caller's until the next call of the State.
type Turn struct {
	Send   []Datagram
	Events []Event
	Next   time.Time // when to call Settle again at the latest
}

// A Datagram is to be sent.
type Datagram struct {
	To    netip.AddrPort
	Bytes []byte
}

// A State is one node. See the package comment for the order of calls.
type State struct {
	config Config
	self   nodeid.ID
	other  *State // of the other family; nil for none

	table  *routing.Table
	tokens storage.Tokens
	peers  storage.Peers
	items  storage.Items
	votes  votes
	limits limits

	queries queries
	tasks   tasks
	boot    bootstrap
	routers map[netip.AddrPort]bool // that stay out of the table
	checks  checks
	upkeep  upkeep
	stats   Stats

	renamedAt time.Time // when we took our id
	now       time.Time // of the current call

	send   []Datagram
	buf    []byte // of the datagrams
	events []Event
}

// Stats are counts since New, and sizes now.
type Stats struct {
	ID           nodeid.ID
	External     netip.Addr // zero if it is not known
	Nodes        int        // in the routing table
	Good         int        // of them, heard of in the last 15 minutes
	Replacements int        // nodes that wait for a place
	Peers        int        // of others, stored here
	Swarms       int
	Items        int
	Tasks        int // that run or wait
	Queries      int // of ours that wait for an answer

	Sent     int64 // queries
	Answered int64 // queries of ours
	Late     int64 // queries of ours whose answer took longer than usual
	Served   int64 // queries of others
	Refused  int64 // queries of others with an error as the answer
	Dropped  int64 // datagrams over the limits
	Ignored  int64 // datagrams that are no messages, or no answers to us
}

// New returns a node that knows nobody.
func New(now time.Time, c Config) *State {
	s := &State{config: c.defaults(), now: now, renamedAt: now.Add(-renameAfter)}
	s.self = c.Self
	external := s.config.External
	doesNotFit := external.IsValid() && !nodeid.Fits(s.self, external)
	switch {
	case external.IsValid() && (s.self == nodeid.ID{} || doesNotFit):
		s.self = nodeid.ForAddr(external, c.Random)
	case s.self == nodeid.ID{}:
		s.self = nodeid.Random(c.Random)
	}
	s.table = routing.New(s.self, routing.Config{
		EnforceIDs: c.EnforceIDs,
		Plain:      c.Tuning.Plain,
		BadAfter:   c.Tuning.BadAfter,
		DropAfter:  c.Tuning.DropAfter,
	})
	s.tokens.Secret = c.Secret
	s.queries.init(&s.config.Tuning)
	s.upkeep.init(now)
	return s
}

// Pair tells two States of one program of each other, which are of different families: each
// names the other's nodes to who wants them, and begins with them.
func Pair(a, b *State) { a.other, b.other = b, a }

// ID returns our id, which may change.
func (s *State) ID() nodeid.ID { return s.self }

// Stats returns counts and sizes.
func (s *State) Stats(now time.Time) Stats {
	t := s.stats
	t.ID, t.External = s.self, s.external()
	t.Nodes, t.Good, t.Replacements = s.table.Len(), s.table.Good(now), s.table.Replacements()
	t.Peers, t.Swarms = s.peers.Len()
	t.Items = s.items.Len()
	t.Tasks = len(s.tasks.running) + len(s.tasks.waiting)
	t.Queries = len(s.queries.open)
	return t
}

// Nodes returns up to n nodes of the routing table that are good, the nearest to a target
// first. They are what to save, with ID.
func (s *State) Nodes(now time.Time, target nodeid.ID, n int) (all []krpc.Contact) {
	for _, c := range s.table.Closest(nil, target, s.table.Len(), now) {
		known := s.table.Find(c.ID)
		if len(all) < n && known != nil && known.Status(now) == routing.Good {
			all = append(all, c)
		}
	}
	return all
}

// Settle ends what has happened until now, and returns what to do.
func (s *State) Settle(now time.Time) Turn {
	s.now = now
	s.checkQueries()
	s.care()
	s.advanceTasks()
	if !s.upkeep.at.After(now) { // a bootstrap has ended
		s.care()
		s.advanceTasks()
	}
	turn := Turn{Send: s.send, Events: s.events, Next: s.next()}
	s.send, s.events = nil, nil
	s.buf = nil
	return turn
}

// next returns when something is due.
func (s *State) next() time.Time {
	next := s.upkeep.at
	if at := s.queries.next(); !at.IsZero() && at.Before(next) {
		next = at
	}
	return next
}

func (s *State) report(e Event) { s.events = append(s.events, e) }

// emit sends a message.
func (s *State) emit(to netip.AddrPort, m *krpc.Message) {
	begin := len(s.buf)
	s.buf = m.AppendTo(s.buf)
	s.send = append(s.send, Datagram{to, s.buf[begin:len(s.buf):len(s.buf)]})
}

// isOurs reports whether an address is of our family, and may be that of a node.
func (s *State) isOurs(a netip.AddrPort) bool {
	return krpc.IsUnicast(a) && a.Addr().Is4() != s.config.Is6 && !a.Addr().Is4In6()
}
