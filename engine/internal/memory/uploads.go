package memory

import (
	"sync"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// MaxGather is the number of blocks in one write to a peer.
	MaxGather = 16

	// MaxPayload is the number of bytes that those blocks take with their headers.
	MaxPayload = MaxGather * blockMessage

	// FewMessages is the number of bytes of other messages that fit into a buffer
	// in front of the blocks.
	FewMessages = 3 << 10
)

// Buffers come in two sizes: for one block, and for as many as one write gathers.
const (
	blockMessage = swarm.BlockLen + peerwire.PieceHeaderLen
	smallBuffer  = blockMessage + FewMessages
	largeBuffer  = MaxPayload + FewMessages
)

// Uploads bounds the memory of blocks on their way to peers. Its methods may be
// called from many goroutines.
type Uploads struct {
	size int64 // bytes in all

	mu      sync.Mutex
	free    int64     // bytes, of size
	waiting []*waiter // first come, first served
	small   [][]byte
	large   [][]byte
}

// A waiter is a writer that waits for a buffer.
type waiter struct {
	cost int64
	done chan struct{} // closed when the bytes are set aside
}

// A Buffer counts as used until it is put back. Its bytes are the holder's until then.
type Buffer struct {
	Bytes []byte
	cost  int64
}

// NewUploads returns Uploads of the given number of bytes, or as many as one write takes.
func NewUploads(bytes int64) *Uploads {
	size := max(bytes, largeBuffer)
	return &Uploads{size: size, free: size}
}

// InUse returns the number of bytes in buffers that were not put back.
func (u *Uploads) InUse() int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.size - u.free
}

// Take waits for a buffer of at least size bytes, of which there may be MaxPayload and
// FewMessages. It gives up, and reports false, when closed is closed.
func (u *Uploads) Take(size int, closed <-chan struct{}) (Buffer, bool) {
	cost := int64(smallBuffer)
	if size > smallBuffer {
		cost = largeBuffer
	}
	u.mu.Lock()
	if len(u.waiting) == 0 && u.free >= cost {
		defer u.mu.Unlock()
		u.free -= cost
		return u.find(cost), true
	}
	w := &waiter{cost: cost, done: make(chan struct{})}
	u.waiting = append(u.waiting, w)
	u.mu.Unlock()
	select {
	case <-w.done:
	case <-closed:
		u.cancelWait(w)
		return Buffer{}, false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.find(cost), true
}

// find returns a buffer for cost bytes that are counted already.
func (u *Uploads) find(cost int64) Buffer {
	list := &u.small
	if cost > smallBuffer {
		list = &u.large
	}
	n := len(*list)
	if n > 0 {
		p := (*list)[n-1]
		*list = (*list)[:n-1]
		return Buffer{p, cost}
	}
	// What is kept and what is in use must together not be more than the bound.
	for _, l := range []*[][]byte{&u.small, &u.large} {
		for len(*l) > 0 && int64(len(u.small))*smallBuffer+int64(len(u.large))*largeBuffer > u.free {
			*l = (*l)[:len(*l)-1]
		}
	}
	return Buffer{make([]byte, cost), cost}
}

// cancelWait takes back what was set aside for w, or its place in the queue.
func (u *Uploads) cancelWait(w *waiter) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, o := range u.waiting {
		if o == w {
			u.waiting = append(u.waiting[:i], u.waiting[i+1:]...)
			return
		}
	}
	u.free += w.cost
	u.serve()
}

// Put takes a buffer back.
func (u *Uploads) Put(b Buffer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch b.cost {
	case smallBuffer:
		u.small = append(u.small, b.Bytes)
	case largeBuffer:
		u.large = append(u.large, b.Bytes)
	}
	u.free += b.cost
	u.serve()
}

// serve sets aside what is free for those who wait.
func (u *Uploads) serve() {
	for len(u.waiting) > 0 && u.free >= u.waiting[0].cost {
		w := u.waiting[0]
		u.waiting = u.waiting[1:]
		u.free -= w.cost
		close(w.done)
	}
}
