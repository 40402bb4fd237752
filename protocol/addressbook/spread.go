package addressbook

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// Spread has the waits before an address is tried again made longer by up to a quarter, by a
// number that no two peers of a swarm share: when a seed comes back, those who lost it must
// not all dial it at the same moment. Zero means no such delay.
func (b *Book) Spread(number uint64) { b.spread = number }

// delay returns the time to add to a wait. It is another one for each address and attempt.
func (b *Book) delay(e *entry, wait time.Duration) time.Duration {
	if b.spread == 0 {
		return 0
	}
	h := fnv.New32a()
	var text [16]byte
	binary.BigEndian.PutUint64(text[:], b.spread)
	binary.BigEndian.PutUint64(text[8:], uint64(e.failures))
	h.Write(text[:])
	addr, _ := e.addr.MarshalBinary()
	h.Write(addr)
	const parts = 1000
	return wait / 4 * time.Duration(h.Sum32()%parts) / parts
}
