package node

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

var start = time.Unix(1_000_000_200, 0)

// A world is one node, and whoever the test plays.
type world struct {
	t      *testing.T
	now    time.Time
	random *rand.Rand
	s      *State
	sent   []sent  // since the last look at it
	events []Event // since the last look at them
	next   time.Time
}

type sent struct {
	to netip.AddrPort
	krpc.Message
}

func newWorld(t *testing.T, c Config) *world {
	w := &world{t: t, now: start, random: rand.New(rand.NewPCG(1, 1))}
	c.Random = rand.New(rand.NewPCG(1, 2))
	w.s = New(w.now, c)
	w.settle()
	return w
}

// settle ends a turn.
func (w *world) settle() {
	turn := w.s.Settle(w.now)
	for _, d := range turn.Send {
		limit := MaxAnswer
		m, err := krpc.Parse(append([]byte(nil), d.Bytes...))
		require.NoError(w.t, err)
		if m.Value != nil {
			limit = 1400
		}
		require.LessOrEqual(w.t, len(d.Bytes), limit)
		w.sent = append(w.sent, sent{d.To, m})
	}
	w.events = append(w.events, turn.Events...)
	w.next = turn.Next
	require.True(w.t, w.next.After(w.now), "the next turn is in the past")
}

// wait lets time pass.
func (w *world) wait(d time.Duration) {
	end := w.now.Add(d)
	for w.next.Before(end) {
		w.now = w.next
		w.settle()
	}
	w.now = end
	w.settle()
}

// took returns what was sent since the last call.
func (w *world) took() []sent {
	all := w.sent
	w.sent = nil
	return all
}

// happened returns the events since the last call.
func (w *world) happened() []Event {
	all := w.events
	w.events = nil
	return all
}

// receive has a message arrive, and returns the answers.
func (w *world) receive(from netip.AddrPort, m krpc.Message) []sent {
	w.took()
	if m.Transaction == nil {
		m.Transaction = []byte("tt")
	}
	w.s.Receive(w.now, from, m.AppendTo(nil))
	w.settle()
	var answers []sent
	for _, o := range w.sent {
		if o.to == from && o.Kind != krpc.Query {
			answers = append(answers, o)
		}
	}
	return answers
}

// ask is a query of a node that answers nobody.
func (w *world) ask(from netip.AddrPort, m krpc.Message) sent {
	w.t.Helper()
	m.Kind, m.ReadOnly = krpc.Query, true
	if (m.ID == nodeid.ID{}) {
		m.ID = nodeid.ForAddr(from.Addr(), w.random)
	}
	all := w.receive(from, m)
	require.Len(w.t, all, 1)
	return all[0]
}

// public returns address i of the Internet, each of a network of its own.
func public(i int) netip.AddrPort {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(20<<24+i<<8+1))
	return netip.AddrPortFrom(netip.AddrFrom4(b), 6881)
}

// contact returns a node of address i.
func (w *world) contact(i int) krpc.Contact {
	return krpc.Contact{ID: nodeid.ForAddr(public(i).Addr(), w.random), Addr: public(i)}
}

// answer has a node answer a query, with a Response unless m is a Failure.
func (w *world) answer(q sent, m krpc.Message) {
	m.Kind, m.Transaction = cmp.Or(m.Kind, krpc.Response), q.Transaction
	w.s.Receive(w.now, q.to, m.AppendTo(nil))
	w.settle()
}

// know fills the routing table with n nodes, by the queries of a bootstrap.
func (w *world) know(n int) (all []krpc.Contact) {
	ids := make(map[netip.AddrPort]nodeid.ID)
	for i := range n {
		c := w.contact(1000 + i)
		all = append(all, c)
		ids[c.Addr] = c.ID
	}
	w.s.Bootstrap(w.now, all, nil, nil)
	w.settle()
	for range 100 {
		for _, q := range w.took() {
			id, ok := ids[q.to]
			if q.Kind == krpc.Query && ok {
				w.answer(q, krpc.Message{ID: id, Nodes: all[:min(n, 8)], HasNodes: true})
			}
		}
		w.wait(100 * time.Millisecond)
	}
	w.took()
	w.happened()
	return all
}
