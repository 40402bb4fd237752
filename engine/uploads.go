package engine

import (
	"sync"
)

// Buffers for blocks on their way out come in two sizes: for one block, and for
// as many as one write gathers. Either takes some messages as well.
const (
	fewMessages = 3 << 10
	oneBlock    = oneMessage + fewMessages
	manyBlock   = maxGather*oneMessage + fewMessages
)

// uploads bounds the memory of blocks on their way to peers.
type uploads struct {
	mu      sync.Mutex
	free    int64           // bytes
	waiting []*bufferWaiter // first come, first served
	small   [][]byte
	large   [][]byte
}

// A quest is a writer that waits for a buffer.
type bufferWaiter struct {
	cost int64
	done chan struct{}
}

// A lent buffer counts cost bytes until it is put back.
type uploadBuf struct {
	bytes []byte
	cost  int64
}

// take waits for a buffer of size bytes, at most manyBlock, or more; it gives up when closed is.
func (u *uploads) take(size int, closed <-chan struct{}) (uploadBuf, bool) {
	cost := int64(oneBlock)
	if size > oneBlock {
		cost = manyBlock
	}
	u.mu.Lock()
	if len(u.waiting) == 0 && u.free >= cost {
		u.free -= cost
		defer u.mu.Unlock()
		return u.find(cost), true
	}
	q := &bufferWaiter{cost: cost, done: make(chan struct{})}
	u.waiting = append(u.waiting, q)
	u.mu.Unlock()
	select {
	case <-q.done:
	case <-closed:
		u.cancelWait(q)
		return uploadBuf{}, false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.find(cost), true
}

// find returns a buffer for cost bytes that are counted already.
func (u *uploads) find(cost int64) uploadBuf {
	list := &u.small
	if cost > oneBlock {
		list = &u.large
	}
	if n := len(*list); n > 0 {
		p := (*list)[n-1]
		*list = (*list)[:n-1]
		return uploadBuf{p, cost}
	}
	// What is kept and what is lent must together not be more than the bound.
	for _, l := range []*[][]byte{&u.small, &u.large} {
		for len(*l) > 0 && int64(len(u.small))*oneBlock+int64(len(u.large))*manyBlock > u.free {
			*l = (*l)[:len(*l)-1]
		}
	}
	return uploadBuf{make([]byte, cost), cost}
}

// giveUp takes back what q was promised, or its place in the line.
func (u *uploads) cancelWait(q *bufferWaiter) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, w := range u.waiting {
		if w == q {
			u.waiting = append(u.waiting[:i], u.waiting[i+1:]...)
			return
		}
	}
	u.free += q.cost
	u.serve()
}

// put takes a buffer back.
func (u *uploads) put(l uploadBuf) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch l.cost {
	case oneBlock:
		u.small = append(u.small, l.bytes)
	case manyBlock:
		u.large = append(u.large, l.bytes)
	}
	u.free += l.cost
	u.serve()
}

// serve promises what is free to those who wait.
func (u *uploads) serve() {
	for len(u.waiting) > 0 && u.free >= u.waiting[0].cost {
		q := u.waiting[0]
		u.waiting = u.waiting[1:]
		u.free -= q.cost
		close(q.done)
	}
}
