package fetch

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowance"
	"github.com/shoal-bt/shoal/protocol/exchanging"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// DefaultMaxSize is the longest info dictionary that is fetched by default, in bytes.
const DefaultMaxSize = 64 << 20

// mostMaxSize is the largest Config.MaxSize: twice as much still fits into 32 bits.
const mostMaxSize = 1<<30 - 1

// A Config says what to fetch. It is read once.
type Config struct {
	// HashV1 and HashV2 are the info hashes. A zero one is not given; at least one must
	// be. The metadata must fit each that is given.
	HashV1 [20]byte
	HashV2 [32]byte

	// MaxSize is the longest info dictionary that is fetched, in bytes. Zero means
	// DefaultMaxSize, a negative number 1 GiB, which is the most. At most twice as much is
	// held, whatever peers claim.
	MaxSize int

	UserAgent string // the v of our extension handshake; empty for none
	Port      uint16 // where we accept connections; 0 for nowhere
	Reqq      int    // the requests that the torrent will accept of a peer; 0 is not said

	NoPEX bool // peers are not asked for addresses of other peers

	// Interested says that the torrent will download. Then peers that have pieces of it hear
	// that we are interested before the metadata is complete.
	Interested bool
}

// A Joined is a connection that has shaken hands.
type Joined struct {
	Peer     swarm.Peer     // a number that is never used again
	Addr     netip.AddrPort // of the other end; zero if it has none
	Fast     bool           // both sides set the bit of the fast extension
	Extended bool           // both sides set the bit of the extension protocol
	DHT      bool           // the peer set the bit of the DHT
}

// A Turn is what to do. Its slices belong to the caller.
type Turn struct {
	Close []Close   // in order
	Send  []Send    // at most one a peer
	Next  time.Time // when to call Settle again at the latest; zero for never

	// Found are addresses that peers named, to be dialed like those of peer exchange.
	Found []Found

	// Nodes are nodes of the DHT that peers named as their own, at most one a minute each.
	Nodes []netip.AddrPort

	// Info is the info dictionary, which fits the hashes; nil if it is not there yet.
	// Err is why it never will be; nil if it may. It is ErrTwoTorrents or a *SizeError.
	Info []byte
	Err  error
}

// A Send is bytes for a peer, complete messages.
type Send struct {
	Peer  swarm.Peer
	Bytes []byte
}

// A Close ends a connection. The State has forgotten the peer already, so Leave is not
// needed.
type Close struct {
	Peer       swarm.Peer
	Addr       netip.AddrPort
	ListenPort uint16 // as ListenPort said
	Why        error
	End        report.End
	Ban        bool // the peer alone sent metadata that does not fit the hash
}

// A State is one fetch. See the package comment for the order of calls.
type State struct {
	config Config
	peers  map[swarm.Peer]*peer
	order  []*peer  // as they joined
	groups []*group // as they came

	closes        []Close
	found         []Found          // for the next Turn
	nodes         []netip.AddrPort // of the DHT, for the next Turn
	dhtPort       uint16           // of our node of the DHT; 0 for none
	info          []byte
	final         Progress // when info was complete
	err           error
	tickAt        time.Time // of the next check of timeouts
	oversizeSince time.Time // since when each named size is over the limit; zero if one is not
	refusedSize   int       // bytes, the last size that was over the limit
	changed       bool      // something that decides what to request, since requests were chosen
}

// New returns a State without peers.
func New(c Config) *State {
	c.MaxSize = cmp.Or(c.MaxSize, DefaultMaxSize)
	if c.MaxSize < 0 || c.MaxSize > mostMaxSize {
		c.MaxSize = mostMaxSize
	}
	return &State{config: c, peers: make(map[swarm.Peer]*peer)}
}

// A peer is one connection.
type peer struct {
	Joined
	offer
	pace
	order        peerwire.Order
	replay       replay
	exchange     exchanging.Incoming
	hasPieces    bool // it said that it has some
	interested   bool // it heard that we are
	allowance    allowance.Allowance
	portAt       time.Time // before this no message about its node of the DHT is heeded
	joinedAt     time.Time
	lastReceived time.Time
	lastSent     time.Time
	out          []byte // to be sent at the end of the turn

	group   *group    // with the same size; nil if the peer cannot be asked
	single  *attempt  // to get everything from this peer alone; nil if that is not under way
	open    []request // oldest first
	asksAt  time.Time // not to be asked before, because it rejects
	rejects int       // without data in between
	stalls  int       // times in a row that requests were given up
}

// Join adds a connection. We say at once that we have no piece, and which extensions we
// have.
func (s *State) Join(now time.Time, j Joined) {
	if s.Over() || s.peers[j.Peer] != nil {
		return
	}
	p := &peer{
		Joined:       j,
		pace:         newPace(),
		allowance:    allowance.New(now),
		joinedAt:     now,
		lastReceived: now,
		lastSent:     now,
	}
	s.peers[p.Peer] = p
	s.order = append(s.order, p)
	s.sendFirst(now, p)
	s.tickBy(now.Add(checkOtherwise))
}

// Leave removes a connection that is closed.
func (s *State) Leave(now time.Time, id swarm.Peer) {
	p := s.peers[id]
	if p == nil || s.Over() {
		return
	}
	s.remove(now, p)
}

// remove forgets a peer. Others are asked for what it was asked for.
func (s *State) remove(now time.Time, p *peer) {
	s.changed = true
	p.offer.number = 0
	s.regroup(now, p)
	delete(s.peers, p.Peer)
	s.order = slices.DeleteFunc(s.order, func(o *peer) bool { return o == p })
}

// closePeer ends a connection.
func (s *State) closePeer(now time.Time, p *peer, why error) {
	s.closes = append(s.closes, s.end(now, p, why))
}

// end removes a peer and returns what to do about its connection.
func (s *State) end(now time.Time, p *peer, why error) Close {
	s.remove(now, p)
	return Close{
		Peer:       p.Peer,
		Addr:       p.Addr,
		ListenPort: p.listenPort,
		Why:        why,
		End:        endOf(why),
		Ban:        why == errWrongMetadata,
	}
}

// Over reports whether a Turn has, or will have, Info or Err.
func (s *State) Over() bool { return s.info != nil || s.err != nil }

// tickBy has the timeouts checked at a time, or before.
func (s *State) tickBy(at time.Time) {
	if s.tickAt.IsZero() || at.Before(s.tickAt) {
		s.tickAt = at
	}
}

// Settle ends what has happened until now, and returns what to do.
func (s *State) Settle(now time.Time) Turn {
	if !s.Over() {
		s.checkTimeouts(now)
		s.request(now)
	}
	turn := Turn{
		Close: s.closes,
		Found: s.found,
		Nodes: s.nodes,
		Info:  s.info,
		Err:   s.err,
	}
	s.closes, s.found, s.nodes = nil, nil, nil
	for _, p := range s.order {
		if len(p.out) > 0 {
			turn.Send = append(turn.Send, Send{p.Peer, p.out})
			p.out = nil
		}
	}
	if !s.Over() {
		turn.Next = s.tickAt
	}
	return turn
}

// request chooses what to request, if anything changed that decides it. It looks at each piece
// and each peer, so a message that changes nothing must not cause it.
func (s *State) request(now time.Time) {
	if !s.changed {
		return
	}
	s.changed = false
	s.schedule(now)
	s.requestAll(now)
	s.sayInterested(now)
}

// send puts a message into the bytes for a peer.
func (p *peer) send(now time.Time, m peerwire.Message) {
	p.out = m.AppendTo(p.out)
	p.lastSent = now
}
