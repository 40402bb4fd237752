package node

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/lookup"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	firstPatience = time.Second            // until an answer is late, before any is known
	leastPatience = 250 * time.Millisecond // answers come within some 200 ms on most lines
	mostPatience  = 1500 * time.Millisecond
	leastGiveUp   = 1500 * time.Millisecond
)

// queries are those of ours that wait for an answer. A transaction id is a random number,
// so that nobody can answer who has not seen the query.
type queries struct {
	open    map[uint32]*query
	order   []*query               // as they were sent, some closed
	awaited map[netip.AddrPort]int // from whom answers may come

	mean, deviation time.Duration // of the time to an answer; zero before the first
	tuning          *Tuning
}

// A query waits for its answer.
type query struct {
	transaction uint32
	to          netip.AddrPort
	method      krpc.Method
	sentAt      time.Time
	lateAt      time.Time // when its answer is late
	late        bool
	closed      bool

	task     *task // nil for none
	question lookup.Question
	stores   bool       // announce_peer or put of the task
	first    int        // the bootstrap in which it was asked by its address; 0 for none
	check    bool       // a node that we consider
	known    *nodeid.ID // the id that it has in the table
}

func (q *queries) init(t *Tuning) {
	q.tuning = t
	q.open, q.awaited = make(map[uint32]*query), make(map[netip.AddrPort]int)
}

// patience returns after how long an answer is late: longer than nearly all took.
func (q *queries) patience() time.Duration {
	switch {
	case q.tuning.Late > 0:
		return q.tuning.Late
	case q.mean == 0:
		return firstPatience
	}
	return min(max(q.mean+4*q.deviation, leastPatience), mostPatience)
}

// patienceWith returns after how long the answer to a query is late. A node that answered
// before is late sooner if it was faster than others.
func (s *State) patienceWith(q *query) time.Duration {
	most := s.queries.patience()
	if q.known == nil || s.config.Tuning.Late > 0 {
		return most
	}
	n := s.table.Find(*q.known)
	if n == nil || n.RTT == 0 {
		return most
	}
	return min(max(2*n.RTT, leastPatience), most)
}

// giveUp returns after how long an answer is not waited for any more: twice as long as until
// it is late. Look-ups end when they have given up the silent nodes among the nearest.
func (q *queries) giveUp() time.Duration {
	if q.tuning.GiveUp > 0 {
		return q.tuning.GiveUp
	}
	return max(2*q.patience(), leastGiveUp)
}

// took takes in the time from a query to its answer.
func (q *queries) took(d time.Duration) {
	if q.mean == 0 {
		q.mean, q.deviation = d, d/2
		return
	}
	q.deviation += ((d - q.mean).Abs() - q.deviation) / 8
	q.mean += (d - q.mean) / 16
}

// next returns when a query will be late or given up; zero if none waits.
func (q *queries) next() (at time.Time) {
	if len(q.order) > 0 {
		at = q.order[0].sentAt.Add(q.giveUp())
	}
	for _, o := range q.order {
		if !o.closed && !o.late && o.lateAt.Before(at) {
			at = o.lateAt
		}
	}
	return at
}

// ask sends a query. m needs its method and arguments.
func (s *State) ask(q *query, m *krpc.Message) {
	for q.transaction = s.config.Random.Uint32(); s.queries.open[q.transaction] != nil; {
		q.transaction = s.config.Random.Uint32()
	}
	q.method, q.sentAt, q.lateAt = m.Method, s.now, s.now.Add(s.patienceWith(q))
	s.queries.open[q.transaction] = q
	s.queries.order = append(s.queries.order, q)
	s.queries.awaited[q.to]++
	var t [4]byte
	binary.BigEndian.PutUint32(t[:], q.transaction)
	m.Kind, m.Transaction, m.ID = krpc.Query, t[:], s.self
	m.ReadOnly, m.Version = s.config.ReadOnly, []byte(s.config.Version)
	s.stats.Sent++
	if q.task != nil {
		q.task.sent++
	}
	s.emit(q.to, m)
}

// find returns the query that a message from an address answers; nil if it answers none.
func (q *queries) find(transaction []byte, from netip.AddrPort) *query {
	if len(transaction) != 4 {
		return nil
	}
	o := q.open[binary.BigEndian.Uint32(transaction)]
	if o == nil || o.to != from {
		return nil
	}
	return o
}

// isOf reports whether a query has a transaction id.
func (q *query) isOf(transaction []byte) bool {
	return len(transaction) == 4 && binary.BigEndian.Uint32(transaction) == q.transaction
}

// quoted returns the query whose transaction id a datagram from an address has, where programs
// write it; nil if there is none. Only who has got the query knows the id, so nobody else can
// have datagrams read, and finding it takes less time than reading them.
func (q *queries) quoted(b []byte, from netip.AddrPort) *query {
	if q.awaited[from] == 0 {
		return nil
	}
	const lastPart = 256 // bytes; sorted keys have it there
	key := []byte("1:t4:")
	begin := max(0, len(b)-lastPart)
	for _, i := range []int{begin + bytes.LastIndex(b[begin:], key), bytes.Index(b, key)} {
		id := i + len(key)
		isThere := i >= 0 && id+4 <= len(b) && bytes.HasPrefix(b[i:], key)
		if !isThere {
			continue
		}
		o := q.find(b[id:id+4], from)
		if o != nil {
			return o
		}
	}
	return nil
}

// close forgets a query.
func (q *queries) close(o *query) {
	o.closed = true
	delete(q.open, o.transaction)
	q.awaited[o.to]--
	if q.awaited[o.to] == 0 {
		delete(q.awaited, o.to)
	}
	n := 0
	for n < len(q.order) && q.order[n].closed {
		q.order[n] = nil
		n++
	}
	q.order = q.order[n:]
}

// checkQueries finds the answers that are late, and gives those up that are very late.
func (s *State) checkQueries() {
	for len(s.queries.order) > 0 {
		o := s.queries.order[0]
		if !o.closed && s.now.Sub(o.sentAt) < s.queries.giveUp() {
			break
		}
		s.queries.close(o)
		s.failed(o)
	}
	for _, o := range s.queries.order {
		if o.closed || o.late || o.lateAt.After(s.now) {
			continue
		}
		o.late = true
		s.stats.Late++
		if o.task != nil && !o.stores {
			o.task.lookup.Late(o.question)
			s.tasks.changed(o.task)
		}
	}
}

// failed ends a query without an answer.
func (s *State) failed(o *query) {
	if o.known != nil {
		s.table.Failed(s.now, krpc.Contact{ID: *o.known, Addr: o.to})
	}
	s.checks.done(o)
	if o.first > 0 {
		s.firstDone(o)
	}
	s.taskFailed(o)
}
