package trackerserver

import "container/heap"

// A holder is the address that peers and swarms are charged to: an IPv4 address, or a
// /64 of IPv6, because one host may use every address of its /64.
type holder uint64

// is4 reports whether h is an IPv4 address. No public IPv6 address begins with 0:0:0:ffff.
func (h holder) is4() bool { return h>>32 == 0xffff }

// A holderMap maps holders to numbers. Those of IPv4 have a map of their own, because they
// need half of the memory there and are most.
type holderMap struct {
	four map[uint32]int32
	six  map[holder]int32
}

func (m *holderMap) get(h holder) (n int32, ok bool) {
	if h.is4() {
		n, ok = m.four[uint32(h)]
	} else {
		n, ok = m.six[h]
	}
	return n, ok
}

func (m *holderMap) set(h holder, n int32) {
	switch {
	case h.is4() && m.four == nil:
		m.four = map[uint32]int32{uint32(h): n}
	case h.is4():
		m.four[uint32(h)] = n
	case m.six == nil:
		m.six = map[holder]int32{h: n}
	default:
		m.six[h] = n
	}
}

func (m *holderMap) remove(h holder) {
	if h.is4() {
		delete(m.four, uint32(h))
	} else {
		delete(m.six, h)
	}
}

func (m *holderMap) size() int { return len(m.four) + len(m.six) }

// A tally counts what each holder has, and knows one that has most. It is a heap of those
// that have two or more. Most have one, which takes less memory.
type tally struct {
	counts []holderCount
	index  holderMap // of counts; onlyOne if the holder is not there
}

type holderCount struct {
	holder holder
	count  int32
}

// onlyOne is instead of an index.
const onlyOne = -1

// count returns how many h has.
func (t *tally) count(h holder) int {
	i, ok := t.index.get(h)
	switch {
	case !ok:
		return 0
	case i == onlyOne:
		return 1
	}
	return int(t.counts[i].count)
}

// largest returns a holder that has most. If all have one, which are then equal, it
// returns no holder and 1; if there is none, 0.
func (t *tally) largest() (h holder, count int) {
	if len(t.counts) == 0 {
		return 0, min(t.index.size(), 1)
	}
	return t.counts[0].holder, int(t.counts[0].count)
}

// add counts one more for h.
func (t *tally) add(h holder) {
	i, ok := t.index.get(h)
	switch {
	case !ok:
		t.index.set(h, onlyOne)
	case i == onlyOne:
		heap.Push(t, holderCount{h, 2})
	default:
		t.counts[i].count++
		heap.Fix(t, int(i))
	}
}

// remove counts one less for h, which must have one.
func (t *tally) remove(h holder) {
	i, _ := t.index.get(h)
	if i == onlyOne {
		t.index.remove(h)
		return
	}
	t.counts[i].count--
	if t.counts[i].count == 1 {
		heap.Remove(t, int(i))
		return
	}
	heap.Fix(t, int(i))
}

// Len implements heap.Interface.
func (t *tally) Len() int { return len(t.counts) }

// Less implements heap.Interface. The holder that has most comes first.
func (t *tally) Less(i, j int) bool { return t.counts[i].count > t.counts[j].count }

// Swap implements heap.Interface.
func (t *tally) Swap(i, j int) {
	t.counts[i], t.counts[j] = t.counts[j], t.counts[i]
	t.index.set(t.counts[i].holder, int32(i))
	t.index.set(t.counts[j].holder, int32(j))
}

// Push implements heap.Interface.
func (t *tally) Push(x any) {
	c := x.(holderCount)
	t.index.set(c.holder, int32(len(t.counts)))
	t.counts = append(t.counts, c)
}

// Pop implements heap.Interface.
func (t *tally) Pop() any {
	last := len(t.counts) - 1
	c := t.counts[last]
	t.index.set(c.holder, onlyOne)
	t.counts = t.counts[:last]
	return c
}
