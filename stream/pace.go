package stream

import (
	"sync"
	"time"
)

// A client is slow if it keeps us waiting: it has taken nothing for longWrite, or in the last
// window of at least paceWindow, most of which we waited for it, less than minRate. Paused players
// are slow as well, so a slow one goes only if another client needs its place, and the slowest goes
// first. The times are short because slow clients that are cut off come back at once.
const (
	longWrite  = time.Second
	paceWindow = 10 * time.Second
	minRate    = 64 << 10 // bytes a second; less than any video needs

	longRead = 5 * time.Second // a reader that waits for bytes longer makes room as well

	// A client that waits longer for its first bytes makes room for another one of its own address, or
	// of one that has fewer places. Otherwise clients of bytes that nobody has, which come back when
	// they are cut off, would hold all places, and keep out those whose bytes are there.
	longFirstRead = 100 * time.Millisecond
)

// A pace is how a client takes what is sent to it. Its zero value is that of a client that was
// sent nothing. Methods may be called concurrently.
type pace struct {
	mu      sync.Mutex    // guards what follows
	beganAt time.Time     // of the window
	bytes   int64         // written in the window
	waited  time.Duration // in finished writes of the window
	slow    bool          // in the window before
	writeAt time.Time     // when the write under way began; zero for none
	readAt  time.Time     // when the read under way began; zero for none
}

// startWrite says that a write begins.
func (p *pace) startWrite() {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writeAt = now
	if p.beganAt.IsZero() {
		p.beganAt = now
	}
}

// endWrite says that the write has ended.
func (p *pace) endWrite(n int) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes += int64(n)
	p.waited += now.Sub(p.writeAt)
	p.writeAt = time.Time{}
	if took := now.Sub(p.beganAt); took >= paceWindow {
		p.slow = p.waited > took/2 && float64(p.bytes) < minRate*took.Seconds()
		p.beganAt, p.bytes, p.waited = now, 0, 0
	}
}

// startRead says that a read of a file begins.
func (p *pace) startRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readAt = time.Now()
}

// endRead says that the read has ended.
func (p *pace) endRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readAt = time.Time{}
}

// hinders reports whether the client may lose its place to another, and how long we have waited
// in the call that is under way. For its first bytes it may have waited for firstRead.
func (p *pace) hinders(now time.Time, firstRead time.Duration) (waited time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.writeAt.IsZero() {
		waited = now.Sub(p.writeAt)
		ok = waited >= longWrite
	}
	if !p.readAt.IsZero() {
		read := now.Sub(p.readAt)
		waited = max(waited, read)
		limit := longRead
		if p.beganAt.IsZero() {
			limit = firstRead
		}
		ok = ok || read >= limit
	}
	return waited, ok || p.slow
}
