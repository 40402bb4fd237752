package routing

import (
	"math/rand/v2"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// refreshAfter is how long a bucket may stay as it is.
const refreshAfter = 15 * time.Minute

// Stale returns a random id in the range of the bucket that has changed least recently, if
// that was more than 15 minutes ago: it should be looked up. The bucket counts as changed
// then.
func (t *Table) Stale(now time.Time, random *rand.Rand) (target nodeid.ID, ok bool) {
	oldest := &t.buckets[0]
	index := 0
	for i := range t.buckets {
		b := &t.buckets[i]
		if b.changedAt.Before(oldest.changedAt) {
			oldest, index = b, i
		}
	}
	if now.Sub(oldest.changedAt) < refreshAfter {
		return target, false
	}
	oldest.changedAt = now
	return t.inBucket(index, random), true
}

// inBucket returns a random id that belongs to bucket i.
func (t *Table) inBucket(i int, random *rand.Rand) nodeid.ID {
	id := nodeid.Random(random).WithPrefix(t.self, i)
	if i == len(t.buckets)-1 {
		return id
	}
	if id.Bit(i) == t.self.Bit(i) {
		id = id.Flip(i)
	}
	return id
}

// Questionable returns the node that should be pinged next: of those that are not good, the
// one that has been silent for longest.
func (t *Table) Questionable(now time.Time) (c krpc.Contact, ok bool) {
	var oldest *Node
	for n := range t.All {
		if n.Status(now) != Good && (oldest == nil || n.AnsweredAt.Before(oldest.AnsweredAt)) {
			oldest = n
		}
	}
	if oldest == nil {
		return c, false
	}
	return oldest.Contact, true
}
