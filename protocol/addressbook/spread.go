package addressbook

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// Spread has the waits before an address is tried again made longer by up to a quarter, but
// for the first, by a number that no two peers of a swarm share: when a seed comes back, those
// who lost it must not all dial it at the same moment. Zero means no such delay.
func (b *Book) Spread(number uint64) { b.spread = number }

// delay returns the time to add to a wait. It is another one for each address and attempt.
func (b *Book) delay(e *entry, wait time.Duration) time.Duration {
	if b.spread == 0 || wait <= backoff[0] {
		return 0
	}
	text, _ := e.addr.AppendBinary(nil)
	text = binary.BigEndian.AppendUint64(text, b.spread)
	text = binary.BigEndian.AppendUint64(text, uint64(e.failures))
	const parts = 1000
	return wait / 4 * time.Duration(crc32.Checksum(text, castagnoli())%parts) / parts
}
