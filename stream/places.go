package stream

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// maxWait is how long a request waits for a place. That is longer than twice longRead, so that
// one that waits goes meanwhile, and another one that was in the queue before. As many requests wait as
// there are places.
const maxWait = 12 * time.Second

// errNoPlace says that all places are taken by clients that use them.
var errNoPlace = errors.New("stream: too many requests are under way")

// A places bounds the requests that run at a time. When all places are taken, a new request gets
// that of the client that has hindered for longest; or, of the address that has most, the oldest,
// if this address has at least two more than the new one's; or it waits. When too many wait, the
// newest of the address that waits most goes, if it has two more than the new one's.
type places struct {
	most int

	mu    sync.Mutex // guards what follows
	taken []*place   // oldest first
	queue []*place   // that wait, oldest first
}

// A place is that of a request.
type place struct {
	pace
	holder  netip.Prefix
	stop    func()        // ends the request
	ready   chan struct{} // closed when it is taken or refused
	refused bool          // valid when ready is closed
}

// holderOf returns what an address is charged to: itself, or its /64; an invalid one for an address
// that is not known.
func holderOf(addr string) netip.Prefix {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return netip.Prefix{}
	}
	ip := a.Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits)
	return p
}

// acquire waits for a place for a client. To make room for another one, stop is called, in any
// goroutine. The caller releases the place.
func (p *places) acquire(ctx context.Context, addr string, stop func()) (*place, error) {
	own := &place{holder: holderOf(addr), stop: stop, ready: make(chan struct{})}
	if !p.enqueue(own) {
		return nil, errNoPlace
	}
	p.admit()
	timeout := time.NewTimer(maxWait)
	defer timeout.Stop()
	again := time.NewTicker(longFirstRead)
	defer again.Stop()
	for {
		select {
		case <-own.ready:
			if own.refused {
				return nil, errNoPlace
			}
			return own, nil
		case <-again.C:
			p.admit()
		case <-timeout.C:
			p.release(own)
			return nil, errNoPlace
		case <-ctx.Done():
			p.release(own)
			return nil, ctx.Err()
		}
	}
}

// enqueue adds a request to those that wait, unless too many do.
func (p *places) enqueue(own *place) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) >= p.most {
		newestFirst := slices.Clone(p.queue)
		slices.Reverse(newestFirst)
		i := firstOfLargest(newestFirst, (*place).heldBy, own.holder)
		if i < 0 {
			return false
		}
		at := len(p.queue) - 1 - i
		p.queue[at].refused = true
		close(p.queue[at].ready)
		p.queue = slices.Delete(p.queue, at, at+1)
	}
	p.queue = append(p.queue, own)
	return true
}

// admit gives places to those that wait, as long as there are any for them.
func (p *places) admit() {
	var victims []*place
	p.mu.Lock()
	none := make(map[netip.Prefix]bool) // for whom there is no place
	waiting := p.queue
	p.queue = nil
	for _, next := range waiting {
		if len(p.taken) >= p.most {
			i := -1
			if !none[next.holder] {
				i = p.victimFor(next)
			}
			if i < 0 {
				none[next.holder] = true
				p.queue = append(p.queue, next)
				continue
			}
			victims = append(victims, p.taken[i])
			p.taken = slices.Delete(p.taken, i, i+1)
		}
		p.taken = append(p.taken, next)
		close(next.ready)
	}
	p.mu.Unlock()
	for _, v := range victims {
		v.stop()
	}
}

// victimFor returns the index of the place that another one may have; -1 for none. The caller
// holds the lock.
func (p *places) victimFor(next *place) int {
	victim, longest := -1, time.Duration(-1)
	now := time.Now()
	count := countOf(p.taken, (*place).heldBy)
	for i, other := range p.taken {
		firstRead := longRead
		if other.holder == next.holder || count[other.holder] > count[next.holder]+1 {
			firstRead = longFirstRead
		}
		waited, ok := other.hinders(now, firstRead)
		if ok && waited > longest {
			victim, longest = i, waited
		}
	}
	if victim >= 0 {
		return victim
	}
	return firstOfLargest(p.taken, (*place).heldBy, next.holder)
}

// heldBy returns what the place is charged to.
func (own *place) heldBy() netip.Prefix { return own.holder }

// countOf returns how many each holder has.
func countOf[T any](all []T, holder func(T) netip.Prefix) map[netip.Prefix]int {
	count := make(map[netip.Prefix]int)
	for _, one := range all {
		count[holder(one)]++
	}
	return count
}

// firstOfLargest returns the index of the first of the holder that has most, if it has at least two
// more than another one; -1 otherwise.
func firstOfLargest[T any](all []T, holder func(T) netip.Prefix, next netip.Prefix) int {
	count := countOf(all, holder)
	largest, most := -1, count[next]+1
	for i, one := range all {
		if n := count[holder(one)]; n > most {
			largest, most = i, n
		}
	}
	return largest
}

// release gives a place back, or stops waiting for it. It may be called again.
func (p *places) release(own *place) {
	p.mu.Lock()
	is := func(other *place) bool { return other == own }
	p.taken = slices.DeleteFunc(p.taken, is)
	p.queue = slices.DeleteFunc(p.queue, is)
	p.mu.Unlock()
	p.admit()
}
