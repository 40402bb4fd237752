package node

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/bloom"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/lookup"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	maxRunning = 12 // tasks; more wait
	beginWith  = 16 // nodes of the table that a look-up begins with
	maxVersion = 32 // bytes of the name of a node's program
)

// ErrNoNodes means that no node of the DHT answers: there is nobody to ask.
var ErrNoNodes = errors.New("dht: no node answers")

// A TaskID names a task of one State. It is never used again.
type TaskID uint64

// A Request says what a task is to do. Methods other than those named are refused by Begin,
// which panics.
type Request struct {
	// Method is FindNode, GetPeers, AnnouncePeer (GetPeers, and then an announce), Get, Put
	// (Get, and then a put), SampleInfohashes or Ping.
	Method krpc.Method
	Target nodeid.ID // of all but Ping and Put

	Addr netip.AddrPort // of Ping; and of SampleInfohashes, if that asks one node and is no look-up

	Port        uint16 // of AnnouncePeer
	ImpliedPort bool   // of AnnouncePeer: we are reached at the port of the datagrams (BEP 5)
	Seed        bool   // of AnnouncePeer (BEP 33)
	NoSeed      bool   // of GetPeers: ask for peers that are no seeds (BEP 33)
	Scrape      bool   // of GetPeers: count the swarm (BEP 33)

	Salt []byte    // of Get, if the item is mutable and has one
	Item item.Item // of Put
	Cas  *int64    // of Put: the number that the stored item must have; nil for any
}

// tasks are what was asked of the node.
type tasks struct {
	last    TaskID
	running []*task
	waiting []*task // until the node knows others, or there is room
	dirty   []*task // to be looked at when the turn ends
}

// A task is a look-up, and what follows it.
type task struct {
	Request
	id      TaskID
	inside  bool // of the node itself: there are no events
	lookup  *lookup.Lookup
	target  nodeid.ID
	began   time.Time
	tokens  map[netip.AddrPort]token
	values  int  // peers that were passed on
	sent    int  // queries
	isDirty bool // in dirty

	storing bool // the look-up is over
	open    int  // announces or puts that wait for an answer
	stored  int
	denial  *krpc.Error // why a node did not store it; the most telling

	seeds, peers *bloom.Filter
	uncounted    []netip.Addr // peers that were named by nodes that do not count
	newest       *item.Item

	one     krpc.Contact // that answered, if one alone was asked
	version string       // of its program
}

// A token was given by a node, which may have an item.
type token struct {
	bytes   []byte
	hasItem bool
	isSame  bool // it has the mutable item that is to be stored
	seq     int64
}

// Begin starts a task, whose events follow: some as answers come, and a DoneEvent at the
// end. The slices of the request must not be changed until then.
func (s *State) Begin(now time.Time, r Request) TaskID {
	s.now = now
	s.tasks.last++
	t := &task{Request: r, id: s.tasks.last, target: r.Target}
	asksOne := r.Method == krpc.Ping || (r.Method == krpc.SampleInfohashes && r.Addr.IsValid())
	if asksOne {
		s.beginOne(t)
		return t.id
	}
	switch r.Method {
	case krpc.FindNode, krpc.GetPeers, krpc.AnnouncePeer, krpc.Get, krpc.SampleInfohashes:
	case krpc.Put:
		t.target = r.Item.Target()
	default:
		panic("dht: no task is of this method")
	}
	s.tasks.waiting = append(s.tasks.waiting, t)
	return t.id
}

// Cancel ends a task without an event.
func (s *State) Cancel(now time.Time, id TaskID) {
	s.now = now
	is := func(t *task) bool { return t.id == id && !t.inside }
	s.tasks.waiting = slices.DeleteFunc(s.tasks.waiting, is)
	i := slices.IndexFunc(s.tasks.running, is)
	if i >= 0 {
		s.end(s.tasks.running[i])
	}
}

// beginOne asks one node, which needs no look-up.
func (s *State) beginOne(t *task) {
	t.began, t.storing, t.open = s.now, true, 1
	s.tasks.running = append(s.tasks.running, t)
	s.ask(&query{to: t.Addr, task: t, stores: true}, &krpc.Message{Method: t.Method, Target: t.Target, HasTarget: t.Method != krpc.Ping})
}

// advanceTasks starts those that wait, sends what they want to ask, and ends those that are
// done.
func (s *State) advanceTasks() {
	for len(s.tasks.waiting) > 0 && len(s.tasks.running) < maxRunning && !s.boot.isRunning() {
		t := s.tasks.waiting[0]
		s.tasks.waiting = s.tasks.waiting[1:]
		s.start(t)
	}
	for len(s.tasks.dirty) > 0 {
		t := s.tasks.dirty[0]
		s.tasks.dirty = s.tasks.dirty[1:]
		t.isDirty = false
		s.advance(t)
	}
}

// start begins a look-up with the nearest nodes that are known.
func (s *State) start(t *task) {
	t.began, t.tokens = s.now, make(map[netip.AddrPort]token)
	known := s.table.Closest(nil, t.target, beginWith, s.now)
	t.lookup = lookup.New(s.lookupConfig(t.target), known)
	s.tasks.running = append(s.tasks.running, t)
	s.tasks.changed(t)
}

func (s *State) lookupConfig(target nodeid.ID) lookup.Config {
	c := s.config.Tuning
	return lookup.Config{
		Target:     target,
		Self:       s.self,
		K:          c.K,
		Alpha:      c.Alpha,
		EnforceIDs: s.config.EnforceIDs,
		Shortlist:  c.Shortlist,
		Trust:      c.Trust,
	}
}

// changed has a task looked at when the turn ends.
func (q *tasks) changed(t *task) {
	if !t.isDirty {
		t.isDirty = true
		q.dirty = append(q.dirty, t)
	}
}

// advance asks whom the look-up names, and goes on when it is done.
func (s *State) advance(t *task) {
	if !slices.Contains(s.tasks.running, t) {
		return
	}
	if !t.storing {
		for q, ok := t.lookup.Next(); ok; q, ok = t.lookup.Next() {
			s.question(t, q)
		}
		if !t.lookup.Done() {
			return
		}
		t.storing = true
		s.beginStoring(t)
	}
	if t.open == 0 {
		s.finish(t)
	}
}

// question asks one node for a look-up.
func (s *State) question(t *task, q lookup.Question) {
	m := krpc.Message{Method: krpc.FindNode, Target: q.Target, HasTarget: true}
	if !q.Again {
		switch t.Method {
		case krpc.GetPeers, krpc.AnnouncePeer:
			m.Method, m.NoSeed, m.Scrape = krpc.GetPeers, t.NoSeed, t.Scrape
		case krpc.Get, krpc.Put:
			m.Method = krpc.Get
		case krpc.SampleInfohashes:
			m.Method = krpc.SampleInfohashes
		}
	}
	if t.inside {
		m.Want = s.wantForOther()
	}
	o := &query{to: q.Addr, task: t, question: q}
	known := s.table.Find(q.ID)
	if known != nil && known.Addr == q.Addr {
		id := q.ID
		o.known = &id
	}
	s.ask(o, &m)
}

// taskAnswered takes the answer to a query of a task in.
func (s *State) taskAnswered(o *query, m *krpc.Message, nodes []krpc.Contact) {
	t := o.task
	s.tasks.changed(t)
	if o.stores {
		t.open--
		t.stored++
		if t.lookup == nil {
			t.one, t.version = krpc.Contact{ID: m.ID, Addr: o.to}, string(m.Version[:min(len(m.Version), maxVersion)])
			s.take(t, o.to, m)
		}
		return
	}
	isRefused := s.config.EnforceIDs && !nodeid.Fits(m.ID, o.to.Addr())
	if !o.question.Again && m.ID != s.self && !isRefused {
		if len(m.Token) > 0 && len(m.Token) <= 64 && len(t.tokens) < 500 {
			t.tokens[o.to] = token{slices.Clone(m.Token), m.Value != nil || m.HasSeq, t.isSame(m), m.Seq}
		}
		s.take(t, o.to, m)
	}
	t.lookup.Answered(o.question, m.ID, nodes)
}

// taskFailed ends a query of a task that brought nothing.
func (s *State) taskFailed(o *query) {
	if o.task == nil {
		return
	}
	if o.stores {
		o.task.open--
	} else {
		o.task.lookup.Failed(o.question)
	}
	s.tasks.changed(o.task)
}

// end removes a task. Its queries go on without it.
func (s *State) end(t *task) {
	s.tasks.running = slices.DeleteFunc(s.tasks.running, func(o *task) bool { return o == t })
	for _, o := range s.queries.open {
		if o.task == t {
			o.task = nil
		}
	}
}
