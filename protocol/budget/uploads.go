package budget

import (
	"slices"
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

// blockMessage is the bytes of a block with its header.
const blockMessage = swarm.BlockLen + peerwire.PieceHeaderLen

// A class is a size of buffers: class i is for 1<<i blocks.
type class int

const classes = 5

// bytes returns the size of a buffer.
func (c class) bytes() int64 { return blockMessage<<c + FewMessages }

// classOf returns the smallest class for a number of bytes, of which there may be
// MaxPayload and FewMessages.
func classOf(bytes int) class {
	c := class(0)
	for c < classes-1 && int64(bytes) > c.bytes() {
		c++
	}
	return c
}

// Uploads bounds the memory of blocks on their way to peers. A peer that takes nothing
// keeps its buffer, of which it has one, so the memory is divided. Half of it is for
// buffers of a single block: by default there are more of them than connections. The
// other half lets writes be larger. Of both a torrent holds at most twice of what is left.
// The methods may be called from many goroutines.
type Uploads struct {
	size int64 // bytes in all

	mu      sync.Mutex
	free    int64     // bytes, of size
	waiting []*Waiter // in order of coming
	kept    [classes][][]byte
}

// A Share is what one torrent holds of the Uploads, which guard it. The zero Share holds
// nothing.
type Share struct{ held int64 }

// A Waiter waits for a buffer.
type Waiter struct {
	share   *Share
	class   class
	granted func() // is called when the bytes are set aside
}

// A Buffer counts as used until it is put back. Its bytes are the holder's until then.
type Buffer struct {
	Bytes []byte
	share *Share
	class class
}

// NewUploads returns Uploads of the given number of bytes, or twice as many as one write
// takes.
func NewUploads(bytes int64) *Uploads {
	size := max(bytes, 2*class(classes-1).bytes())
	return &Uploads{size: size, free: size}
}

// InUse returns the number of bytes in buffers that were not put back.
func (u *Uploads) InUse() int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.size - u.free
}

// Wanted reports whether anybody waits for a buffer.
func (u *Uploads) Wanted() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.waiting) > 0
}

// Take returns a buffer of at least least bytes, and of up to want if the torrent may have
// that. There may be MaxPayload and FewMessages. It reports false if it has none now; Wait then
// waits for one.
func (u *Uploads) Take(share *Share, least, want int) (Buffer, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := classOf(want); c >= classOf(least); c-- {
		if u.mayTake(share, c) {
			u.setAside(share, c)
			return u.find(share, c), true
		}
	}
	return Buffer{}, false
}

// Wait calls granted, once, when a buffer of least bytes is set aside. Then Claim returns it.
// granted must return at once and must not call the Uploads.
func (u *Uploads) Wait(share *Share, least int, granted func()) *Waiter {
	w := &Waiter{share: share, class: classOf(least), granted: granted}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting = append(u.waiting, w)
	u.serve() // one may have come back since Take
	return w
}

// Claim returns the buffer that was granted.
func (u *Uploads) Claim(w *Waiter) Buffer {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.find(w.share, w.class)
}

// mayTake reports whether a torrent may have one more buffer: it holds at most twice of
// what is left then. A torrent that holds nothing always may. Buffers of several blocks
// leave half of the memory to those of one.
func (u *Uploads) mayTake(share *Share, c class) bool {
	left := u.free - c.bytes()
	if c > 0 {
		left -= u.size / 2
	}
	return left >= 0 && (share.held == 0 || share.held+c.bytes() <= 2*left)
}

// setAside counts a buffer as used.
func (u *Uploads) setAside(share *Share, c class) {
	u.free -= c.bytes()
	share.held += c.bytes()
}

// release ends the count of a buffer, and serves those who wait.
func (u *Uploads) release(share *Share, c class) {
	u.free += c.bytes()
	share.held -= c.bytes()
	u.serve()
}

// serve sets bytes aside for those who wait, as long as there are some.
func (u *Uploads) serve() {
	for {
		i := u.nextWaiter()
		if i < 0 {
			return
		}
		w := u.waiting[i]
		u.waiting = slices.Delete(u.waiting, i, i+1)
		u.setAside(w.share, w.class)
		w.granted()
	}
}

// nextWaiter returns the index of who is served next, or -1: of those whose torrents hold
// least, the first that came.
func (u *Uploads) nextWaiter() int {
	next := -1
	for i, w := range u.waiting {
		isBetter := next < 0 || w.share.held < u.waiting[next].share.held
		if isBetter && u.mayTake(w.share, w.class) {
			next = i
		}
	}
	return next
}

// find returns a buffer whose bytes are counted already.
func (u *Uploads) find(share *Share, c class) Buffer {
	list := &u.kept[c]
	n := len(*list)
	if n > 0 {
		p := (*list)[n-1]
		*list = (*list)[:n-1]
		return Buffer{p, share, c}
	}
	u.dropKept()
	return Buffer{make([]byte, c.bytes()), share, c}
}

// dropKept drops kept buffers until they and those in use together are within the bound.
func (u *Uploads) dropKept() {
	kept := int64(0)
	for c, list := range u.kept {
		kept += int64(len(list)) * class(c).bytes()
	}
	for c := range u.kept {
		list := &u.kept[c]
		for len(*list) > 0 && kept > u.free {
			(*list)[len(*list)-1] = nil
			*list = (*list)[:len(*list)-1]
			kept -= class(c).bytes()
		}
	}
}

// Cancel ends a wait, also one that was granted and not claimed.
func (u *Uploads) Cancel(w *Waiter) {
	u.mu.Lock()
	defer u.mu.Unlock()
	i := slices.Index(u.waiting, w)
	if i >= 0 {
		u.waiting = slices.Delete(u.waiting, i, i+1)
		return
	}
	u.release(w.share, w.class)
}

// Put takes a buffer back.
func (u *Uploads) Put(b Buffer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.kept[b.class] = append(u.kept[b.class], b.Bytes)
	u.release(b.share, b.class)
}
