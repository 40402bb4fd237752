package node

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// flooded has the node look something up while 50,000 queries a second arrive, each from
// one of some addresses, and returns how long that took.
func flooded(t *testing.T, addrs int, isSilentNode bool) (took time.Duration, w *world) {
	w = newWorld(t, Config{})
	w.know(40)
	id := w.s.Begin(w.now, Request{Method: krpc.GetPeers, Target: nodeid.ID{5}})
	w.settle()
	arrived := 0
	waiting := make([][]sent, 9)
	for range 600 {
		for i := range 500 { // in 10 ms
			if addrs == 0 {
				break
			}
			from := public(5000 + (arrived+i)%addrs)
			if i%50 == 0 { // forged, from those who are asked
				from = public(1000 + i%40)
			}
			m := krpc.Message{Kind: krpc.Query, Method: krpc.GetPeers, ID: nodeid.ForAddr(from.Addr(), w.random), HasTarget: true, ReadOnly: !isSilentNode, Transaction: []byte("x")}
			w.s.Receive(w.now, from, m.AppendTo(nil))
		}
		arrived += 500
		waiting = append(waiting, w.took())
		for _, q := range waiting[0] { // it took 100 ms
			known := w.s.idOf(q.to)
			if q.Kind == krpc.Query && (known != nodeid.ID{}) {
				w.answer(q, krpc.Message{ID: known, Values: []netip.AddrPort{public(7)}})
			}
		}
		waiting = waiting[1:]
		w.wait(10 * time.Millisecond)
		require.LessOrEqual(t, len(w.s.limits.addrs), DefaultQueries)
		require.LessOrEqual(t, w.s.checks.open, maxChecks)
		require.Less(t, len(w.s.queries.order), 200)
		for _, e := range w.happened() {
			d, ok := e.(DoneEvent)
			if ok && d.Task == id {
				return d.Took, w
			}
		}
	}
	t.Fatal("the look-up does not end")
	return
}

// A flood of 50,000 queries a second, from one address or from many, and of strangers who
// look like nodes and do not answer, does not slow a look-up of ours.
func TestFloods(t *testing.T) {
	alone, _ := flooded(t, 0, false)
	for _, addrs := range []int{1, 20_000, 1 << 20} {
		for _, isSilentNode := range []bool{false, true} {
			took, w := flooded(t, addrs, isSilentNode)
			require.LessOrEqual(t, took, 2*alone, addrs)
			require.NotZero(t, w.s.Stats(w.now).Dropped)
		}
	}
}

// Who is asked something may send any datagrams until it answers. They are read as those of
// strangers are, few each second. One with the transaction's id ends the query, whatever it is.
func TestFloodOfWhoIsAsked(t *testing.T) {
	for name, flood := range map[string]func(q sent) []byte{
		"junk":          func(sent) []byte { return []byte("junk") },
		"queries":       func(sent) []byte { return wire("ping", "id", "20:abcdefghij0123456789", nil) },
		"other answers": func(sent) []byte { return []byte("d1:rd2:id20:abcdefghij0123456789e1:t4:nono1:y1:re") },
		"no message":    func(q sent) []byte { return fmt.Appendf(nil, "1:t4:%s", q.Transaction) },
		"no end":        func(q sent) []byte { return fmt.Appendf(nil, "d1:t4:%s", q.Transaction) },
		"no id":         func(q sent) []byte { return fmt.Appendf(nil, "d1:rde1:t4:%s1:y1:re", q.Transaction) },
		"a query":       func(q sent) []byte { return fmt.Appendf(nil, "d1:q4:ping1:t4:%s1:y1:qe", q.Transaction) },
		"elsewhere": func(q sent) []byte {
			return fmt.Appendf(nil, "d1:rd2:id20:abcdefghij01234567891:x9:1:t4:%se1:t2:xx1:y1:re", q.Transaction)
		},
		"too long":         func(q sent) []byte { return fmt.Appendf(nil, "d1:rd1:x3000:%03000de1:t4:%s1:y1:re", 0, q.Transaction) },
		"before long junk": func(q sent) []byte { return fmt.Appendf(nil, "d1:t4:%s1:v1000:%01000d", q.Transaction, 0) },
	} {
		w := newWorld(t, Config{})
		w.know(8)
		id := w.s.Begin(w.now, Request{Method: krpc.GetPeers, Target: nodeid.ID{5}})
		w.settle()
		queries := w.took()
		hostile := queries[0]
		before := w.s.Stats(w.now)
		for range 5000 {
			w.s.Receive(w.now, hostile.to, flood(hostile))
		}
		after := w.s.Stats(w.now)
		read := 5000 - (after.Dropped - before.Dropped)
		require.LessOrEqual(t, read, int64(DefaultQueriesPerAddr+1), name)
		require.Equal(t, before.Answered, after.Answered, name)
		for _, q := range queries[1:] {
			w.answer(q, krpc.Message{ID: w.s.idOf(q.to)})
		}
		done, _ := w.play(id, func(q sent) (krpc.Message, bool) {
			return krpc.Message{ID: w.s.idOf(q.to)}, q.to != hostile.to
		})
		require.NoError(t, done.Err, name)
		require.Len(t, done.Nodes, 7, name)
	}
}

// An answer is read during a flood from the same address, and by a node that answers nobody, in
// whatever order its keys are, also if its value looks like a transaction.
func TestAnswersDuringAFlood(t *testing.T) {
	value := "19:xx1:t4:abcd1:t4:abc"
	target := item.Item{Value: []byte(value)}
	for _, format := range []string{
		"d1:rd2:id20:%[1]s1:v%[2]se1:t4:%[3]s1:y1:re",
		"d1:t4:%[3]s1:y1:r1:rd2:id20:%[1]s1:v%[2]see",
		"d1:y1:r1:t4:%[3]s1:rd2:id20:%[1]s1:v%[2]s1:x1000:%[4]see",
	} {
		for _, readOnly := range []bool{false, true} {
			w := newWorld(t, Config{ReadOnly: readOnly})
			w.know(8)
			w.s.Begin(w.now, Request{Method: krpc.Get, Target: target.Target()})
			w.settle()
			q := w.took()[0]
			for range 100 {
				w.s.Receive(w.now, q.to, []byte("d1:rd2:id20:abcdefghij0123456789e1:t4:nono1:y1:re"))
			}
			id := w.s.idOf(q.to)
			w.s.Receive(w.now, q.to, fmt.Appendf(nil, format, id[:], value, q.Transaction, strings.Repeat("x", 1000)))
			w.settle()
			require.Len(t, w.happened(), 1, format)
		}
	}
}
