package trackerserver

import (
	"container/heap"
	"encoding/binary"
)

// A holder is the address that peers and swarms are charged to: an IPv4 address, or a
// /64 of IPv6, because one host may use every address of its /64.
type holder uint64

// holder returns the address that the peer at e is charged to. No public IPv6 address
// begins as a mapped IPv4 address ends, so the two kinds differ.
func (e *endpoint) holder() holder {
	first, second := binary.BigEndian.Uint64(e.ip[:8]), binary.BigEndian.Uint64(e.ip[8:])
	if first == 0 && second>>32 == 0xffff {
		return holder(second)
	}
	return holder(first)
}

// A tally counts what each holder has, and knows one that has most. It is a heap.
type tally struct {
	counts []holderCount
	index  map[holder]int32 // of counts
}

type holderCount struct {
	holder holder
	count  int32
}

// count returns how many h has.
func (t *tally) count(h holder) int {
	i, ok := t.index[h]
	if !ok {
		return 0
	}
	return int(t.counts[i].count)
}

// largest returns a holder that has most. The tally must not be empty.
func (t *tally) largest() (h holder, count int) {
	return t.counts[0].holder, int(t.counts[0].count)
}

// add counts one more for h.
func (t *tally) add(h holder) {
	i, ok := t.index[h]
	if !ok {
		heap.Push(t, holderCount{h, 1})
		return
	}
	t.counts[i].count++
	heap.Fix(t, int(i))
}

// remove counts one less for h, which must have one.
func (t *tally) remove(h holder) {
	i := int(t.index[h])
	t.counts[i].count--
	if t.counts[i].count == 0 {
		heap.Remove(t, i)
		return
	}
	heap.Fix(t, i)
}

// Len implements heap.Interface.
func (t *tally) Len() int { return len(t.counts) }

// Less implements heap.Interface. The holder that has most comes first.
func (t *tally) Less(i, j int) bool { return t.counts[i].count > t.counts[j].count }

// Swap implements heap.Interface.
func (t *tally) Swap(i, j int) {
	t.counts[i], t.counts[j] = t.counts[j], t.counts[i]
	t.index[t.counts[i].holder], t.index[t.counts[j].holder] = int32(i), int32(j)
}

// Push implements heap.Interface.
func (t *tally) Push(x any) {
	if t.index == nil {
		t.index = make(map[holder]int32)
	}
	c := x.(holderCount)
	t.index[c.holder] = int32(len(t.counts))
	t.counts = append(t.counts, c)
}

// Pop implements heap.Interface.
func (t *tally) Pop() any {
	last := len(t.counts) - 1
	c := t.counts[last]
	delete(t.index, c.holder)
	t.counts = t.counts[:last]
	return c
}
