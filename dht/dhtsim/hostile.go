package dhtsim

import (
	"encoding/binary"
	"net/netip"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// lie answers a query for nodes or peers in place of a hostile node: with made-up nodes near
// the target, of dead addresses or of victims. It reports false for what the node should
// handle as an honest one.
func (w *network) lie(m *member, h happening) bool {
	q, err := krpc.Parse(h.bytes)
	isSearch := err == nil && q.Kind == krpc.Query && (q.Method == krpc.FindNode || q.Method == krpc.GetPeers) && q.Target != m.ID()
	if !isSearch {
		return false
	}
	a := krpc.Message{Kind: krpc.Response, Transaction: q.Transaction, ID: m.ID(), HasNodes: true}
	for i := range 8 {
		a.Nodes = append(a.Nodes, w.madeUp(q.Target, i))
	}
	if q.Method == krpc.GetPeers {
		a.Token = []byte("hostile")
	}
	w.sent++
	to := w.addrs[h.from]
	if to != nil && !to.silent {
		w.push(happening{at: w.now.Add(w.delay(m.addr, h.from)), to: to, from: m.addr, bytes: a.AppendTo(nil)})
	}
	return true
}

// A disguise is an address, and an id that fits it.
type disguise struct {
	addr netip.Addr
	id   nodeid.ID
}

const (
	disguises = 1 << 16
	aimed     = 11 // bits that an id has in common with the target
)

// disguise finds addresses whose ids fit, which anybody can: the id of an address depends on
// few of its bits.
func (w *network) makeDisguises() {
	w.disguises = make(map[uint16][]disguise)
	for range disguises {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], w.random.Uint32())
		b[0] = 20 + b[0]%80
		a := netip.AddrFrom4(b)
		id := nodeid.ForAddr(a, w.random)
		w.disguises[prefixOf(id)] = append(w.disguises[prefixOf(id)], disguise{a, id})
	}
}

func prefixOf(id nodeid.ID) uint16 { return binary.BigEndian.Uint16(id[:]) >> (16 - aimed) }

// madeUp returns a node that is not there: of three one is a victim, a node that has
// another id, one has an id next to the target that does not fit its address, and one an id
// that fits, and that is near.
func (w *network) madeUp(target nodeid.ID, i int) krpc.Contact {
	id := nodeid.Random(w.random).WithPrefix(target, 30)
	if i%3 == 0 {
		return krpc.Contact{ID: id, Addr: w.nodes[w.random.IntN(len(w.nodes))].addr}
	}
	fitting := w.disguises[prefixOf(target)]
	if len(fitting) == 0 {
		return krpc.Contact{ID: id, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{99, 9, 9, 9}), uint16(1+w.random.IntN(60000)))}
	}
	d := fitting[w.random.IntN(len(fitting))]
	if i%3 == 1 {
		id = d.id
	}
	return krpc.Contact{ID: id, Addr: netip.AddrPortFrom(d.addr, 6881)}
}

// fallSilent has a share of the nodes stop answering, which others do not know yet.
func (w *network) fallSilent(share float64) {
	for _, m := range w.nodes {
		m.silent = !m.hostile && w.random.Float64() < share
	}
}
