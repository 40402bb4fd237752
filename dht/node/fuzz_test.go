package node

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// FuzzState sends a node anything, and looks at what must always hold.
func FuzzState(f *testing.F) {
	f.Add([]byte("\x00\x01d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"))
	f.Add([]byte("700G@@\x01\xdc\xdc\xdc\xdc\xdc\xde\x00\x00")) // cancels a task that nobody began
	f.Add([]byte("\x01\x02\x03\x02\x01\x01\x05\x06\x07\x01\x01\x01\x04\x05\x05"))
	f.Add([]byte("\x04\x01\x01\x00\x80\x20d1:rd2:id20:abcdefghij0123456789e\x00\x81\x03d1:\x00\x82\x02xx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), 3000)] // so that an input takes little time
		w := newWorld(t, Config{})
		w.know(4)
		for len(b) >= 3 {
			from := public(int(b[1]) % 8)
			switch b[0] % 8 {
			case 0: // any bytes, also with the id of a query
				n := min(int(b[2]), len(b)-3)
				w.receiveBytes(from, b[1], b[3:3+n])
				b = b[n:]
			case 1, 2: // an answer to a query
				queries := w.took()
				for i, q := range queries {
					if q.Kind != krpc.Query || (i+int(b[2]))%3 == 0 {
						continue
					}
					m := krpc.Message{ID: w.s.idOf(q.to), Token: b[:1], Values: []netip.AddrPort{from}, External: from}
					for j := range int(b[2]) % 20 {
						m.Nodes = append(m.Nodes, w.contact(int(b[1])*j))
					}
					if b[0]%16 > 7 {
						m.ID = nodeid.Random(w.random)
					}
					w.answer(q, m)
				}
			case 3:
				w.wait(time.Duration(b[2]) * 100 * time.Millisecond)
			case 4:
				methods := []krpc.Method{krpc.FindNode, krpc.GetPeers, krpc.AnnouncePeer, krpc.Get, krpc.SampleInfohashes}
				w.s.Begin(w.now, Request{Method: methods[int(b[2])%len(methods)], Target: nodeid.ID{b[1]}, Port: 1})
			case 5:
				w.s.Suggest(w.now, from)
			case 6:
				w.s.Cancel(w.now, TaskID(b[2]))
			case 7:
				w.s.Bootstrap(w.now, nil, []netip.AddrPort{from}, []netip.AddrPort{from})
			}
			w.settle()
			b = b[3:]
			require.GreaterOrEqual(t, w.s.checks.open, 0)
			require.LessOrEqual(t, w.s.checks.open, maxChecks)
			require.LessOrEqual(t, len(w.s.tasks.running), maxRunning+fillLookups+2)
			require.Equal(t, len(w.s.queries.open) == 0, len(w.s.queries.awaited) == 0)
		}
		w.wait(time.Hour) // hundreds may wait
		require.Zero(t, w.s.Stats(w.now).Tasks, "every task ends")
	})
}

// receiveBytes has any bytes arrive. If choice says so, they have the id of a query behind them, and
// come from who was asked.
func (w *world) receiveBytes(from netip.AddrPort, choice byte, b []byte) {
	datagram := slices.Clone(b)
	queries := slices.DeleteFunc(w.took(), func(q sent) bool { return q.Kind != krpc.Query })
	if choice >= 0x80 && len(queries) > 0 {
		q := queries[int(choice)%len(queries)]
		from, datagram = q.to, fmt.Appendf(datagram, "1:t4:%s1:y1:re", q.Transaction)
	}
	w.s.Receive(w.now, from, datagram)
}
